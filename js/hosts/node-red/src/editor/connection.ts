import type { CheckReport, IpnState, Setup } from 'ghl-digistore24';
import { ask, textOf } from './api.js';
import { button } from './picker.js';

const SETTINGS = ['locationId', 'mapping', 'highlevelUrl', 'digistore24Url'];
const SECRETS = ['token', 'apiKey', 'ipnPassphrase', 'workflowToken'];

/** One line of what a button found. */
interface Line {
  ok: boolean;
  name: string;
  text: string;
}

/** The buttons of a connection's dialog, and what they found. */
export function drawConnection(node: { id: string }, addressOf: (id: string, service: string) => string): void {
  const result = $('<ul class="gd-result" aria-live="polite"></ul>');
  const doing = (text: string, work: () => Promise<Line[]>): JQuery => {
    const control = button(text, async () => {
      control.prop('disabled', true);
      result.empty().append($('<li></li>').text('…'));
      const lines = await work().catch((thrown): Line[] => [{ ok: false, name: text, text: textOf(thrown) }]);
      result.empty().append(lines.map(drawn));
      control.prop('disabled', false);
    });
    return control;
  };
  $('#gd-buttons').append(
    doing('Check', async () => {
      const { checks } = await ask<CheckReport>('check', draftOf(node));
      return checks.map(({ name, ok, message, help }) => ({
        name,
        ok,
        text: [message, help].filter(Boolean).join('. '),
      }));
    }),
    doing('Create custom fields', async () => {
      const { created, present, wrongType } = await ask<Setup>('setup', draftOf(node));
      const lines = [
        { ok: true, name: 'Custom fields', text: `${created.length} created, ${present.length} were there` },
      ];
      const wrong = wrongType.map((key) => ({
        ok: false,
        name: key,
        text: 'has another type: delete it, or rename it',
      }));
      return [...lines, ...wrong];
    }),
    doing('Make IPN connection', async () => {
      const url = String($('#gd-ipn-url').val() ?? '');
      const { installed, differences } = await ask<IpnState>('install', { id: node.id, url });
      const text = installed ? `Digistore24 sends to ${url}` : differences.map(({ field }) => field).join(', ');
      return [{ ok: installed, name: 'IPN connection', text }];
    }),
  );
  $('#gd-result').append(result);
  $('#gd-ipn-url').val(addressOf(node.id, 'digistore24'));
}

const drawn = ({ ok, name, text }: Line): JQuery =>
  $('<li></li>')
    .addClass(ok ? 'gd-ok' : 'gd-wrong')
    .append(
      $('<i class="fa"></i>').addClass(ok ? 'fa-check' : 'fa-exclamation-triangle'),
      $('<b></b>').text(` ${name}: `),
      $('<span></span>').text(text),
    );

/** The connection as the dialog has it now. */
function draftOf({ id }: { id: string }) {
  const inputOf = (name: string): [string, string] => [name, String($(`#node-config-input-${name}`).val() ?? '')];
  return {
    id,
    config: Object.fromEntries(SETTINGS.map(inputOf)),
    credentials: Object.fromEntries(SECRETS.map(inputOf)),
  };
}
