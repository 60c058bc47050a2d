/** The catalog’s entries as hosts see them. All of it plain JSON. */

import type { Json, JsonObject } from '../protocol.js';

/** Which catalog entries are asked for; all conditions must hold. */
export interface CatalogFilter {
  id?: string;
  service?: 'ghl' | 'digistore24' | 'bridge';
  resource?: string;
  kind?: 'action' | 'search' | 'trigger';
  /** `all` includes `core`. */
  tier?: 'core' | 'all';
  /** Words that all are in id, title or description. */
  text?: string;
  /** Without schemas and samples: for a list to choose from. */
  brief?: boolean;
  /** Of triggers only those whose events can reach this plugin, by what it is connected with. */
  reachable?: boolean;
}

/**
 * By which way a trigger's events arrive. `ipn`: Digistore24's webhook. `app-webhook`: HighLevel's, for an OAuth app.
 * `workflow-webhook`: the action "Webhook" of a HighLevel workflow, for a private token. `polling`: we ask.
 */
export type TriggerWay = 'ipn' | 'app-webhook' | 'workflow-webhook' | 'polling';

/** An entry without schemas and sample. */
export type BriefEntry = Omit<CatalogEntry, 'input' | 'output' | 'sample'>;

/** One thing that can be done, with all that a form or a call needs; or, of kind `trigger`, one that can happen. */
export interface CatalogEntry {
  /** `ghl.contacts.addTags`, `digistore24.onPayment` */
  id: string;
  service: 'ghl' | 'digistore24' | 'bridge';
  kind: 'action' | 'search' | 'trigger';
  tier: 'core' | 'all';
  resource: string;
  /** The resource as people read it. */
  resourceTitle: string;
  title: string;
  /** The title where nobody wrote more. */
  description: string;
  /** Null for triggers, actions of several calls and custom requests. */
  method: string | null;
  path: string | null;
  /** Of an action: the operations that it may call. */
  calls?: string[];
  /** GHL's `Version` header, or null. */
  version: string | null;
  /** How the body is written, if not as JSON (GHL) or as a form (Digistore24). */
  encoding?: 'json' | 'form' | 'multipart' | 'none';
  /** What a success brings, if not JSON: a text, a file as `{ name, type, base64 }`, or `{ status, body }`. */
  answer?: 'text' | 'binary' | 'whole';
  /** What the token must be allowed to do. */
  scopes: string[];
  effect: 'read' | 'create' | 'update' | 'delete';
  /** Whether a call may be repeated when its outcome is unknown. */
  retry: 'safe' | 'never' | 'verify';
  /** How a write whose answer is missing is looked up; such a call finds its own work or repeats itself once. */
  verify?: JsonObject;
  /** How to get the next page, or null. */
  paging: Json;
  /** JSON Schema 2020-12 of the input: one flat object. */
  input: JsonObject;
  /** JSON Schema 2020-12 of the output. */
  output: JsonObject;
  /**
   * A pair of input and output: a realistic one, or one made from the schemas; of a webhook's trigger, also the body that
   * arrives.
   */
  sample: { input?: JsonObject; output?: Json; payload?: JsonObject };
  deprecated: boolean;
  /** Of a trigger. */
  arrives?: TriggerWay[];
  /** Of a webhook's trigger: the service's own word for the event. */
  wireEvent?: string;
  /** False: the body doesn't name the event; its address must, by `?event=`. */
  named?: false;
  /** Of a trigger of the business level: the triggers that feed it. */
  sources?: string[];
  /** The values that it wants, by dotted path of the event; null stands for what the event doesn't say. */
  when?: Record<string, Json[]>;
  /** The values that it doesn't want. */
  unless?: Record<string, Json[]>;
}
