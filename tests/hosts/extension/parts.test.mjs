// What needs no browser: whose page an address is, the words, what the manifests ask for.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { manifest } from '../../../js/hosts/extension/manifest.mjs';
import { root } from '../../../scripts/lib/shell.mjs';

const source = join(root, 'js/hosts/extension');
const { code } = await transform(readFileSync(join(source, 'src/address.ts'), 'utf8'), { loader: 'ts' });
const { domainOf, placeOf } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

test('a contact is known by the address of its page, and by no other', () => {
  const place = { locationId: 've9EPM428h8vShlRW1KT', contactId: 'seD4PfOuKoVMLkEZqohJ' };
  const path = `/v2/location/${place.locationId}/contacts/detail/${place.contactId}`;
  for (const tail of ['', '/', '?view=note', '/tasks']) {
    assert.deepEqual(placeOf(`https://app.gohighlevel.com${path}${tail}`), place);
  }
  assert.deepEqual(placeOf(`https://crm.agency.example${path}`, ['crm.agency.example']), place);
  for (const url of [
    undefined,
    '',
    'about:blank',
    `https://crm.agency.example${path}`,
    `http://app.gohighlevel.com${path}`,
    `https://app.gohighlevel.com.evil.example${path}`,
    `https://evil.example/?x=https://app.gohighlevel.com${path}`,
    'https://app.gohighlevel.com/v2/location/ve9EPM428h8vShlRW1KT/contacts/smart_list/All',
    'https://app.gohighlevel.com/v2/location/ve9EPM428h8vShlRW1KT/contacts/detail/',
    'https://app.gohighlevel.com/v2/location/x/contacts/detail/<script>',
  ]) {
    assert.equal(placeOf(url), null, url);
  }
});

test('an agency’s address is taken as people type it', () => {
  for (const typed of ['crm.agency.example', ' https://CRM.agency.example/v2/ ', 'crm.agency.example/']) {
    assert.equal(domainOf(typed), 'crm.agency.example');
  }
  for (const typed of ['', 'localhost', 'two words', 'https://']) assert.equal(domainOf(typed), null, typed);
});

const sources = readdirSync(join(source, 'src'), { recursive: true })
  .filter((name) => /\.(ts|html)$/.test(name))
  .map((name) => readFileSync(join(source, 'src', name), 'utf8'))
  .join('\n');
const words = (language) => JSON.parse(readFileSync(join(source, `_locales/${language}/messages.json`), 'utf8'));

test('every text is there in both languages, and none is left over', () => {
  const [english, german] = [words('en'), words('de')];
  assert.deepEqual(Object.keys(german), Object.keys(english));
  const used = new Set(['name', 'shortName', 'description']);
  for (const [, name] of sources.matchAll(
    /(?:word|getMessage|written)\(\s*'(\w+)'|data-word(?:-label|-hint)?="(\w+)"/g,
  ))
    if (name) used.add(name);
  for (const [, name] of sources.matchAll(/data-word(?:-label|-hint)?="(\w+)"/g)) used.add(name);
  for (const [, one, other] of sources.matchAll(/word\([^()]*?'(\w+)' : '(\w+)'/g)) used.add(one).add(other);
  for (const [, name] of sources.matchAll(/trouble\(\s*'\w+',\s*'(\w+)'/g)) used.add(name).add(`${name}Help`);
  // Made from data: word(`state_${state}`).
  const made = [...sources.matchAll(/word\(`(\w+)_\$\{/g)].map(([, stem]) => `${stem}_`);
  for (const name of used) assert.ok(name in english, `${name} is missing`);
  const left = Object.keys(english).filter((name) => {
    return (
      !used.has(name) &&
      !made.some((stem) => name.startsWith(stem)) &&
      !sources.includes(`'${name.replace(/Help$/, '')}'`)
    );
  });
  assert.deepEqual(left, []);
});

test('the German is German, and values stand in both', () => {
  const [english, german] = [words('en'), words('de')];
  const same = Object.keys(english).filter((name) => english[name].message === german[name].message);
  assert.deepEqual(same.sort(), ['kind_deal', 'searchHint', 'tag', 'test']);
  const values = (text) => [...text.matchAll(/\$\d/g)].map(([value]) => value).sort();
  for (const name of Object.keys(english)) {
    assert.deepEqual(values(german[name].message), values(english[name].message), name);
  }
});

test('it asks for little: no scripts in pages, no eval, one address of HighLevel', () => {
  for (const browser of ['chromium', 'firefox']) {
    const made = manifest(browser, { version: '1.2.3' });
    assert.deepEqual(
      made.permissions.filter((name) => !['storage', 'alarms', 'sidePanel'].includes(name)),
      [],
    );
    assert.equal(made.content_scripts, undefined);
    assert.equal(made.web_accessible_resources, undefined);
    assert.equal(made.host_permissions.length, 3);
    const scripts = /script-src ([^;]*)/.exec(made.content_security_policy.extension_pages)[1];
    assert.equal(scripts, "'self' 'wasm-unsafe-eval'");
  }
  assert.ok(manifest('firefox', { version: '1' }).sidebar_action && manifest('chromium', { version: '1' }).side_panel);
});

test('Mozilla’s own linter finds no fault in the build for Firefox', async () => {
  const linter = createRequire(import.meta.url).resolve('addons-linter/bin/addons-linter');
  const { stdout } = await promisify(execFile)(process.execPath, [
    linter,
    '--output',
    'json',
    join(root, 'dist/extension/firefox'),
  ]);
  const { errors, warnings } = JSON.parse(stdout);
  assert.deepEqual(errors, []);
  // The one for Android, which it isn't made for, and Chromium's panel, which is asked for before it is used.
  const codes = warnings.map(({ code }) => code).sort();
  assert.deepEqual(codes, ['KEY_FIREFOX_ANDROID_UNSUPPORTED_BY_MIN_VERSION', 'UNSUPPORTED_API']);
});
