// backend, devices, and what is said where no GPU can train. None of it needs one.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Word2Vec, devices, type Devices } from '../lib/index.js';
import { parseOption, resolveTrainingOptions, toNative, trainingOptionSpecs } from '../lib/options.js';
import { lastJson, madeSentences, rejectionOf, root, runCli, runNode, temporaryFolder } from './helpers.js';

const file = temporaryFolder();
const sentences = madeSentences(50, 40);
const small = { vectorSize: 8, minCount: 1, epochs: 1, threads: 1 } as const;
/** That of this build; the tests themselves run without (jest.config.cjs). */
const library = path.join(root, 'build', 'Release', 'libword2vec_cuda.so');
/** A library whose devices are emulated on the processor, of the native tests; a process loads one library. */
const emulated = path.join(root, 'build', 'native-plain', 'native', 'test', 'libword2vec_emulated.so');
if (!existsSync(emulated))
  console.log(`Skipped: the native tests (npm run test:native) are not built (${emulated})`);
if (!existsSync(library)) console.log(`Skipped: this build has no library of the CUDA backend (${library})`);

test('devices() tells the processor, and why there is no GPU', async () => {
  const { isa, processors, cuda, cudaProblem } = await devices();
  expect(['avx512vnni', 'avx512', 'avx2', 'neon', 'scalar']).toContain(isa);
  expect(processors).toBeGreaterThanOrEqual(1);
  expect(cuda).toEqual([]);
  expect(cudaProblem).toMatch(/^the library of the CUDA backend does not load .*none/);
});

test("backend 'cuda' without a device is an error that says why, before the corpus is read", async () => {
  let read = 0;
  const source = (function* () {
    for (const sentence of sentences) {
      ++read;
      yield sentence;
    }
  })();
  const error = await rejectionOf(Word2Vec.train(source, { ...small, backend: 'cuda' }));
  expect(error).toMatchObject({ name: 'W2VError', code: 'ERR_W2V_DEVICE' });
  expect(error.message).toMatch(/^Expected a CUDA device to train on, but the library/);
  expect(read).toBe(0);
  expect((await rejectionOf(Word2Vec.train(sentences, { ...small, devices: [0] }))).code).toBe(
    'ERR_W2V_DEVICE',
  );
  // Options are checked first.
  const invalid = await rejectionOf(
    Word2Vec.train(sentences, { ...small, backend: 'cuda', devices: [0, 0] }),
  );
  expect(invalid.code).toBe('ERR_W2V_OPTION');
});

test("'auto' and 'cpu' train on the processor, and the report says so", async () => {
  for (const backend of ['auto', 'cpu'] as const) {
    const { report, options } = await Word2Vec.train(sentences, { ...small, backend });
    expect(report).toMatchObject({ backend: 'cpu', devices: [] });
    expect(options.backend).toBe(backend);
  }
});

test('a model is trained further on what the call says, or on what the model says', async () => {
  const model = await Word2Vec.train(sentences, small);
  expect((await rejectionOf(model.train(sentences, { backend: 'cuda' }))).code).toBe('ERR_W2V_DEVICE');
  expect((await rejectionOf(model.train(sentences, { devices: [-1] }))).code).toBe('ERR_W2V_OPTION');
  expect((await rejectionOf(model.train(sentences, { devices: [0] }))).code).toBe('ERR_W2V_DEVICE');
  expect((await model.train(sentences, { backend: 'cpu' })).backend).toBe('cpu');
  const asks = await Word2Vec.buildVocabulary(sentences, { ...small, backend: 'cuda', devices: [1] });
  expect((await rejectionOf(asks.train(sentences))).code).toBe('ERR_W2V_DEVICE');
  await asks.save(file('asks.w2v'));
  const loaded = await Word2Vec.load(file('asks.w2v'));
  expect(loaded.options).toMatchObject({ backend: 'cuda', devices: [1] });
  expect((await loaded.train(sentences, { backend: 'auto' })).backend).toBe('cpu');
});

test('a checkpoint is resumed on what the call says', async () => {
  const run = { ...small, epochs: 2, checkpoint: { path: file('c.w2v'), everyEpochs: 1 } };
  await Word2Vec.train(sentences, { ...run, onEpochEnd: () => false });
  const refused = await rejectionOf(Word2Vec.resume(file('c.w2v'), sentences, { backend: 'cuda' }));
  expect(refused.code).toBe('ERR_W2V_DEVICE');
  const { report } = await Word2Vec.resume(file('c.w2v'), sentences, { backend: 'cpu' });
  expect(report.backend).toBe('cpu');
});

