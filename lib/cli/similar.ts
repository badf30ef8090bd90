import { Command, Option } from 'commander';
import { parseQuestion, prompt } from './prompt.js';
import {
  addLoadingOptions,
  countOption,
  jsonOption,
  loadVectors,
  printNeighbours,
  withExamples,
  vectorsHelp,
  type LoadingFlags,
} from './common.js';

export interface SearchFlags extends LoadingFlags {
  topN: number;
  restrictVocab?: number;
  precision?: 'exact' | 'bf16' | 'int8';
  json?: boolean;
}

/** The options of the commands that list neighbours. */
export function addSearchOptions(command: Command): Command {
  return addLoadingOptions(command)
    .addOption(countOption('-n, --top-n <number>', 'neighbours to show').default(10))
    .addOption(countOption('--restrict-vocab <number>', 'search only the first so many words'))
    .addOption(
      new Option(
        '--precision <bits>',
        'rows that are looked at: with fewer bits several times as fast',
      ).choices(['exact', 'bf16', 'int8']),
    )
    .addOption(jsonOption());
}

export function searchOptions({ topN, restrictVocab, precision }: SearchFlags) {
  return { topN, restrictVocab, precision };
}

export function similarCommand(): Command {
  const command = new Command('similar')
    .description('Shows the words nearest to a word, or to the mean of several.')
    .argument('<vectors>', vectorsHelp)
    .argument(
      '[word...]',
      'the word, or several; without one, questions are read from standard input: at a prompt on a terminal',
    )
    .action(async (file: string, words: string[], flags: SearchFlags) => {
      const vectors = await loadVectors(file, flags);
      if (words.length > 0) {
        const neighbours = await vectors.mostSimilar({ positive: words }, searchOptions(flags));
        printNeighbours({ words }, neighbours, flags.json);
        return;
      }
      const allAnswered = await prompt(
        vectors,
        "A word, or several: 'king - man + woman'.",
        async (line, signal) => {
          const { positive, negative } = parseQuestion(vectors, line);
          const neighbours = await vectors.mostSimilar(
            { positive, negative },
            { ...searchOptions(flags), signal },
          );
          printNeighbours(
            { words: positive, ...(negative.length > 0 && { negative }) },
            neighbours,
            flags.json,
          );
        },
      );
      if (!allAnswered) process.exitCode = 1;
    });
  return withExamples(
    addSearchOptions(command),
    'w2v similar vectors.bin king',
    'w2v similar vectors.bin strong coffee --top-n 5 --json',
    'w2v similar vectors.bin',
    'cut -f1 words.tsv | w2v similar vectors.w2v --json --precision int8',
  );
}
