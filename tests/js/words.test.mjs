// Words for people: what the entries of the tier core say in English, and that German says all of it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { formOf } from '../../pkg/dist/src/form.js';
import { createPlugin } from '../../pkg/dist/src/index.js';
import { de } from '../../pkg/dist/src/words/de.js';
import { translate } from '../../pkg/dist/src/words.js';

const plugin = await createPlugin({ log: () => {} });
after(() => plugin.close());
const all = plugin.catalog.list();
const core = all.filter(({ tier }) => tier === 'core');

/** Every schema in a schema, with the name of its field; whichever keyword it lies under. */
function* schemasIn(schema, name = '') {
  if (typeof schema !== 'object' || schema === null) return;
  yield { schema, name };
  for (const key of ['properties', '$defs'])
    for (const [own, one] of Object.entries(schema[key] ?? {})) yield* schemasIn(one, own);
  for (const key of ['items', 'additionalProperties']) yield* schemasIn(schema[key], name);
  for (const one of schema.anyOf ?? []) yield* schemasIn(one, name);
}

function* fieldsIn(fields, path = '') {
  for (const field of fields) {
    yield { field, path: `${path}.${field.name}` };
    yield* fieldsIn([...(field.fields ?? []), ...(field.item?.fields ?? [])], `${path}.${field.name}`);
  }
}

/** What the core says, by the part of the words that it is in: text -> where it stands. */
const said = { resources: {}, titles: {}, descriptions: {}, fields: {}, help: {} };
const values = new Set();
for (const entry of core) {
  said.resources[entry.resourceTitle] ??= entry.id;
  said.titles[entry.title] ??= entry.id;
  if (entry.description !== entry.title) said.descriptions[entry.description] ??= entry.id;
  for (const { schema, name } of schemasIn(entry.input)) {
    if (schema.title) said.fields[schema.title] ??= `${entry.id} ${name}`;
    if (schema.description) said.help[schema.description] ??= `${entry.id} ${name}`;
    for (const value of schema.enum ?? []) if (value !== null) values.add(String(value));
  }
}
const parts = Object.keys(said);

test('the core has what a builder lists first', () => {
  assert.ok(core.length >= 126, `${core.length}`);
  const business = core.filter(({ service }) => service === 'bridge').map(({ title }) => title);
  for (const title of ['New sale', 'Payment failed', 'Refund', 'Find or create contact', 'Add tag', 'Create buy link'])
    assert.ok(business.includes(title), title);
});

/** Names that keep their capitals. */
const names =
  /^(?:HighLevel|Digistore24|Google|Facebook|Business|WhatsApp|JavaScript|CSS|HTML|API|IDs?|URLs?|UTM|VAT|SMS|BCC|CC|IPN|English|German|French|Spanish|Italian|Dutch|Polish|Portuguese|Slovenian)\b/;