test.each([[[]], [[0, 0]], [[-1]], [[0.5]], ['0'], [[2 ** 31]]])('devices: %p is refused', (value) => {
  expect(() => resolveTrainingOptions({ devices: value as number[] })).toThrow(
    expect.objectContaining({
      code: 'ERR_W2V_OPTION',
      message: expect.stringContaining('devices') as string,
    }),
  );
});

test('the numbers of devices, from the API and from the command line, reach the addon', () => {
  const numbers = ({ devices: chosen }: { devices?: number[] }) => [
    ...toNative(resolveTrainingOptions({ devices: chosen })).training.devices,
  ];
  expect(numbers({})).toEqual([]);
  expect(numbers({ devices: [2, 0] })).toEqual([2, 0]);
  expect(parseOption(trainingOptionSpecs.devices, '2,0')).toEqual([2, 0]);
  for (const text of ['', 'all', '0,', '0,0', '-1'])
    expect(() => parseOption(trainingOptionSpecs.devices, text)).toThrow(
      expect.objectContaining({ code: 'ERR_W2V_OPTION' }),
    );
});

describe('the command line', () => {
  beforeAll(() => writeFileSync(file('text.txt'), sentences.map((words) => words.join(' ')).join('\n')));

  test('w2v info --devices lists what there is', async () => {
    const text = await runCli(['info', '--devices']);
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/^cpu +\w+, \d+ threads\ncuda +none usable: the library/);
    const { cuda, cudaProblem } = lastJson<Devices>(await runCli(['info', '--devices', '--json']));
    expect({ cuda, cudaProblem }).toEqual({ cuda: [], cudaProblem: expect.any(String) as string });
    expect((await runCli(['info'])).code).toBe(2);
  });

  test('w2v train --backend cuda ends with 1 where no device can train', async () => {
    const args = ['train', file('text.txt'), '--output', file('v.bin'), '--min-count', '1', '--epochs', '1'];
    const refused = await runCli([...args, '--backend', 'cuda']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^w2v: Expected a CUDA device .*\(ERR_W2V_DEVICE\)\n$/);
    expect(existsSync(file('v.bin'))).toBe(false);
    expect((await runCli([...args, '--backend', 'gpu'])).code).toBe(2);
    expect((await runCli([...args, '--backend', 'auto', '--devices', '0'])).code).toBe(0);
  });

  (existsSync(library) ? test : test.skip)(
    'the library of this build loads, and says what there is',
    async () => {
      const found = await runCli(['info', '--devices', '--json'], { env: { W2V_CUDA_LIBRARY: library } });
      const { cuda, cudaProblem } = lastJson<Devices>(found);
      if (cuda.length === 0) {
        expect(cudaProblem).toMatch(
          /^(there is no NVIDIA driver|the NVIDIA driver is too old|there is a driver, but)/,
        );
      } else {
        expect(cuda[0]).toMatchObject({ index: 0, name: expect.any(String) as string });
      }
    },
  );
});

