import type { PlanAction } from '../protocol.js';

/** What imports, comparisons and forgetting take and give. */

/** What is to be imported. */
export interface BackfillOptions {
  /** Orders since this day or time, Berlin: `2026-01-31`. Default: all. */
  from?: string | undefined;
  /** Until then. Default: now. */
  to?: string | undefined;
  /** Only so many orders, the oldest first: for a first look. */
  limit?: number | undefined;
  /** Only count what would be written. */
  dryRun?: boolean | undefined;
  /** Also write tags. */
  tags?: boolean | undefined;
  /** Also write tags, notes, tasks and all else, as if it happened now. Starts workflows. */
  live?: boolean | undefined;
}

/** How far a backfill is. */
export interface BackfillProgress {
  finished: boolean;
  phase: 'contacts' | 'orders' | 'people' | 'tidying' | 'done';
  /** Of this phase: contacts that were read, orders that were read, orders that were dealt with. */
  done: number;
  total: number;
  perSecond: number;
  secondsLeft: number | null;
  /** So far, in all phases. */
  requests: number;
  /**
   * `people`, their outcomes (`done`, `known`, `waiting`, `dead`, `kept`); of a dry run the writes by kind.
   */
  counts: Record<string, number>;
  /**
   * Where tags are written: the location's published workflows, any of which may start on them. Known before the first write;
   * null where the list can't be read.
   */
  workflows?: string[] | null;
  /** Of a dry run: what the import would take at its share of the rate and four fifths of the daily quota. */
  estimate?: { calls: number; seconds: number; days: number };
}

/** Where ledger and Digistore24 differed. */
export interface Drift {
  order: string;
  event: string;
  /** How it was taken in. */
  manner?: 'live' | 'silent';
  occurredAt?: string | null;
  /** What could not be repaired: a person must look. */
  problem?: 'amount';
}

/** Something that is there more than once, because a write took effect long after it had failed. */
export interface Twin {
  /** The event's id. */
  id: string;
  order: string;
  action: PlanAction;
  /** The contact; null where the twins are contacts, or it is not known any more. */
  contactId: string | null;
  /** In HighLevel, as listed there. */
  ids: string[];
}

/** What a comparison with Digistore24 found. */
export interface Reconciliation {
  /** Everything is compared. */
  done: boolean;
  /** Orders that were read one by one. */
  checked: number;
  found: number;
  /** Of those, what is in the inbox now. */
  repaired: number;
  /** The first hundred. */
  drift: Drift[];
  /** Proofs, refunds and deliveries that are asked for, new since the last time: each becomes a task. */
  work: number;
}

/** What became of what test orders left on a contact. */
export interface CleanedPerson {
  contactId: string;
  /** Their ids. */
  orders: string[];
  notes: number;
  tasks: number;
  deals: number;
  /** Tags that only test orders earned. */
  tags: string[];
  /**
   * `busy`: an event came meanwhile; the next time. `gone`: the contact isn't there. Where it was merged into another one, the
   * notes (`DS24 <order> ·`) and these tags are there, and only a person knows which that is.
   */
  outcome: 'cleaned' | 'deleted' | 'gone' | 'busy' | 'would be cleaned' | 'would be deleted';
}

/** What was cleaned up. */
export interface Cleanup {
  /** Nothing of a test order is left in the ledger. */
  done: boolean;
  people: CleanedPerson[];
}

/** Something about a person that lies where the plugin can't reach. */
export interface Remainder {
  where: string;
  what: string;
  help: string;
}

/** What was forgotten. */
export interface Forgotten {
  contactId: string | null;
  contactDeleted: boolean;
  orders: number;
  messages: number;
  remains: Remainder[];
}