test('titles are short, in sentence case and in words', () => {
  const titles = ['resources', 'titles', 'fields'].flatMap((part) => Object.keys(said[part]));
  const wrong = titles.filter((title) => {
    const words = title.split(/[\s(,]+/);
    const capitals = words.slice(1).filter((word) => /^[A-Z]/.test(word) && !names.test(word));
    const codes = words.filter((word) => /_|[a-z][A-Z]/.test(word) && !names.test(word));
    return title.length > 60 || !/^[A-Z]/.test(title) || /[.!]$/.test(title) || capitals.length || codes.length;
  });
  assert.deepEqual(wrong, []);
});

/** What only people who program or read specifications say. */
const jargon =
  /\b(?:endpoints?|payload|boolean|string|regex|stringified|serializ\w+|query param\w*|on the wire|specification|OAS|OpenAPI|changeKey|hash(?:es)?|idempoten\w+|GHL|DS24|refer to|please note)\b/i;

test('texts are sentences about what people know', () => {
  for (const part of ['descriptions', 'help']) {
    const wrong = Object.keys(said[part]).filter((text) => {
      const plain = text.replace(/`[^`]*`/g, '');
      const codes = part === 'descriptions' && /[a-z]_[a-z]|[a-z]\.[a-z]|\b[a-z]+[A-Z]/.test(plain);
      return jargon.test(plain) || codes || !/[.…?]$/.test(text);
    });
    assert.deepEqual(wrong, [], part);
  }
});

test('every field that must be filled in says what belongs there', () => {
  const bare = core.flatMap((entry) =>
    [...fieldsIn(formOf(entry))]
      .filter(({ field }) => field.required && !field.help)
      .map(({ path }) => entry.id + path),
  );
  assert.deepEqual(bare, []);
});

test('choices read like words', () => {
  const options = core.flatMap((entry) =>
    [...fieldsIn(formOf(entry))].flatMap(({ field }) => (field.item ?? field).options ?? []),
  );
  const wrong = options.filter(({ title }) => title && !/^[.\d]|^[A-Z]{2,6}$|^[a-z]{2}$|^[A-Z][^_]*$/.test(title));
  assert.deepEqual(wrong, []);
  const titleOf = (wanted) => options.find(({ value }) => value === wanted)?.title;
  assert.deepEqual(['noshow', 'in_progress', 'TYPE_LIVE_CHAT', 'new', 'elv'].map(titleOf), [
    'Did not show up',
    'In progress',
    'Live chat',
    'New',
    'Direct debit',
  ]);
});

test('every business-level entry says more than its title', () => {
  const business = core.filter(({ service }) => service === 'bridge');
  const short = business.filter(
    ({ title, description }) => description.split(' ').length < title.split(' ').length + 3,
  );
  assert.deepEqual(
    short.map(({ id }) => id),
    [],
  );
});

test('nobody real stands in a sample', () => {
  const addresses = JSON.stringify(core.map(({ sample }) => sample)).match(/[\w.+-]+@[\w.-]+\w/g);
  const foreign = addresses.filter(
    (one) =>
      !/@(?:[\w-]+\.)*(?:example\.(?:com|org|net|de)|[\w-]+\.(?:example|test|invalid))$|@example\.\w+$/.test(one),
  );
  assert.deepEqual([...new Set(foreign)], []);
});

test('German has all words of the core, and no others', () => {
  for (const part of parts) {
    const missing = Object.keys(said[part]).filter((text) => !de[part][text]);
    assert.deepEqual(missing, [], `${part} without German`);
    const orphans = Object.keys(de[part]).filter(
      (text) => !(text.split('@')[0] in said[part]) && !(text in said[part]),
    );
    assert.deepEqual(orphans, [], `${part} that the catalog doesn't say`);
  }
  assert.deepEqual(
    Object.keys(de.options).filter((value) => !values.has(value)),
    [],
    'options that no field has',
  );
  // What has no words reads the same in both: codes, endings, names of protocols.
  const untold = [...values].filter(
    (value) => !de.options[value] && !/^\.|^\d*$|^[A-Z]{2,6}$|^(SMS|Facebook|Instagram)$/.test(value),
  );
  assert.deepEqual(untold, []);
});

/** Words that German has from English, or both from elsewhere. */
// biome-ignore format: a list
const shared = [
  'Add-ons', 'Affiliate', 'Affiliates', 'BCC', 'CC', 'Code', 'Cursor', 'Filter', 'HTML', 'ID', 'Layout', 'Name',
  'Newsletter', 'Operation', 'Passphrase', 'Pipeline', 'Position', 'Rebilling', 'SMS', 'Status', 'System', 'Tag',
  'Tags', 'Text', 'Tracking', 'URL', 'Upgrade', 'Upgrades', 'Upsells', 'Vibration', 'Website', 'WhatsApp', 'Workflow', 'Workflows',
];

test('English is copied only where German has the same word', () => {
  const copied = parts.flatMap((part) => Object.keys(de[part]).filter((english) => de[part][english] === english));
  assert.deepEqual([...new Set(copied)].sort(), shared);
});

/** "du" and "Sie": an interface addresses nobody. "Sie" may begin a sentence, where it means a thing. */
const address = /\b(?:du|dein\w*|dir|dich)\b|\b(?:Ihr|Ihre[nmrs]?|Ihnen)\b|[\wäöüß,] Sie\b/;

test('German is German, in sentences, addresses nobody and fits its place', () => {
  for (const part of parts) {
    const wrong = Object.entries(de[part]).filter(([english, german]) => {
      const plain = german.replace(/`[^`]*`|„Billing on demand“/g, '');
      const isText = part === 'descriptions' || part === 'help';
      return (
        /\b(?:the|and|with|from|your|which|this|of|is|are)\b/i.test(plain) ||
        address.test(german) ||
        (isText ? !/[.…?]$/.test(german) : german.length > 60) ||
        german.length > english.length * 2 + 30
      );
    });
    assert.deepEqual(wrong, [], part);
  }
});

/** What a text names between quotation marks. */
const quoted = (text, pattern) => Array.from(text.matchAll(pattern), ([, name]) => name);
/** Quoted, but no title: words of their own. */
const sayings = new Set(['or', 'Billing on demand', 'Call about the missed payment']);

test('an entry or field that a text names exists, under the same name in German', () => {
  for (const part of ['descriptions', 'help'])
    for (const [english, where] of Object.entries(said[part])) {
      const named = quoted(english, /"([^"]+)"/g).filter((name) => !sayings.has(name));
      for (const name of named) {
        assert.ok(name in said.titles || name in said.fields, `${where}: there is no "${name}"`);
        const translated = [de.titles[name], de.fields[name]].filter(Boolean);
        const german = quoted(de[part][english], /„([^“]+)“/g);
        assert.ok(
          translated.some((one) => german.includes(one)),
          `${de[part][english]}: has no „${translated.join('“ or „')}“`,
        );
      }
    }
});

test('what a text shows as code is the same in German', () => {
  for (const part of ['descriptions', 'help'])
    for (const english of Object.keys(said[part]))
      assert.deepEqual(quoted(de[part][english], /`([^`]+)`/g).sort(), quoted(english, /`([^`]+)`/g).sort(), english);
});

test('translate gives the entry in German, calls it as before and changes nothing of what it got', () => {
  const entry = all.find(({ id }) => id === 'bridge.bookAppointment');
  const before = structuredClone(entry);
  const german = translate(entry, de);
  assert.deepEqual(entry, before);
  assert.equal(german.title, 'Termin buchen');
  assert.equal(german.resourceTitle, 'Aktionen');
  assert.match(german.description, /^Bucht für einen Kontakt/);
  const { title, description, resourceTitle, input, ...rest } = german;
  const { title: t, description: d, resourceTitle: r, input: i, ...restBefore } = entry;
  assert.deepEqual(rest, restBefore);
  const fields = new Map(formOf(german).map((field) => [field.name, field]));
  assert.deepEqual(
    [...fields.keys()],
    formOf(entry).map(({ name }) => name),
  );
  assert.equal(fields.get('calendar').title, 'Kalender');
  assert.deepEqual(fields.get('calendar').choices, formOf(entry).find(({ name }) => name === 'calendar').choices);
  assert.deepEqual(
    fields.get('status').options.find(({ value }) => value === 'noshow'),
    { value: 'noshow', title: 'Nicht erschienen' },
  );
});

test('a word that means two things follows its field', () => {
  const words = { ...de, fields: { State: 'Bundesland', 'State@type': 'Status' } };
  const input = { type: 'object', properties: { state: { title: 'State' }, type: { title: 'State' } } };
  assert.deepEqual(
    formOf(translate({ input }, words)).map(({ title }) => title),
    ['Bundesland', 'Status'],
  );
});

test('what has no words stays English; a brief entry can be translated, too', () => {
  const [brief] = plugin.catalog.list({ id: 'bridge.addTag', brief: true });
  assert.equal(translate(brief, de).title, 'Tag hinzufügen');
  assert.ok(!('input' in translate(brief, de)));
  const other = all.find(({ tier }) => tier === 'all');
  assert.equal(translate(other, { ...de, titles: {}, descriptions: {} }).title, other.title);
});
