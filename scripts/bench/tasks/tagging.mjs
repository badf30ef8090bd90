// Tagging: chunks, names, roles; vectors from scratch, given and frozen, given and fine-tuned; speed. A part of npm run bench:tasks.
import * as echarts from 'echarts';
import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  KeyedVectors,
  SequenceTagger,
  Word2Vec,
  readColumns,
  readPropositions,
} from '../../../dist/index.mjs';
import { cores, sharedData, temporaryFolder } from '../common.mjs';

export const name = 'tagging';

const seeds = (process.env.W2V_BENCH_SEEDS ?? '1,2,3').split(',').map(Number);
const nlp = path.join(sharedData, 'nlp');
const common = { hiddenSize: 150, threads: cores };

async function all(sentences) {
  const list = [];
  for await (const sentence of sentences) list.push(sentence);
  return list;
}

/** Vectors of en-mix's text, without the sources that hold text of the tests. */
async function pretrain(folder, leftOut = 'T') {
  const read = async (file) =>
    gunzipSync(await readFile(path.join(sharedData, file)))
      .toString()
      .split('\n');
  const sources = await read('en-mix.sources.gz');
  const lines = await read('en-mix.txt.gz');
  const text = path.join(folder, 'en-mix.txt');
  writeFileSync(text, lines.filter((_, i) => !leftOut.includes(sources[i])).join('\n'));
  const model = await Word2Vec.train(text, {
    sg: true,
    vectorSize: 50,
    epochs: 3,
    sample: 1e-4,
    threads: cores,
  });
  return model.vectors;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const spread = (values) =>
  values.length < 2
    ? 0
    : Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1));

/** F1 in percent on the test sentences, for each seed. */
async function measure(title, train, test, options) {
  const f1 = [];
  for (const seed of seeds) {
    const tagger = await SequenceTagger.train(train, { ...common, ...options, seed });
    const result = await tagger.test(test);
    f1.push(100 * result.f1);
    console.error(
      `${title}, seed ${seed}: F1 ${(100 * result.f1).toFixed(2)} after epoch ${tagger.report.bestEpoch}`,
    );
  }
  return f1;
}

/** The most frequent role of each predicate sense and position; of the position alone where that was not seen. */
function mostFrequentRoles(train, test) {
  const counts = new Map();
  const keys = ({ columns }, i, at) => [`${columns.sense[0]} ${i - at}`, `${i - at}`];
  const predicateOf = ({ columns }) => columns.distance.indexOf('0');
  for (const sentence of train) {
    const at = predicateOf(sentence);
    for (const [i, tag] of sentence.tags.entries()) {
      for (const key of keys(sentence, i, at)) {
        if (!counts.has(key)) counts.set(key, new Map());
        counts.get(key).set(tag, (counts.get(key).get(tag) ?? 0) + 1);
      }
    }
  }
  const best = new Map(
    [...counts].map(([key, tags]) => [key, [...tags].reduce((a, b) => (b[1] > a[1] ? b : a))[0]]),
  );
  let [right, given, there] = [0, 0, 0];
  for (const sentence of test) {
    const at = predicateOf(sentence);
    for (const [i, tag] of sentence.tags.entries()) {
      const known = keys(sentence, i, at).find((key) => best.has(key));
      const predicted = known === undefined ? 'O' : best.get(known);
      if (predicted !== 'O') ++given;
      if (tag !== 'O') ++there;
      if (tag !== 'O' && tag === predicted) ++right;
    }
  }
  return (200 * right) / (given + there);
}

/** Tokens a second of one thread's processor time, strings in and strings out. */
async function speed(train, test) {
  const tagger = await SequenceTagger.train(train, { ...common, epochs: 1 });
  const tokens = test.reduce((sum, sentence) => sum + sentence.tokens.length, 0);
  const rounds = [];
  for (let round = 0; round < 5; ++round) {
    const before = process.cpuUsage();
    await tagger.tag(test, { threads: 1 });
    const { user, system } = process.cpuUsage(before);
    rounds.push(tokens / ((user + system) / 1e6));
  }
  return rounds.toSorted((a, b) => a - b)[2];
}

const figures = (task, values, wanted) => [
  task,
  `${mean(values).toFixed(2)} ± ${spread(values).toFixed(2)}`,
  wanted,
];
const chunkFiles = async () =>
  Promise.all(
    ['train.txt', 'test.txt'].map((file) => all(readColumns(path.join(nlp, 'conll2000.zip', file)))),
  );

