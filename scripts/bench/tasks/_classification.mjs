// Labelled documents of ../shared/data as fastText's lines, and both classifiers on them.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TextClassifier } from '../../../dist/index.mjs';
import { run, sharedData } from '../common.mjs';

export const hasFasttext = spawnSync('fasttext', [], { stdio: 'ignore' }).error === undefined;
if (!hasFasttext) console.error('fastText is not installed here (Debian: fasttext): left out');

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
export const standardError = (values) => {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
};

/** A fixed order of their own for each list: files come sorted by label. */
export function shuffled(items, seed) {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const list = [...items];
  for (let i = list.length - 1; i > 0; --i) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

const line = (labels, words) => [...labels.map((label) => `__label__${label}`), ...words].join(' ');

/** Reuters, ModApte: words of letters in lower case, without NLTK's English stop-words. */
export function readReuters(folder) {
  execFileSync('tar', ['xzf', path.join(sharedData, 'reuters21578-apte.tar.gz'), '-C', folder]);
  const list = run('unzip', ['-p', path.join(sharedData, 'nlp', 'stopwords.zip'), 'stopwords/english']);
  const stopWords = new Set(list.split(/\s+/));
  const root = path.join(folder, 'reuters21578-apte');
  const documents = { training: [], test: [] };
  for (const row of readFileSync(path.join(root, 'cats.txt'), 'utf8').trim().split('\n')) {
    const [file, ...labels] = row.split(' ');
    const words =
      readFileSync(path.join(root, file), 'utf8')
        .toLowerCase()
        .match(/\p{L}+/gu) ?? [];
    documents[file.split('/')[0]].push(
      line(
        labels,
        words.filter((word) => !stopWords.has(word)),
      ),
    );
  }
  return { training: shuffled(documents.training, 1), test: documents.test };
}

/** Both come tokenised. */
export function readMovieReviews(folder) {
  run('unzip', ['-q', '-o', path.join(sharedData, 'nlp', 'movie_reviews.zip'), '-d', folder]);
  const documents = ['neg', 'pos'].flatMap((label) => {
    const files = path.join(folder, 'movie_reviews', label);
    return readdirSync(files).map((file) =>
      line([label], readFileSync(path.join(files, file), 'utf8').split(/\s+/).filter(Boolean)),
    );
  });
  return shuffled(documents, 1);
}

export function readSentencePolarity(folder) {
  run('unzip', ['-q', '-o', path.join(sharedData, 'nlp', 'sentence_polarity.zip'), '-d', folder]);
  const documents = ['neg', 'pos'].flatMap((label) =>
    readFileSync(path.join(folder, 'sentence_polarity', `rt-polarity.${label}`), 'utf8')
      .split('\n')
      .filter((text) => text.trim() !== '')
      .map((text) => line([label], text.split(/\s+/).filter(Boolean))),
  );
  return shuffled(documents, 1);
}

export function writeLines(file, lines) {
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

export const wordsOf = (lines) =>
  lines.reduce(
    (sum, text) => sum + text.split(' ').filter((word) => !word.startsWith('__label__')).length,
    0,
  );

/** Trains ours on one thread; the classifier, and words per CPU second of the training phase. */
export async function trainOurs(file, options) {
  const classifier = await TextClassifier.train(file, { threads: 1, ...options });
  const { trainedWords, trainCpuSeconds } = classifier.report;
  return { classifier, speed: trainedWords / trainCpuSeconds };
}

const timed = 'TIMEFORMAT="%U %S"; { time fasttext "$@" >/dev/null 2>&1; } 2>&1';

/** Trains fastText's model; CPU seconds of the whole command. */
export function trainFasttext(
  file,
  model,
  { loss = 'softmax', vectorSize, wordNgrams = 1, buckets, epochs, alpha, seed },
) {
  const args = [
    ...['supervised', '-input', file, '-output', model, '-loss', loss === 'ova' ? 'one-vs-all' : loss],
    ...[
      '-dim',
      vectorSize,
      '-wordNgrams',
      wordNgrams,
      '-bucket',
      wordNgrams > 1 ? buckets : 0,
      '-epoch',
      epochs,
    ],
    ...['-lr', alpha, '-seed', seed, '-thread', 1, '-verbose', 0],
  ];
  const [user, system] = run('bash', ['-c', timed, 'bash', ...args])
    .trim()
    .split(' ')
    .map(Number);
  return user + system;
}

/** Micro F1 (with one label and one prediction each: the accuracy) of fastText's predictions. */
export function testFasttext(model, file, lines, { threshold, atLeastOne = false } = {}) {
  const args =
    threshold === undefined
      ? ['predict', `${model}.bin`, file, 1]
      : ['predict-prob', `${model}.bin`, file, -1];
  const predictions = run('fasttext', args).split('\n');
  let right = 0;
  let wrong = 0;
  let missed = 0;
  for (const [i, text] of lines.entries()) {
    const actual = text.split(' ').filter((word) => word.startsWith('__label__'));
    const words = predictions[i].split(' ');
    let predicted = words;
    if (threshold !== undefined) {
      predicted = words.filter((_, at) => at % 2 === 0 && Number(words[at + 1]) >= threshold);
      if (atLeastOne && predicted.length === 0) predicted = [words[0]];
    }
    const hits = predicted.filter((label) => actual.includes(label)).length;
    right += hits;
    wrong += predicted.length - hits;
    missed += actual.length - hits;
  }
  return (2 * right) / (2 * right + wrong + missed);
}
