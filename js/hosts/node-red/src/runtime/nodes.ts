import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CatalogEntry,
  type HighLevelEvent,
  type Json,
  type JsonObject,
  type LogLine,
  PluginError,
  type Report,
} from 'ghl-digistore24';
import { formOf, inputOf } from 'ghl-digistore24/form';
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import { type Catalog, entryOf, formFor } from './catalog.js';
import { type ConnectionConfig, type ConnectionCredentials, CREDENTIALS, optionsOf } from './config.js';
import { Connection, type Listener, type Webhook } from './connection.js';
import type { Flows } from './flows.js';
import { type TypedValues, valuesOf } from './typed.js';
import { detailsOf, misconfigured, nodeError } from './words.js';

/** The types of the nodes. */
export const TYPES = {
  connection: 'ghl-digistore24-connection',
  action: 'ghl-digistore24-action',
  trigger: 'ghl-digistore24-trigger',
  sync: 'ghl-digistore24-sync',
} as const;

/** A connection's node. */
export interface ConnectionNode extends Node<ConnectionCredentials> {
  /** Throws `misconfigured` where its settings can't be read. */
  connection(): Connection;
}

interface UserDef extends NodeDef {
  connection: string;
}

interface ActionDef extends UserDef {
  operation: string;
  fields?: TypedValues;
  /** Of a list: how many items from all its pages; empty for one page as the service gives it. */
  limit?: string;
}

interface TriggerDef extends UserDef {
  /** Empty: every event that comes by a webhook. */
  trigger: string;
  fields?: TypedValues;
  /** Minutes between two looks into a list. */
  minutes?: string;
}

const FOLDER = 'ghl-digistore24';
const MINUTE_MS = 60_000;
/** Often enough for people, and a small part of the rate. Minutes. */
const USUAL_MINUTES = 5;

/** Registers the four types. */
export function registerNodes(RED: NodeAPI, catalog: () => Promise<Catalog>, flows: Flows): void {
  RED.nodes.registerType<ConnectionNode, ConnectionConfig, object, ConnectionCredentials>(
    TYPES.connection,
    function (this: ConnectionNode, config: ConnectionConfig) {
      RED.nodes.createNode(this, config);
      startConnection(RED, this, config, flows);
    },
    { credentials: CREDENTIALS },
  );
  RED.nodes.registerType(TYPES.action, function (this: Node, config: ActionDef) {
    RED.nodes.createNode(this, config);
    startAction(RED, this, config, catalog);
  });
  RED.nodes.registerType(TYPES.trigger, function (this: Node, config: TriggerDef) {
    RED.nodes.createNode(this, config);
    startTrigger(RED, this, config, catalog, flows);
  });
  RED.nodes.registerType(TYPES.sync, function (this: Node, config: UserDef) {
    RED.nodes.createNode(this, config);
    startSync(RED, this, config, flows);
  });
}

function startConnection(RED: NodeAPI, node: ConnectionNode, config: ConnectionConfig, flows: Flows): void {
  let connection: Connection | undefined;
  const { userDir = '.' } = RED.settings;
  node.connection = () => {
    connection ??= new Connection(
      optionsOf(RED, config, node.credentials ?? {}),
      join(userDir, FOLDER),
      node.id,
      logTo(node),
    );
    return connection;
  };
  // Who was paused in a deploy and isn't back by its end doesn't come back.
  const forget = flows.onStarted(() => connection?.settle());
  node.on('close', (done: () => void) => {
    forget();
    (connection?.close() ?? Promise.resolve()).then(done, done);
  });
}

function logTo(node: Node): (line: LogLine) => void {
  return ({ level, message, fields: { problem, help, code } }) => {
    const text = [message, problem, help].filter(Boolean).join(': ') + (code ? ` (${code})` : '');
    if (level === 'error') node.error(text);
    else if (level === 'warn') node.warn(text);
    else node.debug(text);
  };
}

/** The connection that a node uses. */
export function connectionOf(RED: NodeAPI, id: string): Connection {
  const node = RED.nodes.getNode(id) as ConnectionNode | null;
  if (node && typeof node.connection === 'function') return node.connection();
  throw misconfigured('the node has no connection', 'Open it and choose one; deploy a new connection first.');
}

/** What a node shows and tells when something failed. */
function fail(node: Node, thrown: unknown): Error {
  const { code, message } = detailsOf(thrown);
  node.status({ fill: 'red', shape: 'ring', text: short(`${code}: ${message}`) });
  return nodeError(thrown);
}

/** What failed without a message: a Catch node gets it only with one, and when it is there itself. */
function report(flows: Flows, node: Node, thrown: unknown): void {
  const error = fail(node, thrown);
  flows.whenRunning(() => node.error(error, {} as NodeMessage));
}

const LONGEST_STATUS = 60;
const short = (text: string) => (text.length > LONGEST_STATUS ? `${text.slice(0, LONGEST_STATUS - 1)}…` : text);

function startAction(RED: NodeAPI, node: Node, config: ActionDef, catalog: () => Promise<Catalog>): void {
  let running = 0;
  node.on('input', async (msg, send, done) => {
    running += 1;
    try {
      const connection = connectionOf(RED, config.connection);
      const entry = entryOf(await catalog(), config.operation);
      const { fields, isList } = formFor(entry);
      node.status({ fill: 'blue', shape: 'dot', text: short(entry.title) });
      const input = inputOf(formOf(entry), await valuesOf(RED, node, fields, config.fields ?? {}, msg));
      const result = await call(connection, entry.id, input, isList ? config.limit : undefined);
      running -= 1;
      if (running === 0) node.status({});
      send({ ...msg, payload: result });
      done();
    } catch (thrown) {
      running -= 1;
      done(fail(node, thrown));
    }
  });
}