/** What is measured: each gives rows of the table, and what fine-tuning does where it is about that. */
const parts = {
  async chunking() {
    const [train, test] = await chunkFiles();
    const f1 = await measure('chunking', train, test, { epochs: 3 });
    return { rows: [figures('chunking, with the part of speech: F1', f1, '≥ 92')] };
  },

  async chunkingByWords(vectors) {
    const [train, test] = await chunkFiles();
    const options = { epochs: 3, ignoreColumns: ['column2'] };
    const task = await tuning('chunking without the part of speech', train, test, vectors, options);
    return {
      rows: [
        figures('chunking without it, vectors from scratch: F1', task.scratch, ''),
        figures('chunking without it, given vectors, fine-tuned: F1', task.tuned, 'from scratch + 1'),
      ],
      tuning: task,
    };
  },

  names: async () => ({
    rows: [await names('esp', 'Spanish', '≥ 72'), await names('ned', 'Dutch', '≥ 70')],
  }),

  async roles(vectors) {
    const folder = path.join(nlp, 'universal-propositions.zip', 'UP_English-EWT');
    const [train, test] = await Promise.all(
      ['dev', 'test'].map((part) => all(readPropositions(path.join(folder, `en_ewt-up-${part}.conllu`)))),
    );
    const baseline = mostFrequentRoles(train, test);
    const task = await tuning('roles', train, test, vectors, { epochs: 4 });
    return {
      rows: [
        ['roles, the most frequent of sense and position: F1', baseline.toFixed(2), ''],
        figures('roles, given vectors, fine-tuned: F1', task.tuned, `≥ ${(baseline + 15).toFixed(2)}`),
        figures('roles, given vectors, frozen: F1', task.frozen, '≤ fine-tuned'),
      ],
      tuning: task,
    };
  },

  async newNames(vectors) {
    const [train, held, test] = await Promise.all(
      ['wnut17train.conll', 'emerging.dev.conll', 'emerging.test.annotated'].map((file) =>
        all(readColumns(path.join(nlp, 'wnut17.zip', file))),
      ),
    );
    const options = { epochs: 6, development: held };
    return { rows: [], tuning: await tuning('new names (WNUT17)', train, test, vectors, options) };
  },

  async speed() {
    const [train, test] = await chunkFiles();
    const measured = Math.round(await speed(train, test)).toLocaleString('en');
    return { rows: [['speed, one thread: tokens per second of processor time', measured, '≥ 100,000']] };
  },
};

async function names(language, title, wanted) {
  const [train, held, test] = await Promise.all(
    ['train', 'testa', 'testb'].map((part) =>
      all(readColumns(path.join(nlp, 'conll2002.zip', `${language}.${part}`))),
    ),
  );
  const f1 = await measure(`names, ${title}`, train, test, { epochs: 8, threads: 1, development: held });
  return figures(`names, ${title}, testb: F1`, f1, wanted);
}

async function tuning(title, train, test, vectors, options) {
  return {
    title,
    scratch: await measure(`${title}, from scratch`, train, test, options),
    frozen: await measure(`${title}, frozen`, train, test, { ...options, vectors, frozen: true }),
    tuned: await measure(`${title}, fine-tuned`, train, test, { ...options, vectors }),
  };
}

/** Bars of each task. */
function tuningChart(tasks) {
  const height = 70 * tasks.length + 70;
  const drawing = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 760, height });
  const bars = (title, of) => ({
    name: title,
    type: 'bar',
    data: tasks.map((task) => Number(mean(of(task)).toFixed(1))),
    label: { show: true, position: 'right' },
  });
  drawing.setOption({
    animation: false,
    backgroundColor: '#fff',
    legend: { top: 6, itemGap: 28 },
    grid: { left: 10, right: 40, top: 40, bottom: 30, containLabel: true },
    xAxis: { type: 'value', name: 'F1', nameLocation: 'middle', nameGap: 26 },
    yAxis: { type: 'category', inverse: true, data: tasks.map(({ title }) => title) },
    series: [
      bars('from scratch', ({ scratch }) => scratch),
      bars('given, frozen', ({ frozen }) => frozen),
      bars('given, fine-tuned', ({ tuned }) => tuned),
    ],
  });
  const svg = drawing.renderToSVGString();
  drawing.dispose();
  return svg;
}

/** W2V_BENCH_PARTS (chunking,names,…) measures some of it. */
export async function run({ quick = false } = {}) {
  if (quick) seeds.length = 1;
  const columns = ['task', 'measured', 'wanted'];
  if (!existsSync(nlp))
    return { title: 'Tagging', columns, rows: [], notes: ['no data here: nothing to measure on'] };
  const given = process.env.W2V_BENCH_VECTORS;
  const vectors = given ? await KeyedVectors.load(given) : await pretrain(temporaryFolder());
  const chosen = process.env.W2V_BENCH_PARTS?.split(',') ?? Object.keys(parts);
  const results = [];
  for (const part of chosen) results.push(await parts[part](vectors));
  const tuned = results.flatMap(({ tuning: task }) => task ?? []);
  return {
    title: 'Tagging',
    columns,
    rows: results.flatMap(({ rows }) => rows),
    tables: [
      {
        title: 'Vectors from scratch, given and frozen, given and fine-tuned: F1',
        columns: ['task', 'from scratch', 'given, frozen', 'given, fine-tuned'],
        rows: tuned.map(({ title, ...ways }) => [
          title,
          ...[ways.scratch, ways.frozen, ways.tuned].map((values) => figures('', values)[1]),
        ]),
      },
    ],
    charts: { 'tagging.svg': tuningChart(tuned) },
    notes: [
      '![F1 by how word vectors begin](benchmarks/tagging.svg)',
      `Mean and standard deviation of seeds ${seeds.join(', ')}; ${cores} threads. Hidden layer ${common.hiddenSize}, all else as by default, but 3 epochs for chunks, 4 for roles, 6 for new names, 8 (by one thread) for names in Spanish and Dutch; names: the best epoch on the development set. ` +
        'Given vectors: skip-gram, 50 dimensions, 3 epochs of en-mix without source T. Roles: those of the predicate itself, which is given, are not counted. Spans are scored as conlleval does.',
    ],
  };
}
