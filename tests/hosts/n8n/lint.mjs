// n8n's linter with the rules that its scanner of community packages takes: on the sources, and on what npm would publish. Comments
// that switch rules off count for nothing there.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import n8n from '@n8n/eslint-plugin-community-nodes';
import parser from '@typescript-eslint/parser';
import { ESLint } from 'eslint';
import base from 'eslint-plugin-n8n-nodes-base';

const config = [
  n8n.configs.recommended,
  { rules: { 'no-console': 'error' } },
  { plugins: { 'n8n-nodes-base': base } },
  { files: ['package.json'], rules: base.configs.community.rules },
  {
    files: ['**/credentials/**/*.ts'],
    // The scanner leaves these out, too: they are not for community nodes, or older than the other plugin's.
    rules: {
      ...base.configs.credentials.rules,
      'n8n-nodes-base/cred-class-field-documentation-url-miscased': 'off',
      'n8n-nodes-base/cred-class-field-type-options-password-missing': 'off',
    },
  },
  {
    files: ['**/nodes/**/*.ts'],
    rules: {
      ...base.configs.nodes.rules,
      'n8n-nodes-base/node-class-description-inputs-wrong-regular-node': 'off',
      'n8n-nodes-base/node-class-description-outputs-wrong': 'off',
      'n8n-nodes-base/node-param-type-options-max-value-present': 'off',
    },
  },
  { files: ['**/*.json', '**/*.ts'], languageOptions: { parser } },
];

/** What the linter says of the files under a folder, a line each. */
export async function lint(cwd, patterns) {
  const eslint = new ESLint({ cwd, allowInlineConfig: false, overrideConfigFile: true, overrideConfig: config });
  const results = await eslint.lintFiles(patterns);
  return results.flatMap(({ filePath, messages }) =>
    messages
      .filter(({ severity }) => severity === 2)
      .map(({ line, ruleId, message }) => `${filePath.slice(cwd.length + 1)}:${line} ${ruleId}: ${message}`),
  );
}

/** The sources of one package with its manifest above, as its repository has them. */
export function sourcesOf(t, { folder, manifest }) {
  const staged = mkdtempSync(join(tmpdir(), 'n8n-sources-'));
  t.after(() => rmSync(staged, { recursive: true, force: true }));
  cpSync(join(folder, 'package.json'), join(staged, 'package.json'));
  cpSync(join(sources, 'icons'), join(staged, 'icons'), { recursive: true });
  for (const file of [...manifest.n8n.nodes, ...manifest.n8n.credentials]) {
    const source = file.replace(/^dist\//, '').replace(/\.js$/, '.ts');
    cpSync(join(sources, source), join(staged, source));
  }
  return staged;
}

const sources = fileURLToPath(new URL('../../../js/hosts/n8n/src', import.meta.url));
