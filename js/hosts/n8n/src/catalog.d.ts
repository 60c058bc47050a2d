/** What build.mjs puts into a package: nodes are described when they are loaded, before anything could be waited for. */
declare module 'catalog:core' {
  import type { Entry } from './entry.js';

  const entries: Entry[];
  export default entries;
}
