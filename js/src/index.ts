/**
 * ghl-digistore24: joins Digistore24, where people sell, to HighLevel, where they follow up. For every host that has
 * WebAssembly and fetch; what needs Node is in `ghl-digistore24/sqlite` and the command line.
 */
export type * from './auth.js';
export type { BatchCall, BatchOptions, BatchResult, BatchResults } from './batch.js';
export { PluginError } from './errors.js';
export {
  createFleet,
  type Fleet,
  type FleetDeadLetters,
  type FleetOptions,
  type FleetReceived,
  type FleetRoomEntry,
  type FleetTick,
  type ParkedMessages,
  type PlaceCheck,
  type PlaceReport,
  type PlaceTick,
} from './fleet/fleet.js';
export type { FleetConnection, FleetData, OneOrMore, Route, RouteWhen } from './fleet/options.js';
export {
  createRouter,
  type FleetPlace,
  type Routed,
  type RoutedMessage,
  type Router,
  type RouterOptions,
} from './fleet/router.js';
export { type FleetStorage, type Scope, scopedStore } from './fleet/stores.js';
export { isEvent } from './heard.js';
export type { ItemOf, ListCursor, Listed, ListInputOf, Listing, ListOptions, Page } from './lists.js';
export type {
  BridgeActions,
  CallOptions,
  Digistore24Operations,
  HighLevelOperations,
  InputOf,
  ListFunction,
  Operation,
  Operations,
  OutputOf,
} from './operations.js';
export {
  createPlugin,
  type EventMethods,
  type IpnInstall,
  type IpnMethods,
  type Options,
  type Plugin,
  type Received,
  type ReceiveOptions,
  type SyncMethods,
} from './plugin.js';
export type * from './protocol.js';
export { type RemoteSyncOptions, remoteSync } from './remote.js';
export { type MemoryStoreOptions, memoryStore } from './store/memory.js';
export type { Awaitable, Store } from './store/types.js';
export type { AlertOptions } from './watch/alerts.js';
export { createMetrics, type Metrics, type Rooms } from './watch/metrics.js';
export type { Alert, AlertKind, AlertLimits } from './watch/rules.js';
export type { WebhookBody, WebhookRequest, WebhookService } from './webhook.js';
