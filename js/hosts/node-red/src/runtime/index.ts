/** Node-RED's nodes for HighLevel and Digistore24. See docs/hosts/node-red.md. */
import type { NodeAPI } from 'node-red';
import { serveDialogs } from './admin.js';
import { type Catalog, ownCatalog } from './catalog.js';
import { Flows } from './flows.js';
import { registerNodes } from './nodes.js';
import { serveWebhooks } from './webhooks.js';

/** The module for Node-RED, on a catalog; by default the plugin's own. */
export function nodesOn(load: () => Promise<Catalog> = ownCatalog): (RED: NodeAPI) => void {
  let loaded: Promise<Catalog> | undefined;
  const catalog = () => {
    loaded ??= load();
    return loaded;
  };
  return (RED) => {
    const flows = new Flows(RED);
    registerNodes(RED, catalog, flows);
    serveDialogs(RED, catalog);
    serveWebhooks(RED, flows);
  };
}
