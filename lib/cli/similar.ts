import { Command, Option } from 'commander';
import type { KeyedVectors } from '../keyed-vectors.js';
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
  index?: string | true;
  expansion?: number;
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
    .option('--index [file]', 'ask an index that w2v index made; default: the file of the vectors and .hnsw')
    .addOption(countOption('--expansion <number>', 'candidates that the index looks at'))
    .addOption(jsonOption());
}

/** The vectors, with their index where one is asked for. */
export async function loadToSearch(file: string, flags: SearchFlags): Promise<KeyedVectors> {
  const vectors = await loadVectors(file, flags);
  if (flags.index) await vectors.loadIndex(flags.index === true ? undefined : flags.index);
  return vectors;
}

export function searchOptions({ topN, restrictVocab, precision, index, expansion }: SearchFlags) {
  return { topN, restrictVocab, precision, index: index !== undefined, expansion };
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
      const vectors = await loadToSearch(file, flags);
      const answer = async (
        { positive, negative }: { positive: string[]; negative: string[] },
        signal?: AbortSignal,
      ) => {
        const options = { ...searchOptions(flags), signal };
        const neighbours = await vectors.mostSimilar({ positive, negative }, options);
        const asked = { words: positive, ...(negative.length > 0 && { negative }) };
        printNeighbours(asked, neighbours, flags.json);
      };
      if (words.length > 0) {
        const isSum = words.some((word) => word === '+' || word === '-');
        await answer(isSum ? parseQuestion(vectors, words.join(' ')) : { positive: words, negative: [] });
        return;
      }
      const allAnswered = await prompt(vectors, "A word, or several: 'king - man + woman'.", (line, signal) =>
        answer(parseQuestion(vectors, line), signal),
      );
      if (!allAnswered) process.exitCode = 1;
    });
  return withExamples(
    addSearchOptions(command),
    'w2v similar vectors.bin king',
    'w2v similar vectors.bin strong coffee --top-n 5 --json',
    'w2v similar vectors.bin king - man + woman',
    'w2v similar vectors.bin',
    'cut -f1 words.tsv | w2v similar vectors.w2v --json --precision int8',
  );
}
