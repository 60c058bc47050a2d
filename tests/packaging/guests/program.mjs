// Node, Deno, Bun.
import { createPlugin } from 'ghl-digistore24';
import { guest } from './guest.mjs';
import { overLines } from './lines.mjs';

await overLines(guest(createPlugin));
