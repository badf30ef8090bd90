import { Command } from 'commander';
import {
  countOption,
  jsonOption,
  loadVectors,
  printNeighbours,
  withExamples,
  vectorsHelp,
} from './common.js';

export interface SearchFlags {
  topN: number;
  restrictVocab?: number;
  json?: boolean;
}

/** The options of the commands that list neighbours. */
export function addSearchOptions(command: Command): Command {
  return command
    .addOption(countOption('-n, --top-n <number>', 'neighbours to show').default(10))
    .addOption(countOption('--restrict-vocab <number>', 'search only the first so many words'))
    .addOption(jsonOption());
}

export function similarCommand(): Command {
  const command = new Command('similar')
    .description('Shows the words nearest to a word, or to the mean of several.')
    .argument('<vectors>', vectorsHelp)
    .argument('<word...>', 'the word, or several')
    .action(async (file: string, words: string[], { topN, restrictVocab, json }: SearchFlags) => {
      const vectors = await loadVectors(file);
      const neighbours = await vectors.mostSimilar({ positive: words }, { topN, restrictVocab });
      printNeighbours({ words }, neighbours, json);
    });
  return withExamples(
    addSearchOptions(command),
    'w2v similar vectors.bin king',
    'w2v similar vectors.bin strong coffee --top-n 5 --json',
  );
}
