import { asPluginError, wrongField } from '../errors.js';
import { eventFromBody } from '../ipn.js';
import type { CallOptions } from '../operations.js';
import type { Plugin } from '../plugin.js';
import type { LogLine } from '../protocol.js';
import type { FleetRoomEntry, PlaceReport } from './fleet.js';
import { PARKED } from './options.js';
import type { InnerRouter } from './router.js';
import type { Stores } from './stores.js';

/** What {@link Parking} needs of the fleet. */
interface ParkingHost {
  stores: Stores;
  router: Pick<InnerRouter, 'reroute'>;
  /** The plugin of a location; null: the one that keeps what has none. */
  pluginAt: (location: string | null) => Promise<Plugin>;
}

/** The messages of one connection that no route takes: kept as long as finished messages are. */
export class Parking {
  constructor(
    readonly connection: string,
    readonly host: ParkingHost,
  ) {}

  /** The oldest first, at most `limit`. */
  async list(limit: number): Promise<FleetRoomEntry[]> {
    const plugin = await this.host.pluginAt(null);
    const entries = await plugin.inbox('kept', limit);
    return entries.map((entry) => ({ ...entry, connection: this.connection, location: null }));
  }

  /** Routes one again, or all, and carries out what has a location now. */
  async retry(name?: string, options?: CallOptions): Promise<PlaceReport[]> {
    const store = await this.host.stores.of(this.connection, PARKED);
    const entries = await this.list(10_000);
    const wanted = entries.filter((entry) => entry.name === (name ?? entry.name));
    if (name !== undefined && wanted.length === 0) throw wrongField('name', 'is not the name of a parked message');
    const reports: PlaceReport[] = [];
    for (const { name } of wanted) {
      const key = `${this.connection}/${PARKED}/kept/${name}`;
      const [entry] = (await store.get([key])).entries;
      if (!entry) continue;
      const { body } = JSON.parse(entry.value) as { body: string };
      const location = await this.host.router.reroute(this.connection, body);
      if (location === null) continue;
      const report = await (await this.host.pluginAt(location)).sync.apply(eventFromBody(body), options);
      // The location has it now, whatever became of it.
      await store.commit([{ key, expect: entry.version, value: null }]);
      reports.push({ ...report, connection: this.connection, location });
    }
    return reports;
  }

  /** Removes what is older than finished messages are kept. Never rejects: it can wait. */
  async sweep(log: (line: LogLine) => void, options?: CallOptions): Promise<void> {
    try {
      await (await this.host.pluginAt(null)).tick(options);
    } catch (thrown) {
      const { code, message, help } = asPluginError(thrown);
      const fields = { connection: this.connection, code, problem: message, help };
      log({ level: 'warn', message: 'what is parked could not be tidied up', fields });
    }
  }

  /** Removes what is about a person. */
  async forget(email: string): Promise<void> {
    // What is parked has no account at HighLevel.
    await (await this.host.pluginAt(null)).forget(email, { contactId: null });
  }
}
