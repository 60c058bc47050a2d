/** What build.mjs puts into the piece: pieces are made when they are loaded, before anything could be waited for. */
declare module 'catalog:core' {
  import type { Entry } from './entry.js';

  const entries: Entry[];
  export default entries;
}

declare module '*.svg' {
  const dataUrl: string;
  export default dataUrl;
}
