import { nodesOn } from './index.js';

// Node-RED calls what `require` gives.
export default Object.assign(nodesOn(), { nodesOn });