(existsSync(emulated) ? describe : describe.skip)('with a device that can train', () => {
  const env = { W2V_CUDA_LIBRARY: emulated };
  const text = file('emulated.txt');
  const args = ['train', text, '--min-count', '1', '--vector-size', '8', '--threads', '1'];
  const reportOf = (result: Awaited<ReturnType<typeof runCli>>) => {
    expect({ code: result.code, stderr: result.code === 0 ? '' : result.stderr }).toEqual({
      code: 0,
      stderr: '',
    });
    return lastJson<{ backend: string; devices: string[] }>(result);
  };
  /** What a program prints as JSON, with the package as `w2v`. */
  const evaluate = async (program: string) => {
    const before = `const w2v = require(${JSON.stringify(path.join(root, 'dist', 'index.js'))});`;
    const result = await runNode(['-e', `${before} (async () => { ${program} })()`], { env });
    expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: '' });
    return lastJson<Record<string, unknown>>(result);
  };
  const given = JSON.stringify({ ...small, epochs: 3 });
  const corpus = `const sentences = require('fs').readFileSync(${JSON.stringify(text)}, 'utf8').split('\\n').map((line) => line.split(' '));`;

  beforeAll(() =>
    writeFileSync(
      text,
      madeSentences(400, 40)
        .map((words) => words.join(' '))
        .join('\n'),
    ),
  );

  test('it is listed, and auto takes it', async () => {
    const { cuda, cudaProblem } = lastJson<Devices>(await runCli(['info', '--devices', '--json'], { env }));
    expect(cudaProblem).toBeNull();
    expect(cuda).toEqual([
      expect.objectContaining({ index: 0, name: 'emulated 0', computeCapability: '9.0' }),
    ]);
    expect((await runCli(['info', '--devices'], { env })).stdout).toMatch(/^cuda 0 +emulated 0,/m);
    const output = ['--output', file('e.bin'), '--json'];
    expect(reportOf(await runCli([...args, ...output], { env }))).toMatchObject({
      backend: 'cuda',
      devices: ['emulated 0'],
    });
    expect(reportOf(await runCli([...args, ...output, '--backend', 'cpu'], { env })).backend).toBe('cpu');
    expect(reportOf(await runCli([...args, ...output, '--devices', '0'], { env })).backend).toBe('cuda');
    const none = await runCli([...args, ...output, '--devices', '1'], { env });
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/ERR_W2V_DEVICE/);
  });

  test('files are those of the processor; a checkpoint of either is resumed by the other', async () => {
    for (const [first, second] of [
      ['cuda', 'cpu'],
      ['cpu', 'cuda'],
    ] as const) {
      const found = await evaluate(`${corpus}
        const checkpoint = { path: ${JSON.stringify(file('e.w2v'))}, everyEpochs: 1 };
        const begun = await w2v.Word2Vec.train(sentences, { ...${given}, backend: '${first}', checkpoint, onEpochEnd: () => false });
        const model = await w2v.Word2Vec.resume(checkpoint.path, sentences, { backend: '${second}' });
        await model.vectors.save(${JSON.stringify(file('e.bin'))});
        console.log(JSON.stringify({ begun: begun.report, resumed: model.report, size: model.vectors.size }));`);
      expect(found).toMatchObject({
        begun: { backend: first, stoppedEarly: true },
        resumed: { backend: second, stoppedEarly: false },
        size: 41,
      });
      expect(readFileSync(file('e.bin'), 'latin1')).toMatch(/^41 8\n<\/s> /);
    }
  });

  test('progress, losses, stops and signals reach it', async () => {
    const found = await evaluate(`${corpus}
      const progress = [];
      const losses = [];
      const options = { ...${given}, backend: 'cuda', computeLoss: true };
      const { report } = await w2v.Word2Vec.train(sentences, {
        ...options,
        onProgress: (p) => progress.push(p),
        onEpochEnd: ({ loss }) => void losses.push(loss),
      });
      const controller = new AbortController();
      const aborted = w2v.Word2Vec.train(sentences, { ...options, epochs: 1e5, signal: controller.signal });
      setTimeout(() => controller.abort(), 300);
      const reason = await aborted.then(() => 'none', (error) => error.name);
      const stop = new AbortController();
      const stopped = w2v.Word2Vec.train(sentences, { ...options, epochs: 1e5, stopSignal: stop.signal });
      setTimeout(() => stop.abort(), 300);
      const { stoppedEarly } = (await stopped).report;
      console.log(JSON.stringify({ report, progress: progress.length, losses, reason, stoppedEarly }));`);
    expect(found).toMatchObject({ report: { backend: 'cuda' }, reason: 'AbortError', stoppedEarly: true });
    expect(found.progress).toBeGreaterThan(0);
    expect(found.losses).toHaveLength(3);
    const losses = found.losses as number[];
    expect(losses[2]).toBeLessThan(losses[0]!);
  });

  test('a model is trained further there, with new words', async () => {
    const found = await evaluate(`${corpus}
      const model = await w2v.Word2Vec.train(sentences, { ...${given}, backend: 'cpu' });
      const more = [['new', 'words', 'w0', 'w1'], ['words', 'new', 'w1', 'w2']];
      await model.buildVocabulary(more, { update: true });
      const report = await model.train(more, { backend: 'cuda', epochs: 2 });
      console.log(JSON.stringify({ backend: report.backend, has: model.vectors.has('new') }));`);
    expect(found).toEqual({ backend: 'cuda', has: true });
  });
});
