#!/usr/bin/env node
// The command line `w2v`. Results go to stdout, all else to stderr; with --json the last line of stdout is one JSON
// object. Exit code 0: done; 1: it failed; 2: wrong usage.
import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { W2VError } from '../errors.js';
import { analogyCommand } from './analogy.js';
import { classifyCommand } from './classify.js';
import { clusterCommand } from './cluster.js';
import { convertCommand } from './convert.js';
import { evaluateCommand } from './evaluate.js';
import { infoCommand } from './info.js';
import { indexCommand } from './vector-index.js';
import { phrasesCommand } from './phrases.js';
import { plotCommand } from './plot.js';
import { reportCommand } from './report.js';
import { similarCommand } from './similar.js';
import { tagCommand } from './tag.js';
import { tokenizeCommand } from './tokenize.js';
import { trainCommand } from './train.js';
import { vocabCommand } from './vocab.js';

const { version } = JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8')) as {
  version: string;
};

const program = new Command('w2v')
  .description('Trains word vectors, loads them and searches them.')
  .version(version)
  .showSuggestionAfterError()
  .addHelpText('after', '\nw2v <command> --help explains a command and gives examples.');

for (const command of [
  tokenizeCommand(),
  vocabCommand(),
  phrasesCommand(),
  trainCommand(),
  reportCommand(),
  similarCommand(),
  analogyCommand(),
  evaluateCommand(),
  infoCommand(),
  convertCommand(),
  indexCommand(),
  plotCommand(),
  clusterCommand(),
  tagCommand(),
  classifyCommand(),
]) {
  program.addCommand(command.copyInheritedSettings(program));
}
for (const command of [program, ...program.commands]) command.exitOverride();

// The reader of a pipe may leave early (w2v similar … | head): no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const wrongUsage = new Set(['ERR_W2V_OPTION', 'ERR_W2V_ARGUMENT']);

program.parseAsync().catch((error: unknown) => {
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
