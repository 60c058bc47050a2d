import { DEFAULT_API_KEY, DEFAULT_LOCATION_ID, DEFAULT_TOKEN, READONLY_API_KEY } from './settings.js';

const ROWS: [string, string][] = [
  ['/ghl', 'HighLevel; the base for paths such as /contacts/'],
  ['/digistore24/api/call/ping', 'Digistore24; the header X-DS-API-KEY carries the key'],
  ['GET /_sandbox/state', 'everything that both services hold, and the trigger recorder'],
  ['GET /_sandbox/requests', 'the requests that they got'],
  ['POST /_sandbox/reset', 'back to the beginning'],
  ['PATCH /_sandbox/settings', 'change settings'],
  ['POST, GET, DELETE /_sandbox/faults', 'arm, list and disarm faults'],
  ['POST /_sandbox/tokens/expire, /_sandbox/apps/revoke', 'end the access tokens of apps, or their authorisations'],
  ['POST /_sandbox/ipn', 'let something happen to an order and send the message about it'],
  [
    'POST /_sandbox/digistore24/etickets',
    'add what Digistore24 has: also deliveries, service-proofs, refund-requests, buyers',
  ],
  ['POST /_sandbox/contacts/merge, /_sandbox/contacts/delete', 'what a person does in HighLevel'],
];

/** The root page: what is here. */
export function page(): string {
  const rows = ROWS.map(([path, text]) => `<tr><td><code>${path}</code></td><td>${text}</td></tr>`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sandbox: HighLevel and Digistore24</title>
<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}td{padding:.2rem 1rem .2rem 0;vertical-align:top}</style>
<h1>Sandbox</h1>
<p>HighLevel and Digistore24, simulated on this machine. Nothing leaves it.</p>
<table>${rows.join('')}</table>
<p>HighLevel token <code>${DEFAULT_TOKEN}</code>, location <code>${DEFAULT_LOCATION_ID}</code>.
Digistore24 keys <code>${DEFAULT_API_KEY}</code> and, read-only, <code>${READONLY_API_KEY}</code>.</p>
</html>
`;
}
