// What docs/hosts/node.md shows to copy is what the program takes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SETTINGS } from '../../pkg/dist/src/settings.js';
import { program } from './service-support.mjs';
import { temporaryFolder } from './support.mjs';

const page = readFileSync(new URL('../../docs/hosts/node.md', import.meta.url), 'utf8');
const block = (language) => new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)[1];
const help = execFileSync(process.execPath, [program, 'serve', '--help'], { encoding: 'utf8' });

/** The words behind `serve` are flags of it, each with its value. */
function checkServe(words) {
  assert.equal(words[0], 'serve');
  for (const flag of words.filter((word) => word.startsWith('--'))) assert.match(help, new RegExp(`${flag}\\b`));
}

const isSetting = (name) => assert.ok(Object.hasOwn(SETTINGS, name), name);

test('the unit for systemd', (t) => {
  const unit = block('ini');
  const values = (name) => Array.from(unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm')), ([, value]) => value);
  const [start] = values('ExecStart');
  checkServe(start.split(' ').slice(1));
  for (const setting of values('Environment')) isSetting(setting.split('=')[0]);
  for (const [, name] of unit.matchAll(/file:%d\/(\w+)/g))
    assert.match(unit, new RegExp(`^LoadCredential=${name}:`, 'm'));
  if (!existsSync('/usr/bin/systemd-analyze')) return t.diagnostic('without systemd-analyze');
  const file = join(temporaryFolder(t), 'ghl-digistore24.service');
  writeFileSync(file, unit.replace(start.split(' ')[0], '/bin/true'));
  const out = execFileSync('sh', ['-c', `systemd-analyze verify --man=no ${file} 2>&1 || true`], { encoding: 'utf8' });
  const ours = out.split('\n').filter((line) => line.includes('ghl-digistore24.service'));
  assert.deepEqual(ours, []);
});

test('the container file', () => {
  const lines = block('dockerfile').trim().split('\n');
  const known = ['FROM', 'RUN', 'USER', 'WORKDIR', 'ENV', 'VOLUME', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD'];
  for (const line of lines) assert.ok(known.includes(line.split(' ')[0]), line);
  const of = (name) =>
    lines
      .find((line) => line.startsWith(name))
      .slice(name.length)
      .trim();
  checkServe(JSON.parse(of('CMD')));
  isSetting(of('ENV').split('=')[0]);
  const [interpreter, flag, code] = JSON.parse(of('HEALTHCHECK').replace(/^.*?CMD /, ''));
  assert.deepEqual([interpreter, flag], ['node', '-e']);
  assert.throws(() => execFileSync(process.execPath, [flag, code.replace('8024', '9')], { stdio: 'ignore' }), {
    status: 1,
  });
});

test('the flags of the table', () => {
  const table = page.match(/^\| `--.*$/gm).flatMap((row) => row.match(/--[a-z-]+(?=[` ])/g));
  assert.ok(table.length >= 4);
  for (const flag of table) assert.match(help, new RegExp(`${flag}\\b`));
});