async function call(connection: Connection, id: string, input: JsonObject, limit: string | undefined) {
  const plugin = await connection.plugin();
  const { signal } = connection;
  if (!limit) return plugin.run(id, input, { signal });
  const items: unknown[] = [];
  for await (const item of plugin.list(id, input, { limit: Number(limit), signal })) items.push(item);
  return items;
}

function startTrigger(
  RED: NodeAPI,
  node: Node,
  config: TriggerDef,
  catalog: () => Promise<Catalog>,
  flows: Flows,
): void {
  const stopping = new AbortController();
  let connection: Connection;
  try {
    connection = connectionOf(RED, config.connection);
  } catch (thrown) {
    report(flows, node, thrown);
    return;
  }
  const failed = (thrown: unknown) => {
    if (!stopping.signal.aborted) report(flows, node, thrown);
  };
  const wanted = read();
  const listener: Listener = {
    id: node.id,
    failed,
    async select(webhook) {
      // Set wrongly it has told so at its start; that must not hold up the others.
      const what = await wanted.catch(() => undefined);
      return what ? selected(webhook, what.entry?.id, what.input) : [];
    },
    send(event) {
      node.status({ fill: 'green', shape: 'dot', text: short(`${event.event ?? 'event'} · ${clockTime()}`) });
      node.send({ payload: event, topic: config.trigger || event.triggers[0] } as NodeMessage);
    },
  };
  // Before the flows are told to be started: no webhook may come in between.
  connection.listen(listener);
  const running = begin().catch(failed);

  /** What the dialog says. */
  async function read(): Promise<{ entry: CatalogEntry | undefined; input: JsonObject }> {
    if (!config.trigger) return { entry: undefined, input: {} };
    const entry = entryOf(await catalog(), config.trigger);
    const values = await valuesOf(RED, node, formFor(entry).fields, config.fields ?? {}, {} as NodeMessage);
    return { entry, input: inputOf(formOf(entry), values) };
  }

  async function begin(): Promise<void> {
    const { entry, input } = await wanted;
    node.status({ fill: 'green', shape: 'ring', text: 'listening' });
    if (entry?.arrives?.length === 1 && entry.arrives[0] === 'polling') await poll(entry.id, input);
  }

  /** Looks into the list at once, and then again and again. */
  async function poll(trigger: string, input: JsonObject): Promise<void> {
    const minutes = Number(config.minutes || USUAL_MINUTES);
    const { signal } = stopping;
    while (!signal.aborted) {
      try {
        const plugin = await connection.plugin();
        const cursor = await (await connection.outbox(node.id)).cursor(trigger);
        const polled = await plugin.poll(trigger, cursor, { input, signal });
        await connection.take(listener, polled.events, { trigger, cursor: polled.cursor });
        node.status({ fill: 'green', shape: 'ring', text: `looked at ${clockTime()}` });
        if (!polled.done) continue;
      } catch (thrown) {
        failed(thrown);
      }
      await sleep(minutes * MINUTE_MS, undefined, { signal }).catch(() => {});
    }
  }

  node.on('close', (removed: boolean, done: () => void) => {
    stopping.abort();
    const ended = removed ? connection.forget(node.id) : connection.pause(node.id);
    Promise.allSettled([running, ended]).then(() => done());
  });
}

/** What of a webhook fires the trigger; without one all of it. */
function selected(webhook: Webhook, trigger: string | undefined, input: JsonObject) {
  if (webhook.service === 'ghl') {
    const { event } = webhook;
    return trigger === undefined || event.triggers.includes(trigger) ? [event] : [];
  }
  if (trigger === undefined) return webhook.read({});
  // What only HighLevel sends can't be in a message of Digistore24.
  return webhook.read({}).some(({ triggers }) => triggers.includes(trigger)) ? webhook.read({ trigger, input }) : [];
}

const clockTime = () => new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

function startSync(RED: NodeAPI, node: Node, config: UserDef, flows: Flows): void {
  let connection: Connection;
  try {
    connection = connectionOf(RED, config.connection);
  } catch (thrown) {
    report(flows, node, thrown);
    return;
  }
  let done = 0;
  const ready = () => node.status({ fill: 'green', shape: 'ring', text: 'ready' });
  const show = ({ outcome, event, error }: Report) => {
    if (outcome === 'done') done += 1;
    if (outcome === 'dead')
      node.status({ fill: 'red', shape: 'ring', text: short(`${event}: ${error?.code ?? outcome}`) });
    else if (outcome === 'waiting')
      node.status({ fill: 'yellow', shape: 'ring', text: short(`waits: ${error?.code ?? event}`) });
    else node.status({ fill: 'green', shape: 'dot', text: `${done} done · ${clockTime()}` });
  };
  const tell = (report: Report) => {
    show(report);
    const msg = { payload: report as unknown as Json, topic: report.event } as NodeMessage;
    // A message that nobody can carry out is for a Catch node, too.
    if (report.outcome === 'dead' && report.error) node.error(nodeError(new PluginError(report.error)), msg);
    node.send(msg);
  };
  ready();
  const stop = connection.startSync({
    report: tell,
    failed: (thrown) => (thrown === null ? ready() : report(flows, node, thrown)),
  });

  node.on('input', async (msg, send, finished) => {
    try {
      const plugin = await connection.plugin();
      const report = await plugin.sync.apply(msg.payload as HighLevelEvent, { signal: connection.signal });
      show(report);
      send({ ...msg, payload: report });
      if (report.outcome === 'dead' && report.error) throw new PluginError(report.error);
      finished();
    } catch (thrown) {
      finished(fail(node, thrown));
    }
  });
  node.on('close', (closed: () => void) => {
    stop().then(closed, closed);
  });
}
