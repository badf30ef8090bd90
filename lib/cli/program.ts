// The program `w2v`: its commands.
import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import path from 'node:path';
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

export const program = new Command('w2v')
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
