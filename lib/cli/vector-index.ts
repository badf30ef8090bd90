import { Command } from 'commander';
import { checkOutputs } from '../output-file.js';
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
import type { KeyedVectors } from '../keyed-vectors.js';

interface IndexFlags extends LoadingFlags {
  output?: string;
  connectivity: number;
  expansion: number;
  measureRecall?: boolean;
  json?: boolean;
}

export function indexCommand(): Command {
  const command = new Command('index')
    .description('Builds an index for approximate search, and saves it beside the vectors.')
    .argument('<vectors>', vectorsHelp)
    .option('-o, --output <file>', 'the file to write (default: that of the vectors and .hnsw)')
    .addOption(countOption('--connectivity <number>', 'neighbours of each word in the graph').default(16))
    .addOption(countOption('--expansion <number>', 'candidates looked at for each word').default(128))
    .option('--measure-recall', 'compare with exact answers to queries by some of the words')
    .addOption(jsonOption())
    .action(index);
  return withExamples(
    addLoadingOptions(command),
    'w2v index vectors.w2v',
    'w2v similar vectors.w2v king --index',
    'w2v index vectors.w2v --connectivity 32 --measure-recall',
  );
}

async function index(file: string, flags: IndexFlags): Promise<void> {
  const { output = `${file}.hnsw`, connectivity, expansion, measureRecall, json } = flags;
  await checkOutputs([output], [file]);
  const vectors = await loadVectors(file, flags);
  await withProgress('indexing', (onProgress) => vectors.buildIndex({ connectivity, expansion, onProgress }));
  await vectors.saveIndex(output);
  if (!json) process.stderr.write(`Saved the index of ${vectors.size} words as '${output}'.\n`);
  const recall = measureRecall ? await measure(vectors) : [];
  if (json) {
    printJson({ words: vectors.size, output, connectivity, expansion, ...(measureRecall && { recall }) });
    return;
  }
  for (const { expansion, recallAt10, timesFaster } of recall) {
    process.stdout.write(
      `expansion ${String(expansion).padStart(4)}  recall@10 ${recallAt10.toFixed(4)}  ${timesFaster.toFixed(1)} × exact\n`,
    );
  }
}

/** By words spread over the vocabulary, one query after the other. */
async function measure(vectors: KeyedVectors) {
  const queries = Math.min(200, vectors.size);
  const words = Array.from({ length: queries }, (_, i) =>
    vectors.wordAt(Math.floor((i * vectors.size) / queries)),
  );
  const ask = async (options: object) => {
    const start = performance.now();
    const answers: string[][] = [];
    for (const word of words)
      answers.push((await vectors.mostSimilar(word, options)).map(({ word }) => word));
    return { answers, seconds: (performance.now() - start) / 1000 };
  };
  const exact = await ask({});
  const rows = [];
  for (const expansion of [32, 64, 128, 256]) {
    const { answers, seconds } = await ask({ index: true, expansion });
    const found = answers.map((list, i) => list.filter((word) => exact.answers[i]!.includes(word)).length);
    const all = exact.answers.reduce((sum, list) => sum + list.length, 0);
    rows.push({
      expansion,
      recallAt10: found.reduce((sum, n) => sum + n, 0) / all,
      timesFaster: exact.seconds / seconds,
    });
  }
  return rows;
}
