import { Command } from 'commander';
import { W2VError } from '../errors.js';
import type { AnalogyEvaluation, WordPairsEvaluation } from '../evaluation.js';
import {
  addLoadingOptions,
  countOption,
  jsonOption,
  loadVectors,
  printJson,
  withExamples,
  withProgress,
  vectorsHelp,
  type LoadingFlags,
} from './common.js';

interface EvaluateFlags extends LoadingFlags {
  analogies?: string;
  pairs?: string;
  restrictVocab?: number;
  json?: boolean;
}

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description(
      'Measures vectors by analogy questions and by human judgements of similarity, as gensim does.',
    )
    .argument('<vectors>', vectorsHelp)
    .option('--analogies <file>', 'questions in the form of questions-words.txt')
    .option('--pairs <file>', 'lines of word, word and score')
    .addOption(countOption('--restrict-vocab <number>', 'use only the first so many words').default(300_000))
    .addOption(jsonOption())
    .action(evaluate);
  return withExamples(
    addLoadingOptions(command),
    'w2v evaluate vectors.bin --analogies questions-words.txt --restrict-vocab 30000',
    'w2v evaluate vectors.bin --pairs wordsim353.tsv --json',
  );
}

async function evaluate(file: string, flags: EvaluateFlags): Promise<void> {
  const { analogies, pairs, restrictVocab, json } = flags;
  if (analogies === undefined && pairs === undefined) {
    throw new W2VError('ERR_W2V_ARGUMENT', 'Expected --analogies FILE, --pairs FILE or both');
  }
  const vectors = await loadVectors(file, flags);
  const analogyResult =
    analogies === undefined
      ? undefined
      : await withProgress('analogies', (onProgress) =>
          vectors.evaluateWordAnalogies(analogies, { restrictVocab, onProgress }),
        );
  const pairsResult =
    pairs === undefined
      ? undefined
      : await withProgress('pairs', (onProgress) =>
          vectors.evaluateWordPairs(pairs, { restrictVocab, onProgress }),
        );

  if (!json) {
    if (analogyResult) printAnalogies(analogyResult);
    if (pairsResult) printPairs(pairsResult);
  } else {
    // Of both, "oov" is that of the only evaluation, or one each.
    const oov =
      analogyResult && pairsResult
        ? { analogies: analogyResult.oov, pairs: pairsResult.oov }
        : (analogyResult ?? pairsResult)?.oov;
    printJson({ ...analogyResult, ...pairsResult, oov });
  }
}

function percent(accuracy: number | null): string {
  return accuracy === null ? '-' : `${(100 * accuracy).toFixed(2)} %`;
}

function printAnalogies({ sections, ...total }: AnalogyEvaluation): void {
  for (const { name, correct, total: n, accuracy, oov } of [...sections, { name: 'total', ...total }]) {
    process.stdout.write(
      `${name.padEnd(32)}${percent(accuracy).padStart(9)}  ${correct}/${n}${oov ? `, ${oov} with unknown words` : ''}\n`,
    );
  }
}

function printPairs({ spearman, pearson, pairs, oov }: WordPairsEvaluation): void {
  const number = (value: number | null) => value?.toFixed(4) ?? '-';
  process.stdout.write(
    `spearman ${number(spearman)}  pearson ${number(pearson)}  (${pairs} pairs, ${oov} with unknown words left out)\n`,
  );
}
