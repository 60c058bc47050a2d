/** The Activepieces piece. See docs/hosts/activepieces.md. */
import entries from 'catalog:core';
import { pieceOf } from './piece.js';

export const ghlDigistore24 = pieceOf(entries);
export { pieceOf };
