import { ask, type Line, textOf } from './api.js';

const SERVICES = { bridge: 'Ready-made', ghl: 'HighLevel', digistore24: 'Digistore24' } as const;
/** More is not drawn: who searches types another word. */
const SHOWN = 60;

/** What a picker needs. */
export interface PickerOptions {
  kind: 'actions' | 'triggers';
  /** What is chosen at the beginning. */
  chosen: string;
  /** A first line for what is no entry of the catalog. */
  first?: Pick<Line, 'id' | 'title' | 'description'>;
  onChoose(id: string): void;
}

/** A search box over the catalog with its hits below; what is chosen folds it up. */
export function drawPicker(root: JQuery, { kind, chosen, first, onChoose }: PickerOptions): void {
  const search = $('<input type="text" autocomplete="off" spellcheck="false">')
    .attr(
      'placeholder',
      `Search ${kind}, such as ${kind === 'actions' ? '“add tag” or “refund”' : '“new sale” or “appointment”'}`,
    )
    .attr('aria-label', `Search ${kind}`);
  const hits = $('<div class="gd-hits" role="listbox"></div>');
  const choice = $('<div class="gd-choice"></div>');
  const box = $('<div></div>').append(search, hits);
  root.append(choice, box);

  ask<Line[]>(`entries/${kind}`).then(
    (lines) => {
      const all = first
        ? [{ ...first, service: 'bridge' as const, tier: 'core' as const, resourceTitle: '' }, ...lines]
        : lines;
      const choose = (line: Line) => {
        fold(line);
        onChoose(line.id);
      };
      const fold = (line: Line) => {
        choice.empty().append(lineOf(line), button('change', unfold)).show();
        box.hide();
      };
      const unfold = () => {
        choice.hide();
        box.show();
        draw();
        search.trigger('focus');
      };
      const draw = () => {
        const found = matching(all, String(search.val() ?? ''));
        hits.empty().append(found.slice(0, SHOWN).map((line) => hitOf(line, choose)));
        const rest = found.length - SHOWN;
        if (rest > 0) hits.append($('<div class="gd-more"></div>').text(`${rest} more: type another word`));
        if (found.length === 0) hits.append($('<div class="gd-more"></div>').text('Nothing has all these words'));
      };
      search.on('input', draw).on('keydown', (event) => {
        if (event.key !== 'Enter') return;
        event.preventDefault();
        hits.children('.gd-hit').first().trigger('click');
      });
      const line = all.find(({ id }) => id === chosen);
      if (line && (chosen !== '' || first)) fold(line);
      else unfold();
    },
    (thrown) => root.append($('<div class="gd-wrong"></div>').text(textOf(thrown))),
  );
}

/** Each of the words must be somewhere; words of the title count most. */
function matching(lines: Line[], text: string): Line[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return lines;
  const scored = lines.flatMap((line, i) => {
    const title = line.title.toLowerCase();
    const all = `${title} ${line.id} ${line.resourceTitle} ${line.description}`.toLowerCase();
    if (!words.every((word) => all.includes(word))) return [];
    const inTitle = words.filter((word) => title.includes(word)).length;
    return [{ line, rank: i - (inTitle === words.length ? 1e6 : 0) - (title.startsWith(words.join(' ')) ? 1e6 : 0) }];
  });
  return scored.sort((a, b) => a.rank - b.rank).map(({ line }) => line);
}

function hitOf(line: Line, choose: (line: Line) => void): JQuery {
  return lineOf(line)
    .addClass('gd-hit')
    .attr({ role: 'option', tabindex: '0', 'data-id': line.id })
    .on('click', () => choose(line))
    .on('keydown', ({ key }) => {
      if (key === 'Enter') choose(line);
    });
}

function lineOf({ service, resourceTitle, title, description }: Line): JQuery {
  const where = [SERVICES[service], service === 'bridge' ? '' : resourceTitle].filter(Boolean).join(' · ');
  return $('<div class="gd-line"></div>').append(
    $('<div class="gd-title"></div>').append($('<span></span>').text(title), $('<small></small>').text(where)),
    $('<div class="gd-help"></div>').text(description === title ? '' : description),
  );
}

/** A small button with words. */
export function button(text: string, onClick: () => void): JQuery {
  return $('<button type="button" class="red-ui-button red-ui-button-small"></button>').text(text).on('click', onClick);
}
