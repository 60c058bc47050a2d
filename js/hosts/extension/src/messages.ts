import type { CheckReport, ErrorDetails, Report, Timeline, Whom } from 'ghl-digistore24';
import { word } from './ui/words.js';

/** What a user does about a person. */
export type Action =
  | { kind: 'addTag'; contactId: string; tag: string }
  | { kind: 'note'; contactId: string; body: string }
  | { kind: 'completeTask'; contactId: string; taskId: string; title: string }
  | { kind: 'buyLink'; contactId: string; productId: string; asNote: boolean }
  | { kind: 'stopRebilling'; contactId: string; orderId: string };

/** An error as the pages show it. */
export type Trouble = Pick<ErrorDetails, 'code' | 'message' | 'help'>;

/** An action under way, or one whose end the browser cut off. */
export interface Entry {
  id: string;
  action: Action;
  /** Milliseconds since 1970. */
  startedAt: number;
  /** `started` by this worker; `done` and `interrupted`: found out after the browser had stopped the worker. */
  state: 'started' | 'done' | 'interrupted';
}

/** How an action ended that worked. */
export interface Done {
  /** The link that was made. */
  url?: string;
  /** Why the link could not be kept as a note. */
  noteTrouble?: Trouble;
}

/** Something that can be sold. */
export interface Product {
  id: string;
  name: string;
}

/** What the pages ask the service worker, and what it answers. */
export interface Exchange {
  status: {
    ask: object;
    answer: {
      isSet: boolean;
      wasForgotten: boolean;
      domains: string[];
      locationId: string | null;
      hasDigistore24: boolean;
    };
  };
  timeline: { ask: { whom: Whom }; answer: Timeline };
  products: { ask: object; answer: Product[] };
  act: { ask: { action: Action }; answer: Done };
  /** Actions that ended with the worker, for one contact. */
  journal: { ask: { contactId: string }; answer: Entry[] };
  dismiss: { ask: { id: string }; answer: null };
  check: { ask: object; answer: CheckReport };
  /** A message of Digistore24 as it was sent: checked, and carried out. */
  receive: { ask: { body: string }; answer: { outcome: string; reports: Report[] } };
}

export type Kind = keyof Exchange;
export type Ask<K extends Kind = Kind> = { [Each in K]: { kind: Each } & Exchange[Each]['ask'] }[K];
export type Answer<K extends Kind> = { ok: true; value: Exchange[K]['answer'] } | { ok: false; trouble: Trouble };

/** Asks the service worker. The browser starts it if need be; if it stops it meanwhile, that is an answer, too. */
export async function ask<K extends Kind>(kind: K, what: Exchange[K]['ask']): Promise<Answer<K>> {
  try {
    const answer = (await chrome.runtime.sendMessage({ kind, ...what })) as Answer<K> | undefined;
    if (answer) return answer;
  } catch {
    // "The message port closed before a response was received": as below.
  }
  return {
    ok: false,
    trouble: {
      code: 'outcome_unknown',
      message: word('workerStopped'),
      help: word('workerStoppedHelp'),
    },
  };
}
