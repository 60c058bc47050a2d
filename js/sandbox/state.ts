import { type Ds24, emptyDs24 } from './digistore24/data.js';
import { emptyGhl, type Ghl } from './ghl/data.js';
import { Ids } from './ids.js';
import type { Delivery } from './ipn/sender.js';
import type { Trigger } from './recorder.js';
import type { RequestEntry } from './requests.js';
import { defaultSettings, patched, type Settings, type SettingsPatch } from './settings.js';
import type { WebhookDelivery } from './webhooks/sender.js';

/** What a new {@link World} starts from. */
export interface WorldOptions {
  /** Seed of all ids. Default 1. */
  seed?: number;
  settings?: SettingsPatch;
  /** Milliseconds since the epoch. Default the system clock. */
  clock?: () => number;
}

/** Everything that the sandbox remembers. */
export class World {
  readonly now: () => number;
  readonly #seed: number;
  readonly #initial: Settings;
  settings: Settings;
  ids: Ids;
  ghl: Ghl;
  ds24: Ds24;
  triggers: Trigger[] = [];
  requests: RequestEntry[] = [];
  deliveries: Delivery[] = [];
  webhooks: WebhookDelivery[] = [];
  /** Told of each entry of the trigger recorder. */
  onTrigger: ((trigger: Trigger) => void) | undefined;

  constructor(options: WorldOptions = {}) {
    this.now = options.clock ?? Date.now;
    this.#seed = options.seed ?? 1;
    this.#initial = patched(defaultSettings(), options.settings ?? {});
    this.settings = this.#initial;
    this.ids = new Ids(this.#seed);
    this.ghl = emptyGhl(this.settings, this.ids);
    this.ds24 = emptyDs24();
  }

  /** Back to the beginning: the same settings, the same ids, nothing remembered. */
  reset(): void {
    this.settings = this.#initial;
    this.ids = new Ids(this.#seed);
    this.ghl = emptyGhl(this.settings, this.ids);
    this.ds24 = emptyDs24();
    this.triggers = [];
    this.requests = [];
    this.deliveries = [];
    this.webhooks = [];
  }

  /** Changes settings from now on. */
  configure(patch: SettingsPatch): Settings {
    this.settings = patched(this.settings, patch);
    return this.settings;
  }

  /** The present time as HighLevel writes it: ISO 8601 in UTC. */
  isoNow(): string {
    return new Date(this.now()).toISOString();
  }
}
