// What vectors from other text do for classifiers: from scratch, pretrained and frozen, pretrained and fine-tuned, with few
// and with all training documents. The vectors are of en-mix without Reuters, movie_reviews and the other reviews.
import { createReadStream, createWriteStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { once } from 'node:events';
import { KeyedVectors, TextClassifier, Word2Vec } from '../../../dist/index.mjs';
import { drawChart } from '../../../dist/plot/chart.js';
import { cores, sharedData, temporaryFolder } from '../common.mjs';
import { mean, readMovieReviews, readReuters, readSentencePolarity } from './_classification.mjs';

export const name = 'pretraining';

const vectorSize = 100;
const shares = [0.02, 0.05, 0.1, 0.25, 1];

/** Lines of en-mix but those of some sources. */
async function writeGeneralText(file, without) {
  const lines = (name) =>
    createInterface({ input: createReadStream(path.join(sharedData, name)).pipe(createGunzip()) });
  const output = createWriteStream(file);
  const sources = lines('en-mix.sources.gz')[Symbol.asyncIterator]();
  for await (const line of lines('en-mix.txt.gz')) {
    const { value: source } = await sources.next();
    if (!without.includes(source) && !output.write(`${line}\n`)) await once(output, 'drain');
  }
  output.end();
  await once(output, 'finish');
}

const toDocument = (line) => {
  const words = line.split(' ');
  const labels = words.filter((word) => word.startsWith('__label__')).map((word) => word.slice(9));
  // As en-mix is: letters alone.
  const tokens = words
    .filter((word) => !word.startsWith('__label__'))
    .flatMap((word) => word.toLowerCase().match(/[a-z]+/g) ?? []);
  return { tokens, labels };
};

const tenth = (lines) => ({
  training: lines.filter((_, i) => i % 10 !== 0).map(toDocument),
  test: lines.filter((_, i) => i % 10 === 0).map(toDocument),
});

export async function run({ quick = false } = {}) {
  const folder = temporaryFolder();
  let vectors;
  if (process.env.W2V_BENCH_VECTORS) {
    vectors = await KeyedVectors.load(process.env.W2V_BENCH_VECTORS);
  } else {
    const general = path.join(folder, 'general.txt');
    await writeGeneralText(general, ['R', 'M', 'P']);
    const options = { sg: true, vectorSize, sample: 1e-4, epochs: quick ? 1 : 5, threads: cores };
    ({ vectors } = await Word2Vec.train(general, options));
  }
  const reuters = readReuters(folder);
  const tasks = [
    {
      task: 'Reuters, 90 categories: micro F1',
      options: { loss: 'ova', epochs: 50, alpha: 1 },
      training: reuters.training.map(toDocument),
      test: reuters.test.map(toDocument),
    },
    {
      task: 'movie_reviews: accuracy',
      options: { epochs: 20, alpha: 0.5 },
      ...tenth(readMovieReviews(folder)),
    },
    {
      task: 'sentence_polarity: accuracy',
      options: { epochs: 10, alpha: 0.5 },
      ...tenth(readSentencePolarity(folder)),
    },
  ];
  const starts = [
    ['from scratch', {}],
    ['pretrained, frozen', { vectors, vectorAlpha: 0 }],
    ['pretrained, fine-tuned', { vectors }],
  ];
  const rows = [];
  const charts = {};
  for (const { task, options, training, test } of tasks) {
    const series = [];
    for (const [start, given] of starts) {
      const points = [];
      for (const share of shares) {
        const part = training.slice(0, Math.round(share * training.length));
        const figures = [];
        for (const seed of quick ? [1] : [1, 2, 3]) {
          // Few documents are gone through more often: as many steps as there are with a quarter of them.
          const epochs = Math.round(options.epochs * Math.max(1, 0.25 / share));
          const settings = { vectorSize, ...options, ...given, epochs, seed, threads: 1 };
          if (given.vectors) delete settings.vectorSize;
          const classifier = await TextClassifier.train(part, settings);
          figures.push((await classifier.test(test)).microF1);
        }
        points.push({ x: part.length, y: mean(figures) });
      }
      rows.push([task, start, ...points.map(({ y }) => y.toFixed(4))]);
      series.push({ name: start, points });
    }
    const file = `pretraining-${task.split(/[ ,:]/)[0].toLowerCase()}.svg`;
    charts[file] = await drawChart({
      title: task,
      xLabel: 'training documents',
      series,
    });
  }
  return {
    title: 'Vectors from elsewhere',
    columns: ['task', 'start', ...shares.map((share) => `${100 * share}% of the documents`)],
    rows,
    charts,
    notes: [
      `Means over ${quick ? 'one seed' : '3 seeds'}. Vectors: skip-gram, ${vectorSize} dimensions, en-mix without the sources R, M and P. Fine-tuned: the vectors learn at the rate of the head.`,
      Object.keys(charts)
        .map((file) => `![${file}](benchmarks/${file})`)
        .join('\n\n'),
    ],
  };
}
