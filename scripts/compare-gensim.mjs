// compare-gensim.mjs: asks gensim and this library the same questions and compares the answers. Needs python3 with gensim and
// SciPy (Debian: python3-gensim); says so where they are missing.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { KeyedVectors, Phrases, Word2Vec } from '../dist/index.mjs';

const scripts = path.dirname(fileURLToPath(import.meta.url));
const shared = path.join(scripts, '..', '..', 'shared', 'data');
const python = ['/usr/bin/python3', 'python3'].find(
  (program) => spawnSync(program, ['-c', 'import gensim, scipy']).status === 0,
);
if (python === undefined) {
  console.log(
    'Not compared: python3 with gensim and SciPy is not there (Debian: apt-get install python3-gensim)',
  );
  process.exit(0);
}

const folder = mkdtempSync(path.join(tmpdir(), 'w2v-compare-'));
try {
  await compare();
} finally {
  rmSync(folder, { recursive: true });
}

async function compare() {
  const random = generator(7);
  let file = path.join(shared, 'formats', 'gensim.bin');
  if (!existsSync(file)) {
    console.log('The shared vectors are not there: generated ones are compared');
    file = path.join(folder, 'generated.bin');
    const words = Array.from({ length: 2000 }, (_, i) => `w${i}`);
    const rows = words.map(() => Array.from({ length: 48 }, () => random() - 0.5));
    await (await KeyedVectors.fromVectors(words, rows)).save(file);
  }
  const vectors = await KeyedVectors.load(file);
  const word = () => vectors.wordAt(Math.floor(random() * vectors.size));
  const several = (n) => Array.from({ length: n }, word);
  const vector = () => Array.from({ length: vectors.vectorSize }, () => Math.fround(random() - 0.5));

  const questions = [];
  const ask = (times, make) => {
    for (let i = 0; i < times; ++i) questions.push(make(i));
  };
  ask(60, (i) => ['mostSimilar', several(1 + (i % 3)), several(i % 2), { topN: 10 }]);
  ask(20, () => ['mostSimilar', [[word(), 0.5], word()], [[word(), -2]], { topN: 5, restrictVocab: 500 }]);
  ask(10, () => ['mostSimilar', several(2), [], { topN: 5, clipStart: 100, clipEnd: 400 }]);
  ask(40, () => ['mostSimilarCosmul', several(2), several(1)]);
  ask(10, () => ['similarByVector', vector()]);
  const letters = [...'abcdefgh', 'of', 'the'];
  const text = Array.from({ length: 60 }, () =>
    Array.from({ length: 12 }, () => letters[Math.floor(random() * letters.length)]),
  );
  for (const connectors of [[], ['of', 'the']]) {
    ask(2, (i) => ['phrases', text, 'default', 1 + 3 * i, 1, connectors]);
    ask(2, (i) => ['phrases', text, 'npmi', 1 + 3 * i, 0.05, connectors]);
  }
  const small = await Word2Vec.train(text, { vectorSize: 6, minCount: 1, threads: 1, epochs: 20 });
  const own = [...small.vectors].slice(1); // gensim has no </s>
  const rowsOf = (store) => own.map((each) => [...store.get(each)]);
  for (const context of [['a'], ['b', 'c', 'of']])
    ask(1, () => ['predictOutputWord', own, rowsOf(small.vectors), rowsOf(small.outputVectors), context]);
  ask(10, () => ['similarByWord', word()]);
  for (const name of ['similarity', 'distance', 'rank', 'closerThan', 'relativeCosineSimilarity'])
    ask(30, () => [name, word(), word()]);
  ask(10, () => ['distances', word(), several(5)]);
  ask(3, () => ['allDistances', word()]);
  ask(30, () => ['nSimilarity', several(3), several(2)]);
  ask(10, () => ['cosineSimilarities', vector(), [vector(), vector()]]);
  ask(30, () => ['doesntMatch', several(5)]);
  ask(30, () => ['mostSimilarToGiven', word(), several(4)]);
  ask(10, () => ['rankByCentrality', several(6)]);
  ask(20, (i) => ['getMeanVector', several(3), i % 2 ? [1, 0.5, -2] : null]);
  ask(10, (i) => ['getVector', word(), i % 2 === 1]);
  ask(5, () => ['vectorsForAll', [...several(5), 'no such word', ...several(2)]]);
  ask(4, (i) => ['addVectors', [`new ${i}`, word()], [vector(), vector()], i % 2 === 1]);
  ask(3, () => ['unitNormalizeAll', several(4)]);
  ask(30, (i) => ['wmDistance', several(2 + (i % 9)), [...several(5), 'no such word'], i % 2 === 0]);
  const evaluation = path.join(shared, 'eval');
  if (existsSync(evaluation)) {
    questions.push(['evaluateWordAnalogies', path.join(evaluation, 'questions-words.txt'), 900]);
    questions.push(['evaluateWordPairs', path.join(evaluation, 'wordsim353.tsv'), 900]);
  } else {
    console.log('The shared evaluation files are not there: evaluation is not compared');
  }

  const asked = spawnSync(python, [path.join(scripts, 'compare_gensim.py')], {
    input: JSON.stringify({ file, questions }),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (asked.status !== 0) throw new Error(asked.stderr);
  const expected = JSON.parse(asked.stdout);

  const largest = new Map();
  let wrong = 0;
  for (const [i, [name, ...args]] of questions.entries()) {
    const difference = distance(await answer(vectors, small, name, args), expected[i]);
    const [count = 0, most = 0] = largest.get(name) ?? [];
    largest.set(name, [count + 1, Math.max(most, difference)]);
    if (difference > 2e-5) {
      wrong += 1;
      console.log(
        `${name}(${JSON.stringify(args).slice(0, 200)}): expected`,
        expected[i],
        'received',
        await answer(vectors, small, name, args),
      );
    }
  }
  console.log('question                   asked  largest difference');
  for (const [name, [count, most]] of largest)
    console.log(`${name.padEnd(27)}${String(count).padStart(5)}  ${most.toExponential(1)}`);
  console.log(wrong === 0 ? 'All answers are equal.' : `${wrong} answers differ.`);
  process.exitCode = wrong === 0 ? 0 : 1;
}

async function answer(vectors, small, name, args) {
  const list = (neighbours) => neighbours.map(({ word, score }) => [word, score]);
  const copy = () => vectors.vectorsForAll(vectors);
  switch (name) {
    case 'mostSimilar':
      return list(await vectors.mostSimilar({ positive: args[0], negative: args[1] }, args[2]));
    case 'mostSimilarCosmul':
      return list(await vectors.mostSimilarCosmul({ positive: args[0], negative: args[1] }));
    case 'similarByVector':
    case 'similarByWord':
      return list(await vectors[name](...args));
    case 'rankByCentrality':
      return list(vectors.rankByCentrality(...args));
    case 'allDistances':
      return [...(await vectors.distances(...args))];
    case 'cosineSimilarities':
      return [...KeyedVectors.cosineSimilarities(...args)];
    case 'closerThan':
      return (await vectors.closerThan(...args)).sort();
    case 'getMeanVector':
      return [...vectors.getMeanVector(args[0], args[1] ? { weights: args[1] } : {})];
    case 'getVector':
      return [...vectors.getVector(args[0], { norm: args[1] })];
    case 'vectorsForAll':
      return [...(await vectors.vectorsForAll(...args))];
    case 'addVectors': {
      const grown = await copy();
      await grown.addVectors(args[0], args[1], { replace: args[2] });
      return [[...grown].slice(-3), [...grown.getVectors(args[0])]];
    }
    case 'unitNormalizeAll': {
      const own = await copy();
      await own.unitNormalizeAll();
      return [...own.getVectors(...args)];
    }
    case 'phrases': {
      const [sentences, scoring, minCount, threshold, connectorWords] = args;
      const learned = await Phrases.learn(sentences, { scoring, minCount, threshold, connectorWords });
      const frozen = await learned.freeze();
      const found = [...frozen].map(({ phrase, score }) => [phrase, score]);
      const byName = (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);
      return [found.sort(byName), sentences.map((sentence) => frozen.join(sentence))];
    }
    case 'predictOutputWord':
      return (await small.predictOutputWord(args[3], { topN: 5 })).map((answer) => [
        answer.word,
        answer.probability,
      ]);
    case 'wmDistance':
      return vectors.wmDistance(args[0], args[1], { norm: args[2] });
    case 'evaluateWordAnalogies': {
      const { accuracy, sections } = await vectors.evaluateWordAnalogies(args[0], { restrictVocab: args[1] });
      return [accuracy, sections.map((s) => [s.name, s.correct, s.total - s.correct])];
    }
    case 'evaluateWordPairs': {
      const { pearson, spearman, oovRatio } = await vectors.evaluateWordPairs(args[0], {
        restrictVocab: args[1],
      });
      return [pearson, spearman, oovRatio];
    }
    default: {
      const value = await vectors[name](...args);
      return ArrayBuffer.isView(value) ? [...value] : value;
    }
  }
}

/** The largest difference of numbers that should be equal; infinity where anything else differs. Words of equal score may be swapped. */
function distance(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) / Math.max(1, Math.abs(b));
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b ? 0 : Infinity;
  if (a.length !== b.length) return Infinity;
  const isNeighbour = (x) =>
    Array.isArray(x) && x.length === 2 && typeof x[0] === 'string' && typeof x[1] === 'number';
  return Math.max(
    0,
    ...a.map((x, i) => {
      const swapped =
        isNeighbour(x) && x[0] !== b[i][0] && [i - 1, i + 1].some((k) => b[k] && b[k][0] === x[0]);
      return swapped ? Math.abs(x[1] - b[i][1]) : distance(x, b[i]);
    }),
  );
}

function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
