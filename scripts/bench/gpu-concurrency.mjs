// npm run bench:gpu-concurrency [-- --results FILE] [--only curve|modes|quality] [--docs]
//
// What thousands of workers at the same time do to vectors, without a GPU: emulated ones take turns (native/test/cuda_emulation.h), each step computed
// from rows that lack a step of every other worker: as stale as rows can be on a device. Skip-gram, 100 dimensions, 5 epochs, on wiki8. `curve`: the
// first 20 MB, with other numbers of workers and limits of hot rows; `modes`: the other modes there, by their loss; `quality`: all of wiki8, three
// seeds, beside the processor's with three numbers of threads, which differ too. Each training's result is a line appended to the results file, so that a broken run goes on where it stopped. --docs
// writes the section of docs/cuda.md. Hours on 2 cores; CXX=clang++ CXXFLAGS=-march=native make it shorter.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { KeyedVectors } from '../../dist/index.mjs';
import {
  KeptResults,
  cores,
  judge,
  machine,
  markdownTable,
  replaceSection,
  root,
  run,
  sharedData,
  statistics,
  temporaryFolder,
  today,
} from './common.mjs';

const { values } = parseArgs({
  options: {
    results: { type: 'string', default: path.join(root, 'build', 'bench-gpu-concurrency.jsonl') },
    only: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
});
const corpus = path.join(sharedData, 'wiki8.txt.gz');
if (!existsSync(corpus)) {
  console.error(
    `bench:gpu-concurrency: needs ${path.relative('.', corpus)} and the evaluation sets beside it`,
  );
  process.exit(2);
}

/** Workers of an H200, 16 a multiprocessor at 128 floats; those that wiki8 and its first 20 MB have (native/cuda/session.cpp). */
const all = 2112;
const usual = { 100: 517, 20: 104 };
const none = 1_000_000;
const [inputs, targets] = [12, 48];
const curve = [
  { cpu: 2 },
  ...[usual[20], 512, 1024, all].map((workers) => ({ workers, inputs, targets })),
  ...[48, 96, none].map((limit) => ({ workers: all, inputs: limit, targets })),
  { workers: all, inputs, targets: 12 },
].map((row) => ({ ...row, megabytes: 20, keys: ['epochs=5'] }));
const modes = [
  ['skip-gram, HS', ['hs=1', 'negative=0']],
  ['CBOW, NS', ['sg=0']],
  ['CBOW, HS', ['sg=0', 'hs=1', 'negative=0']],
  ['skip-gram, NS, per-pair', ['pair=1']],
].flatMap(([mode, keys]) =>
  [{ cpu: 2 }, ...[usual[20], all].map((workers) => ({ workers, inputs, targets }))].map((row) => ({
    ...row,
    mode,
    megabytes: 20,
    keys: ['epochs=2', ...keys],
  })),
);
const trainers = [...[1, 2, 16].map((cpu) => ({ cpu })), { workers: usual[100], inputs, targets }];
const quality = trainers.flatMap((trainer) =>
  [1, 2, 3].map((seed) => ({ ...trainer, seed, megabytes: 100, keys: ['epochs=5', `seed=${seed}`] })),
);
const wanted = Object.entries({ quality, curve, modes }).filter(
  ([name]) => !values.only || values.only === name,
);

// ---- trainings ----

const folder = temporaryFolder();
const build = path.join(root, 'build', 'gpu-concurrency');
run('cmake', ['-S', root, '-B', build, '-DW2V_BUILD_ADDON=OFF', '-DW2V_BUILD_TESTS=ON', '-DW2V_CUDA=OFF']);
run('cmake', ['--build', build, '--target', 'w2v_emulated_check', 'word2vec_emulated', '--parallel', cores]);
const programs = path.join(build, 'native', 'test');
const text = gunzipSync(readFileSync(corpus));
for (const megabytes of [20, 100])
  writeFileSync(path.join(folder, `${megabytes}.txt`), text.subarray(0, megabytes * 1e6));

async function measure({ cpu, workers, inputs, targets, megabytes, keys }, index) {
  const output = path.join(folder, `${index}.bin`);
  const tuning = cpu
    ? ['cpu', `threads=${cpu}`]
    : [`workers=${workers}`, `hot-inputs=${inputs}`, `hot-targets=${targets}`];
  const { stdout } = await promisify(execFile)(
    path.join(programs, 'w2v_emulated_check'),
    ['train', path.join(folder, `${megabytes}.txt`), output, 'size=100', ...keys, ...tuning],
    {
      env: {
        ...process.env,
        W2V_CUDA_LIBRARY: path.join(programs, 'libword2vec_emulated.so'),
        W2V_EMULATED_WORKERS: String(workers ?? 1),
      },
    },
  );
  const loss = Number(/loss ([\d.a-z-]+)/.exec(stdout)[1]);
  const { total, men, wordsim353, simlex999 } = await judge(await KeyedVectors.load(output));
  return { analogies: total, men, wordsim353, simlex999, loss, date: today };
}

const results = new KeptResults(values.results);
const left = wanted
  .flatMap(([, rows]) => rows)
  .filter((row) => !results.has(JSON.stringify(row)))
  .entries();
await Promise.all(
  Array.from({ length: cores }, async () => {
    for (const [index, row] of left) {
      const key = JSON.stringify(row);
      const result = await measure(row, index);
      results.set(key, result);
      console.error(key, result);
    }
  }),
);

// ---- what is shown ----

const trainerOf = ({ cpu, workers }) =>
  cpu ? `processor, ${cpu} thread${cpu === 1 ? '' : 's'}` : `${workers} workers`;
const limit = (n) => (n === undefined ? '' : n === none ? 'none' : n);
const percent = (n) => (Number.isFinite(n) ? `${n.toFixed(1)}%` : '');
const tables = {
  quality: () => {
    const names = ['analogies', 'men', 'wordsim353', 'simlex999'];
    const shown = (name, x) => (name === 'analogies' ? x.toFixed(2) : x.toFixed(4));
    const of = (trainer, name) =>
      quality
        .filter(({ cpu, workers }) => cpu === trainer.cpu && workers === trainer.workers)
        .map((row) => results.get(JSON.stringify(row))[name]);
    const means = trainers.map((trainer) => [
      trainerOf(trainer),
      ...names.map((name) => shown(name, statistics(of(trainer, name)).mean)),
    ]);
    // Seed by seed, against the processor's mean over its numbers of threads.
    const differences = names.map((name) => {
      const [processor, device] = [true, false].map((cpu) =>
        trainers.filter((trainer) => Boolean(trainer.cpu) === cpu).map((trainer) => of(trainer, name)),
      );
      const { mean, error } = statistics(
        device[0].map((x, i) => x - statistics(processor.map((samples) => samples[i])).mean),
      );
      return `${shown(name, mean)} ± ${shown(name, error)}`;
    });
    return markdownTable(
      ['all of wiki8, mean of 3 seeds', 'analogies, %', 'MEN', 'WordSim-353', 'SimLex-999'],
      [...means, ['workers − processor, standard error', ...differences]],
    );
  },
  curve: () =>
    markdownTable(
      ['the first 20 MB', 'hot inputs', 'hot targets', 'analogies', 'MEN', 'WordSim-353', 'loss'],
      curve.map((row) => {
        const { analogies, men, wordsim353, loss } = results.get(JSON.stringify(row));
        return [
          trainerOf(row),
          limit(row.inputs),
          limit(row.targets),
          percent(analogies),
          men.toFixed(3),
          wordsim353.toFixed(3),
          loss.toFixed(2),
        ];
      }),
    ),
  modes: () => {
    const trainers = [{ cpu: 2 }, { workers: usual[20] }, { workers: all }];
    const names = [...new Set(modes.map(({ mode }) => mode))];
    const result = (name, { cpu, workers }) =>
      results.get(
        JSON.stringify(modes.find((row) => row.mode === name && row.cpu === cpu && row.workers === workers)),
      );
    return markdownTable(
      ['the first 20 MB, 2 epochs: loss (MEN)', ...trainers.map(trainerOf)],
      names.map((name) => [
        name,
        ...trainers
          .map((trainer) => result(name, trainer))
          .map(({ loss, men }) => `${loss.toFixed(2)} (${men.toFixed(3)})`),
      ]),
    );
  },
};
const shown = wanted.map(([name]) => tables[name]()).join('\n\n');
console.log(shown);
if (values.docs)
  replaceSection(
    path.join(root, 'docs', 'cuda.md'),
    'concurrency',
    `\`npm run bench:gpu-concurrency\`, ${machine}, ${today}.\n\n${shown}`,
  );
