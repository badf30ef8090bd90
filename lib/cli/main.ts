#!/usr/bin/env node
// The command line `w2v`. Results go to stdout, all else to stderr; with --json the last line of stdout is one JSON
// object. Exit code 0: done; 1: it failed; 2: wrong usage.
import { CommanderError } from 'commander';
import { W2VError } from '../errors.js';

// The reader of a pipe may leave early (w2v similar … | head): no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const wrongUsage = new Set(['ERR_W2V_OPTION', 'ERR_W2V_ARGUMENT']);

// An addon that does not load is an error like any other.
const run = async () => (await import('./program.js')).program.parseAsync();

run().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2; // commander has said what is wrong
  } else if (error instanceof W2VError) {
    process.stderr.write(`w2v: ${error.message} (${error.code})\n`);
    process.exitCode = wrongUsage.has(error.code) ? 2 : 1;
  } else {
    process.stderr.write(`w2v: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
});
