import { checkOutputs, replaceByText } from '../output-file.js';
import { Command, Option } from 'commander';
import {
  addLoadingOptions,
  countOption,
  jsonOption,
  loadVectors,
  printJson,
  vectorsHelp,
  withExamples,
  withProgress,
  type LoadingFlags,
} from './common.js';

interface ClusterFlags extends LoadingFlags {
  output: string;
  init: 'kmeans++' | 'word2vec';
  maxIterations?: number;
  seed?: number;
  threads?: number;
  json?: boolean;
}

export function clusterCommand(): Command {
  const command = new Command('cluster')
    .description('Puts words into classes by k-means on their directions: lines of word and class.')
    .argument('<vectors>', vectorsHelp)
    .argument('<classes>', 'how many')
    .requiredOption('-o, --output <file>', 'where to write them, in the order of the vectors')
    .addOption(
      new Option('--init <name>', "how it begins; word2vec: with word2vec.c's -classes to the letter")
        .choices(['kmeans++', 'word2vec'])
        .default('kmeans++'),
    )
    .addOption(countOption('--max-iterations <number>', 'iterations at most (default: 100; word2vec 10)'))
    .addOption(countOption('--seed <number>', 'of what k-means++ draws (default: 1)'))
    .addOption(countOption('--threads <number>', 'threads (default: all processors)'))
    .addOption(jsonOption())
    .action(cluster);
  return withExamples(
    addLoadingOptions(command),
    'w2v cluster vectors.bin 500 --output classes.txt',
    'w2v cluster vectors.bin 500 --output classes.txt --init word2vec',
  );
}

async function cluster(file: string, count: string, flags: ClusterFlags): Promise<void> {
  const { output, init, maxIterations, seed, threads, json } = flags;
  await checkOutputs([output], [file]);
  const vectors = await loadVectors(file, flags);
  const { classes, sizes, meanCosine, iterations } = await withProgress('clustering', (onProgress) =>
    vectors.cluster(Number(count), { init, maxIterations, seed, threads, onProgress }),
  );
  let i = 0;
  await replaceByText(
    output,
    (function* () {
      for (const word of vectors) yield `${word} ${classes[i++]}\n`;
    })(),
  );
  const summary = { words: vectors.size, classes: sizes.length, meanCosine, iterations };
  if (json) printJson({ ...summary, smallest: Math.min(...sizes), largest: Math.max(...sizes), output });
  else {
    process.stderr.write(
      `${vectors.size} words in ${sizes.length} classes, ${Math.min(...sizes)} to ${Math.max(...sizes)} each, ` +
        `after ${iterations} iterations (mean cosine with their centroids ${meanCosine.toFixed(3)}): '${output}'.\n`,
    );
  }
}
