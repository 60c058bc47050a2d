import type { NextFunction, Request, Response } from 'express';
import { createPlugin, type JsonObject, type Plugin } from 'ghl-digistore24';
import { loadChoices } from 'ghl-digistore24/form';
import type { NodeAPI } from 'node-red';
import { type Catalog, entryOf, formFor, linesOf } from './catalog.js';
import { type ConnectionConfig, type ConnectionCredentials, optionsOf } from './config.js';
import { connectionOf, TYPES } from './nodes.js';
import { detailsOf, words } from './words.js';

/** Where the dialogs ask, below Node-RED's own root for the editor. */
const ROOT = '/ghl-digistore24';
/** What the editor has in place of a secret that is stored. */
const UNCHANGED = '__PWRD__';

/** A connection as its dialog has it at this moment. */
interface Draft {
  id: string;
  config: Partial<ConnectionConfig>;
  credentials: Record<string, string>;
}

/** What the dialogs ask for: the catalog, the form of an entry, choices, and what a connection can do by a button. */
export function serveDialogs(RED: NodeAPI, catalog: () => Promise<Catalog>): void {
  const read = RED.auth.needsPermission(`${TYPES.action}.read`);
  const write = RED.auth.needsPermission(`${TYPES.connection}.write`);

  RED.httpAdmin.get(
    `${ROOT}/entries/:kind`,
    read,
    answering(async ({ params }) => linesOf(await catalog(), params.kind === 'triggers')),
  );
  RED.httpAdmin.get(
    `${ROOT}/forms/:id`,
    read,
    answering(async ({ params }) => formFor(entryOf(await catalog(), params.id ?? ''))),
  );
  RED.httpAdmin.post(
    `${ROOT}/choices`,
    write,
    answering(async ({ body }) => {
      const { connection, entry, key, values } = body as {
        connection: string;
        entry: string;
        key: string;
        values: JsonObject;
      };
      const { fields } = formFor(entryOf(await catalog(), entry));
      const source = fields.find((field) => field.key === key)?.choices;
      if (!source) return [];
      return loadChoices(await connectionOf(RED, connection).plugin(), source, values);
    }),
  );
  RED.httpAdmin.post(
    `${ROOT}/check`,
    write,
    answering(({ body }) => withDraft(RED, body as Draft, (plugin) => plugin.check())),
  );
  RED.httpAdmin.post(
    `${ROOT}/setup`,
    write,
    answering(({ body }) => withDraft(RED, body as Draft, (plugin) => plugin.setup())),
  );
  RED.httpAdmin.post(
    `${ROOT}/install`,
    write,
    answering(async ({ body }) => {
      const { id, url } = body as { id: string; url: string };
      // Without https it can only be a trial: that gets a connection beside the real one.
      return (await connectionOf(RED, id).plugin()).ipn.install({ url, test: /^http:/i.test(url) });
    }),
  );
}

/** Answers with JSON; what failed in words, with the details beside. */
function answering(work: (request: Request<Record<string, string>>) => Promise<unknown>) {
  return (request: Request<Record<string, string>>, response: Response, _next: NextFunction) => {
    work(request).then(
      (value) => response.json(value),
      (thrown) => {
        const error = detailsOf(thrown);
        response.status(422).json({ error, text: words(error) });
      },
    );
  };
}

/**
 * The plugin of a connection that may not be deployed yet. One that is deployed as it stands has its own; that one knows what lies
 * in its store, too.
 */
async function withDraft<T>(RED: NodeAPI, { id, config, credentials }: Draft, work: (plugin: Plugin) => Promise<T>) {
  const stored = (RED.nodes.getCredentials(id) ?? {}) as ConnectionCredentials;
  const typed = Object.entries(credentials).filter(([, value]) => value !== UNCHANGED);
  const options = optionsOf(RED, config, { ...stored, ...Object.fromEntries(typed) });
  const deployed = deployedAs(RED, id);
  if (deployed && JSON.stringify(deployed.options) === JSON.stringify(options)) return work(await deployed.plugin());
  const plugin = await createPlugin({ ...options, log: () => {} });
  try {
    return await work(plugin);
  } finally {
    await plugin.close();
  }
}

function deployedAs(RED: NodeAPI, id: string) {
  try {
    return connectionOf(RED, id);
  } catch {
    return undefined;
  }
}
