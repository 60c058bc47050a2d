import { type Action, createPiece, type Piece, type Trigger } from '@activepieces/pieces-framework';
import logo from '../logo.svg';
import { actionOf, anyOperation } from './actions.js';
import { auth } from './auth.js';
import type { Entry } from './entry.js';
import { ipnTrigger } from './ipn.js';
import { pollingTrigger } from './polling.js';
import { workflowTrigger } from './workflow.js';

/** The business level first, then in the order of the catalog. */
const byLevel = (a: Entry, b: Entry) => Number(b.service === 'bridge') - Number(a.service === 'bridge');

/** The piece for these entries of the catalog: a new one appears without a line here. */
export function pieceOf(entries: readonly Entry[]): Piece<typeof auth> {
  const ordered = [...entries].sort(byLevel);
  const actions: Action[] = ordered.filter(({ kind }) => kind !== 'trigger').map(actionOf);
  return createPiece({
    displayName: 'HighLevel + Digistore24',
    description:
      'Sales, renewals, missed payments and refunds of Digistore24 in HighLevel (GoHighLevel); every operation of both.',
    logoUrl: logo,
    authors: [],
    auth,
    actions: [...actions, anyOperation],
    triggers: [...anyEvents(ordered), ...ordered]
      .filter(({ kind }) => kind === 'trigger')
      .flatMap((entry) => triggerOf(entry, ordered)),
  });
}

/** For flows that hand on whatever comes, such as to the sync: a trigger for each service's webhooks. */
function anyEvents(entries: readonly Entry[]): Entry[] {
  return (['ipn', 'workflow-webhook'] as const).flatMap((way) => {
    const like = entries.find(({ arrives }) => arrives?.includes(way) && arrives.includes('polling'));
    const service = way === 'ipn' ? 'digistore24' : 'ghl';
    const title = way === 'ipn' ? 'Any message' : 'Any event of a workflow';
    const description =
      way === 'ipn'
        ? 'Every message of Digistore24: sales, renewals, missed payments, refunds and all others.'
        : 'Whatever a workflow’s action "Webhook" sends.';
    return like
      ? [
          {
            ...like,
            id: `${service}.any`,
            service,
            title,
            description,
            arrives: [way],
            sources: [],
            input: {},
            any: true,
          },
        ]
      : [];
  });
}

/** None for events that only an app of HighLevel's marketplace gets: a connection with a token never sees them. */
function triggerOf(entry: Entry, entries: readonly Entry[]): Trigger[] {
  const { arrives = [] } = entry;
  if (arrives.includes('ipn')) return [ipnTrigger(entry, entries)];
  if (arrives.includes('workflow-webhook')) return [workflowTrigger(entry, entries)];
  return arrives.includes('polling') ? [pollingTrigger(entry, entries)] : [];
}
