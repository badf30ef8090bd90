// Text classification beside fastText: the same tokens, vectorSize, buckets, epochs, learning rate and folds, one thread
// each; means over seeds.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../common.mjs';
import {
  hasFasttext,
  mean,
  readMovieReviews,
  readReuters,
  readSentencePolarity,
  standardError,
  testFasttext,
  trainFasttext,
  trainOurs,
  wordsOf,
  writeLines,
} from './_classification.mjs';

export const name = 'classification';

const reutersOptions = { loss: 'ova', vectorSize: 100, epochs: 50, alpha: 1 };
const sentences = { vectorSize: 50, epochs: 10, alpha: 0.5, buckets: 200_000 };
const reviews = { vectorSize: 50, epochs: 20, alpha: 0.5, buckets: 200_000 };
const foldsOfAll = 10;

const figure = (values) =>
  values.length > 1
    ? `${mean(values).toFixed(4)} ± ${standardError(values).toFixed(4)}`
    : values[0]?.toFixed(4);
const millions = (values) => (values.length > 0 ? `${(mean(values) / 1e6).toFixed(2)} M` : '–');

/** fastText's words per CPU second: the command less the same command with one epoch, which also reads and saves. */
function fasttextSpeed(file, model, words, options) {
  const seconds =
    trainFasttext(file, model, options) - trainFasttext(file, `${model}-1`, { ...options, epochs: 1 });
  return (words * (options.epochs - 1)) / seconds;
}

async function measureReuters(folder, seeds, rows, speeds) {
  const { training, test } = readReuters(folder);
  const trainingFile = writeLines(path.join(folder, 'reuters.training'), training);
  const testFile = writeLines(path.join(folder, 'reuters.test'), test);
  const model = path.join(folder, 'fasttext');
  const ours = { fixed: [], labelled: [], tuned: [], speed: [] };
  const theirs = { fixed: [], labelled: [], speed: [] };
  const words = wordsOf(training);
  for (const seed of seeds) {
    const options = { ...reutersOptions, seed };
    if (hasFasttext) {
      theirs.speed.push(fasttextSpeed(trainingFile, model, words, options));
      theirs.fixed.push(testFasttext(model, testFile, test, { threshold: 0.5 }));
      theirs.labelled.push(testFasttext(model, testFile, test, { threshold: 0.5, atLeastOne: true }));
    }
    const { classifier, speed } = await trainOurs(trainingFile, options);
    ours.speed.push(speed);
    ours.fixed.push((await classifier.test(testFile, { threshold: 0.5 })).microF1);
    ours.labelled.push((await classifier.test(testFile)).microF1);
    const tuned = await trainOurs(trainingFile, { ...options, validation: 0.2, refit: true });
    ours.tuned.push((await tuned.classifier.test(testFile)).microF1);
  }
  rows.push(
    [
      'Reuters, one-vs-all, threshold 0.5: micro F1',
      figure(ours.fixed),
      figure(theirs.fixed),
      '≥ fastText − 0.003, ≥ 0.84',
    ],
    ['the same, but a label at least', figure(ours.labelled), figure(theirs.labelled), ''],
    ['the same, thresholds tuned on validation documents', figure(ours.tuned), '–', '≥ 0.86'],
  );
  speeds.push(['Reuters, 90 labels one-vs-all', ours.speed, theirs.speed]);
}

async function measureFolds(title, documents, settings, folder, seeds, folds, rows, speeds) {
  const model = path.join(folder, 'fasttext');
  for (const wordNgrams of [1, 2]) {
    const ours = [];
    const theirs = [];
    const speed = { ours: [], theirs: [] };
    for (let fold = 0; fold < folds; ++fold) {
      const test = documents.filter((_, i) => i % foldsOfAll === fold);
      const training = documents.filter((_, i) => i % foldsOfAll !== fold);
      const trainingFile = writeLines(path.join(folder, 'training'), training);
      const testFile = writeLines(path.join(folder, 'test'), test);
      for (const seed of seeds) {
        const options = { ...settings, wordNgrams, seed };
        if (hasFasttext) {
          if (wordNgrams === 1 && fold === 0)
            speed.theirs.push(fasttextSpeed(trainingFile, model, wordsOf(training), options));
          else trainFasttext(trainingFile, model, options);
          theirs.push({ fold, accuracy: testFasttext(model, testFile, test) });
        }
        const trained = await trainOurs(trainingFile, options);
        if (fold === 0) speed.ours.push(trained.speed);
        ours.push({ fold, accuracy: (await trained.classifier.test(testFile)).accuracy });
      }
    }
    // The standard error is that over the folds: each by the mean of its seeds.
    const byFold = (results) =>
      Array.from({ length: results.length > 0 ? folds : 0 }, (_, fold) =>
        mean(results.filter((result) => result.fold === fold).map(({ accuracy }) => accuracy)),
      );
    const name = `${title}, ${wordNgrams === 1 ? 'words' : 'words and bigrams'}: accuracy, ${folds} folds`;
    rows.push([name, figure(byFold(ours)), figure(byFold(theirs)) ?? '–', '≥ fastText − 2 standard errors']);
    if (wordNgrams === 1) speeds.push([title, speed.ours, speed.theirs]);
  }
}

const settingsText = ({ vectorSize, epochs, alpha, buckets }) =>
  `${vectorSize} dimensions, ${epochs} epochs, rate ${alpha}${buckets ? `, ${buckets.toLocaleString('en')} buckets` : ''}`;

function report(rows, speeds, seeds) {
  return {
    title: 'Text classification',
    columns: ['task', 'ours', 'fastText', 'asked for'],
    rows,
    tables: [
      {
        title: 'Training, words per CPU second, words alone, one thread',
        columns: ['task', 'ours', 'fastText', 'ratio'],
        rows: speeds.map(([task, ours, theirs]) => [
          task,
          millions(ours),
          millions(theirs),
          theirs.length > 0 ? (mean(ours) / mean(theirs)).toFixed(1) : '–',
        ]),
      },
    ],
    notes: [
      `Means over ${seeds.length === 1 ? 'one seed' : `${seeds.length} seeds`}, ± the standard error (Reuters: over the seeds; folds: over the folds). ` +
        `Both with the same tokens, learning rate and sizes: Reuters ${settingsText(reutersOptions)}, ` +
        `sentence_polarity ${settingsText(sentences)}, movie_reviews ${settingsText(reviews)}. ` +
        'fastText’s seconds are those of its training less those of a training of one epoch, so that reading and saving do not count.',
    ],
  };
}

export async function run({ quick = false } = {}) {
  const folder = temporaryFolder();
  const seeds = quick ? [1] : [1, 2, 3];
  const folds = quick ? 2 : foldsOfAll;
  const rows = [];
  const speeds = [];
  await measureReuters(folder, seeds, rows, speeds);
  await measureFolds(
    'sentence_polarity',
    readSentencePolarity(folder),
    sentences,
    folder,
    seeds,
    folds,
    rows,
    speeds,
  );
  await measureFolds('movie_reviews', readMovieReviews(folder), reviews, folder, seeds, folds, rows, speeds);
  rmSync(folder, { recursive: true, force: true });
  return report(rows, speeds, seeds);
}
