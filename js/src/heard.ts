import type { HighLevelEvent, HighLevelEventOf, HighLevelWord } from './protocol.js';

/** Whether an event of HighLevel is this one; then what its `data` may hold is known: `isEvent(event, 'TaskComplete')`. */
export function isEvent<Word extends HighLevelWord>(
  event: HighLevelEvent,
  word: Word,
): event is HighLevelEventOf<Word> {
  return event.event === word;
}
