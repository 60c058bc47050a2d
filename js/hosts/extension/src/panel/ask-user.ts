import type { Product } from '../messages.js';
import { el } from '../ui/dom.js';
import { word } from '../ui/words.js';

/** Shows a dialog with these fields; gives what was typed, or null where it was closed. Focus and Escape are the browser's. */
function dialog<T>(
  title: string,
  fields: HTMLElement[],
  submit: { text: string; isDanger?: boolean },
  read: () => T,
): Promise<T | null> {
  return new Promise((resolve) => {
    let answer: T | null = null;
    const box = el(
      'dialog',
      { 'aria-label': title },
      el(
        'form',
        {
          onsubmit: (event: SubmitEvent) => {
            event.preventDefault();
            answer = read();
            box.close();
          },
        },
        el('h1', { className: 'ask' }, title),
        fields,
        el(
          'div',
          { className: 'buttons' },
          el('button', { type: 'submit', className: submit.isDanger ? 'danger' : 'main' }, submit.text),
          el('button', { type: 'button', onclick: () => box.close() }, word('cancel')),
        ),
      ),
    );
    box.addEventListener('close', () => {
      box.remove();
      resolve(answer);
    });
    document.body.append(box);
    box.showModal();
  });
}

/** A tag. */
export function askTag(known: string[]): Promise<string | null> {
  const list = el(
    'datalist',
    { id: 'known-tags' },
    known.map((tag) => el('option', { value: tag })),
  );
  const input = el('input', { id: 'tag', required: true, maxLength: 100, autocomplete: 'off' });
  input.setAttribute('list', 'known-tags');
  const fields = [
    el('label', { htmlFor: 'tag' }, word('tag')),
    input,
    list,
    el('p', { className: 'help' }, word('tagHelp')),
  ];
  return dialog(word('addTag'), fields, { text: word('add') }, () => input.value);
}

/** A note. */
export function askNote(text = ''): Promise<string | null> {
  const input = el('textarea', { id: 'note', required: true, maxLength: 5000, value: text });
  return dialog(
    word('addNote'),
    [el('label', { htmlFor: 'note' }, word('note')), input],
    { text: word('add') },
    () => input.value,
  );
}

/** A product, and whether the link is to be kept on the contact. */
export function askProduct(products: Product[]): Promise<{ productId: string; asNote: boolean } | null> {
  const select = el(
    'select',
    { id: 'product', required: true },
    products.map(({ id, name }) => el('option', { value: id }, name)),
  );
  const asNote = el('input', { type: 'checkbox', checked: true });
  const fields = [
    el('label', { htmlFor: 'product' }, word('product')),
    select,
    el('label', { className: 'row' }, asNote, word('linkAsNote')),
    el('p', { className: 'help' }, word('buyLinkHelp')),
  ];
  return dialog(word('buyLink'), fields, { text: word('make') }, () => ({
    productId: select.value,
    asNote: asNote.checked,
  }));
}

/** Whether something that can't be taken back is really meant. */
export async function confirmed(title: string, text: string, submit: string): Promise<boolean> {
  const answer = await dialog(title, [el('p', {}, text)], { text: submit, isDanger: true }, () => true);
  return answer === true;
}
