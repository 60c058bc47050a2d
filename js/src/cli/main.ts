#!/usr/bin/env node
import { problem } from '../errors.js';
import { Output } from './output.js';

const args = process.argv.slice(2);
// What it needs is optional to install: an installation for a worker leaves it out.
const program = await import('./program.js').catch((error: NodeJS.ErrnoException) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  const help = 'Install ghl-digistore24 without --omit=optional.';
  const missing = /package '([^']+)'/.exec(error.message)?.[1] ?? 'a package';
  new Output(args.includes('--json')).failed(
    problem('misconfigured', `the command line needs ${missing}, which is not installed`, help),
  );
});
await program?.main(args);
