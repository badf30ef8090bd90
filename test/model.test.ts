// The life of a model: saved, loaded, interrupted, trained further, given more words, asked.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  KeyedVectors,
  Word2Vec,
  estimateMemory,
  type TrainOptions,
  type TrainingProgress,
  type TrainingEvent,
} from '../lib/index.js';
import { madeSentences, refusalOf, rejectionOf, root, temporaryFolder, wrong } from './helpers.js';

const file = temporaryFolder();
const sentences = madeSentences(1500);
const text = sentences.map((words) => `${words.join(' ')}\n`).join('');
const more = madeSentences(400, 60).map((words) => words.map((word) => `new-${word}`));
const quick: TrainOptions = { vectorSize: 12, minCount: 1, threads: 1, epochs: 3, sample: 0 };

const bytesOf = (vectors: KeyedVectors) => Buffer.from(vectors.getVectors([...vectors]).buffer);
const same = (a: KeyedVectors | undefined, b: KeyedVectors | undefined) =>
  a && b ? [...a].join(' ') === [...b].join(' ') && bytesOf(a).equals(bytesOf(b)) : a === b;

const modes: TrainOptions[] = [
  { sg: true },
  { sg: false, negatives: 'per-pair' },
  { sg: true, hs: true, negative: 0 },
  { sg: false, hs: true, negative: 3 },
];

describe('model files', () => {
  test.each(modes)('what is saved is what is loaded, and goes on the same: %j', async (mode) => {
    const model = await Word2Vec.train(sentences, { ...quick, ...mode });
    await model.save(file('model.w2v'));
    for (const mmap of [true, false]) {
      const loaded = await Word2Vec.load(file('model.w2v'), { mmap });
      expect(loaded.options).toEqual(model.options);
      expect([loaded.epochsTrained, loaded.wordsTrained]).toEqual([3, model.report.trainedWords]);
      expect(same(loaded.vectors, model.vectors)).toBe(true);
      expect(same(loaded.outputVectors, model.outputVectors)).toBe(true);
      expect(loaded.vectors.count('</s>')).toBe(sentences.length);
    }
    const loaded = await Word2Vec.load(file('model.w2v'));
    await loaded.train(sentences, { epochs: 1 });
    const before = bytesOf(model.vectors);
    await model.train(sentences, { epochs: 1 });
    expect(bytesOf(model.vectors).equals(before)).toBe(false);
    expect(same(loaded.vectors, model.vectors)).toBe(true);
    // The file was mapped and the model trained: the file is as it was.
    expect(bytesOf((await Word2Vec.load(file('model.w2v'))).vectors).equals(before)).toBe(true);
  });

  test('its vectors load as vectors, and a mapped model answers before it is in memory', async () => {
    const model = await Word2Vec.train(sentences, quick);
    await model.save(file('model.w2v'));
    const vectors = await KeyedVectors.load(file('model.w2v'));
    expect(vectors.loadedFrom).toMatchObject({ format: 'w2v', mapped: true });
    const loaded = await Word2Vec.load(file('model.w2v'));
    const word = [...model.vectors][1]!;
    expect(await vectors.mostSimilar(word)).toEqual(await model.vectors.mostSimilar(word));
    expect(await loaded.vectors.mostSimilar(word)).toEqual(await model.vectors.mostSimilar(word));
    await vectors.verify();
  });

  test('vectors alone, other files, cut and damaged models are refused', async () => {
    const model = await Word2Vec.train(sentences, quick);
    await model.vectors.save(file('vectors.w2v'));
    const onlyVectors = await rejectionOf(Word2Vec.load(file('vectors.w2v')));
    expect(onlyVectors.code).toBe('ERR_W2V_VECTOR_FORMAT');
    expect(onlyVectors.message).toContain('fromVectors');
    writeFileSync(file('text'), 'no model');
    expect((await rejectionOf(Word2Vec.load(file('text')))).code).toBe('ERR_W2V_VECTOR_FORMAT');
    expect((await rejectionOf(Word2Vec.load(file('none')))).code).toBe('ERR_W2V_FILE_NOT_FOUND');

    await model.save(file('model.w2v'));
    const bytes = readFileSync(file('model.w2v'));
    writeFileSync(file('cut.w2v'), bytes.subarray(0, bytes.length - 5000));
    expect((await rejectionOf(Word2Vec.load(file('cut.w2v')))).code).toBe('ERR_W2V_VECTOR_TRUNCATED');
    const damaged = Buffer.from(bytes);
    const { vectors } = model;
    const row = Buffer.from(vectors.getVector([...vectors][5]!).buffer);
    damaged[bytes.indexOf(row)]! ^= 1;
    writeFileSync(file('damaged.w2v'), damaged);
    expect((await rejectionOf(Word2Vec.load(file('damaged.w2v'), { mmap: false }))).code).toBe(
      'ERR_W2V_VECTOR_CHECKSUM',
    );
    const mapped = await Word2Vec.load(file('damaged.w2v')); // not read yet
    expect((await rejectionOf(mapped.train(sentences))).code).toBe('ERR_W2V_VECTOR_CHECKSUM');
  });

  test('a model that cannot be written leaves what was there', async () => {
    const model = await Word2Vec.train(sentences, quick);
    expect((await rejectionOf(model.save(file('no/such/folder.w2v')))).code).toBe('ERR_W2V_FILE_WRITE');
    await model.save(file('kept.w2v'));
    const before = readFileSync(file('kept.w2v'));
    const error = await rejectionOf(model.save(file('kept.w2v'), { signal: AbortSignal.abort() }));
    expect(error.code).toBe('ERR_W2V_CANCELLED');
    expect(readFileSync(file('kept.w2v')).equals(before)).toBe(true);
  });
});

describe('checkpoints', () => {
  beforeAll(() => writeFileSync(file('corpus.txt'), text));

  test('an interval of months is none of a millisecond', async () => {
    const warned = jest.fn();
    process.on('warning', warned);
    const checkpoint = { path: file('never.w2v'), everySeconds: 1000 * 3600 };
    await Word2Vec.train(sentences, { ...quick, epochs: 200, checkpoint });
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
    expect(existsSync(checkpoint.path)).toBe(false);
  });

  test.each(['nowhere/run.w2v', 'corpus.txt/run.w2v', ''])(
    'a checkpoint that cannot be written as %j ends the training before it begins',
    async (name) => {
      const checkpoint = { path: file(name), everyEpochs: 1 };
      const model = await Word2Vec.buildVocabulary(sentences, quick);
      await Word2Vec.train(sentences, { ...quick, checkpoint: { path: file('good.w2v'), everyEpochs: 2 } });
      const onTrainBegin = jest.fn();
      const onProgress = jest.fn();
      for (const training of [
        () => Word2Vec.train(sentences, { ...quick, checkpoint, onTrainBegin, onProgress }),
        () => Word2Vec.resume(file('good.w2v'), sentences, { checkpoint, onTrainBegin, onProgress }),
        () => model.train(sentences, { checkpoint, onTrainBegin, onProgress }),
      ])
        expect((await refusalOf(training)).code).toBe('ERR_W2V_FILE_WRITE');
      expect(onTrainBegin).not.toHaveBeenCalled();
      expect(onProgress).not.toHaveBeenCalled();
    },
  );
  const long: TrainOptions = { ...quick, epochs: 30 };

  test.each(modes)('one thread, interrupted and resumed: the same bytes. %j', async (mode) => {
    const options = { ...long, ...mode, minAlpha: 0.001 };
    const whole = await Word2Vec.train(file('corpus.txt'), options);
    const checkpoint = { path: file('run.w2v'), everySeconds: 0.005 };
    // Ended at some moment, then at another, and then brought to its end.
    const interrupted = () => {
      const controller = new AbortController();
      const onTrainBegin = () => void setTimeout(() => controller.abort(), 15);
      return { checkpoint, signal: controller.signal, onTrainBegin };
    };
    const first = Word2Vec.train(file('corpus.txt'), { ...options, ...interrupted() });
    expect((await rejectionOf(first)).code).toBe('ERR_W2V_CANCELLED');
    const second = Word2Vec.resume(file('run.w2v'), undefined, interrupted());
    expect((await rejectionOf(second)).code).toBe('ERR_W2V_CANCELLED');
    const resumed = await Word2Vec.resume(file('run.w2v'), file('corpus.txt'));
    expect(same(resumed.vectors, whole.vectors)).toBe(true);
    expect(same(resumed.outputVectors, whole.outputVectors)).toBe(true);
    expect(resumed.report.trainedWords).toBe(whole.report.trainedWords);
    expect(resumed.report.alpha).toBe(whole.report.alpha);
    expect(resumed.report.stoppedEarly).toBe(false);
    expect([resumed.epochsTrained, resumed.wordsTrained]).toEqual([30, whole.report.trainedWords]);
  });

  test('stopping leaves one too, and several threads resume', async () => {
    const options = { ...long, threads: 3, epochs: 500 };
    const controller = new AbortController();
    const stopped = await Word2Vec.train(file('corpus.txt'), {
      ...options,
      checkpoint: { path: file('stopped.w2v') },
      stopSignal: controller.signal,
      onProgress: ({ phase }) => phase === 'training' && controller.abort(),
    });
    expect(stopped.report.stoppedEarly).toBe(true);
    const seen: number[] = [];
    const resuming = new AbortController();
    const resumed = await Word2Vec.resume(file('stopped.w2v'), undefined, {
      stopSignal: resuming.signal,
      onProgress: ({ phase, fraction }) => {
        if (phase !== 'training') return;
        seen.push(fraction!);
        resuming.abort();
      },
    });
    const total = 500 * (sentences.flat().length + sentences.length);
    expect(seen[0]).toBeGreaterThanOrEqual(stopped.report.trainedWords / total);
    expect(resumed.report.trainedWords).toBeGreaterThan(stopped.report.trainedWords);
    expect(resumed.report.threads).toBe(3);
  });

  test('by epochs, and several are kept', async () => {
    const checkpoint = { path: file('kept/run.w2v'), everyEpochs: 2, keep: 3 };
    const error = await rejectionOf(Word2Vec.train(file('corpus.txt'), { ...long, checkpoint }));
    expect(error.code).toBe('ERR_W2V_FILE_WRITE');
    const kept = { ...checkpoint, path: file('run.w2v') };
    rmSync(file('run.w2v'), { force: true });
    // A process that is no more was killed while it saved.
    writeFileSync(file('run.w2v.999999999-0.tmp'), 'half a checkpoint');
    writeFileSync(file(`run.w2v.${process.pid}-99.tmp`), 'of another training of this process');
    await Word2Vec.train(file('corpus.txt'), { ...long, epochs: 9, checkpoint: kept });
    const names = readdirSync(file('.')).filter((name) => name.startsWith('run.w2v'));
    const kept3 = ['run.w2v', 'run.w2v.1', 'run.w2v.2', `run.w2v.${process.pid}-99.tmp`];
    expect(names.sort()).toEqual(kept3.sort());
    const words = sentences.flat().length + sentences.length;
    const trained: number[] = [];
    for (const name of ['run.w2v', 'run.w2v.1', 'run.w2v.2']) {
      const resumed = await Word2Vec.resume(file(name), undefined, {
        onTrainBegin: ({ trainedWords }) => void trained.push(trainedWords),
      });
      expect(resumed.report.trainedWords).toBe(9 * words);
    }
    expect(trained).toEqual([8 * words, 6 * words, 4 * words]);
  });

  test('another corpus, a model at rest, and text that is not there any more', async () => {
    const checkpoint = { path: file('other.w2v'), everyEpochs: 1 };
    await Word2Vec.train(sentences, { ...quick, checkpoint });
    const missing = await rejectionOf(Word2Vec.resume(file('other.w2v')));
    expect([missing.code, missing.message]).toEqual([
      'ERR_W2V_ARGUMENT',
      expect.stringContaining('not trained on files'),
    ]);
    for (const corpus of [sentences.slice(1), sentences.toReversed()]) {
      const error = await rejectionOf(Word2Vec.resume(file('other.w2v'), corpus));
      expect([error.code, error.message]).toEqual([
        'ERR_W2V_ARGUMENT',
        expect.stringContaining('checkpoint was made with'),
      ]);
    }
    const model = await Word2Vec.train(sentences, quick);
    await model.save(file('rest.w2v'));
    expect((await rejectionOf(Word2Vec.resume(file('rest.w2v'), sentences))).message).toContain('at rest');
  });

  test.each([
    [{ path: '' }, 'path'],
    [{ path: 'x', everySeconds: 0 }, 'everySeconds'],
    [{ path: 'x', everyEpochs: 1.5 }, 'everyEpochs'],
    [{ path: 'x', keep: 0 }, 'keep'],
  ])('%j is no checkpoint', async (checkpoint, name) => {
    const error = await rejectionOf(Word2Vec.train(sentences, { ...quick, checkpoint }));
    expect([error.code, error.message]).toEqual(['ERR_W2V_OPTION', expect.stringContaining(name)]);
  });

  // The long form: W2V_KILLS=50, npm run test:kills.
  const kills = Number(process.env.W2V_KILLS ?? 5);
  test(`killed ${kills} times, anywhere, it resumes from a complete checkpoint to the same bytes`, async () => {
    const large = text.repeat(6);
    writeFileSync(file('large.txt'), large);
    const options = { ...quick, vectorSize: 64, epochs: 40, sg: true };
    const whole = await Word2Vec.train(file('large.txt'), options);
    rmSync(file('killed.w2v'), { force: true });
    let killed = 0;
    const run = (args: string[]) =>
      spawn(process.execPath, [path.join(root, 'dist/cli/main.js'), 'train', ...args], { stdio: 'ignore' });
    const flags = [
      ...['--vector-size', '64', '--epochs', '40', '--sg', '--min-count', '1', '--threads', '1'],
      ...['--sample', '0'],
    ];
    const checkpoint = ['--checkpoint', file('killed.w2v'), '--checkpoint-every', '0.02s'];
    const output = ['--output', file('killed.bin')];
    const written = () => statSync(file('killed.w2v'), { throwIfNoEntry: false })?.mtimeMs;
    for (; killed < kills;) {
      const resume = existsSync(file('killed.w2v'));
      const child = run(
        resume
          ? ['--resume', file('killed.w2v'), ...output, '--checkpoint-every', '0.02s']
          : [file('large.txt'), ...flags, ...checkpoint, ...output],
      );
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      // At any moment; every other time not before it has come further, however slow the machine is.
      const before = written();
      while (killed % 2 === 0 && child.exitCode === null && written() === before) await sleep(5);
      const code = await Promise.race([ended, sleep(Math.random() * 350, undefined)]);
      if (code === 0) break; // it came to its end before
      child.kill('SIGKILL');
      await ended;
      ++killed;
    }
    expect(killed).toBeGreaterThan(0);
    const resumed = await Word2Vec.resume(file('killed.w2v'));
    expect(same(resumed.vectors, whole.vectors)).toBe(true);
  }, 600_000);
});

describe('training further', () => {
  test.each([
    [{ startAlpha: NaN }, 'Expected startAlpha to be a number above 0'],
    [{ endAlpha: -1 }, 'Expected endAlpha to be a number from 0'],
    [
      { startAlpha: 0.01, endAlpha: 0.02 },
      'Expected endAlpha to be at most startAlpha (0.01) but received 0.02',
    ],
    [{ totalWords: null }, 'Expected totalWords to be a whole number from 0'],
  ])('%p is refused under its own name', async (options, message) => {
    const model = await Word2Vec.buildVocabulary(sentences, quick);
    const error = await refusalOf(() => model.train(sentences, wrong(options)));
    expect([error.code, error.message]).toEqual(['ERR_W2V_OPTION', expect.stringContaining(message)]);
  });

  test('a second training goes on from the first, with other draws', async () => {
    for (const negatives of ['shared', 'per-pair'] as const) {
      const model = await Word2Vec.train(sentences, { ...quick, negatives, epochs: 1 });
      const [rows, outputs] = [bytesOf(model.vectors), bytesOf(model.outputVectors!)];
      const report = await model.train(sentences, { epochs: 2, startAlpha: 0.01, endAlpha: 0.005 });
      expect(report).toBe(model.report);
      expect(report.alpha).toBeCloseTo(0.005, 6);
      expect(model.epochsTrained).toBe(3);
      expect(bytesOf(model.vectors).equals(rows)).toBe(false);
      expect(bytesOf(model.outputVectors!).equals(outputs)).toBe(false);
    }
  });

  test('totalWords: one fall of the learning rate over several calls', async () => {
    const model = await Word2Vec.buildVocabulary(sentences, quick);
    const words = sentences.flat().length + sentences.length;
    const half = { epochs: 1, startAlpha: 0.05, endAlpha: 0.01, totalWords: 2 * words };
    expect((await model.train(sentences, half)).alpha).toBeCloseTo(0.03, 6);
  });

  test('a model of counted words, trained, is a trained model', async () => {
    const whole = await Word2Vec.train(sentences, quick);
    const model = await Word2Vec.buildVocabulary(sentences, quick);
    expect(model.epochsTrained).toBe(0);
    expect(model.report).toBeUndefined();
    await model.train(sentences);
    expect(same(model.vectors, whole.vectors)).toBe(true);

    const counts = new Map([...whole.vectors].map((word) => [word, whole.vectors.count(word)!]));
    const counted = await Word2Vec.fromFrequencies(counts, quick);
    await counted.train(sentences);
    expect(same(counted.vectors, whole.vectors)).toBe(true);
    const few = await Word2Vec.fromFrequencies({ a: 5, b: 2, c: 9 }, { minCount: 3 });
    expect([...few.vectors].map((word) => [word, few.vectors.count(word)])).toEqual([
      ['</s>', 1],
      ['c', 9],
      ['a', 5],
    ]);
  });

  test('of thousands of words, as a Map or an object, with a rule for each', async () => {
    const words = Array.from({ length: 20_000 }, (_, i) => `w${i}`);
    const counts = new Map([['</s>', 7], ...words.map((word, i) => [word, 1 + (i % 10)] as const)]);
    const options = {
      vectorSize: 2,
      minCount: 10,
      trimRule: (word: string) => (word === 'w0' ? 'keep' : word === 'w9' ? 'discard' : 'default'),
    } as const;
    const { vectors } = await Word2Vec.fromFrequencies(counts, options);
    const expected = ['</s>', ...words.filter((_, i) => i % 10 === 9 && i !== 9), 'w0'];
    expect([...vectors].sort()).toEqual(expected.sort());
    expect([vectors.count('</s>'), vectors.count('w0'), vectors.count('w19')]).toEqual([7, 1, 10]);
    const model = await Word2Vec.fromFrequencies(Object.fromEntries(counts), options);
    expect([...model.vectors]).toEqual([...vectors]);
    const all = await model.predictOutputWord(['none', ...words], { topN: 1e9 });
    expect(all.map(({ word }) => word).sort()).toEqual([...vectors].filter((word) => word !== '</s>').sort());
    expect(all.slice(0, 5)).toEqual(await model.predictOutputWord(words, { topN: 5 }));
    await model.setLearningRateFactor(vectors, 0);
  });

  test.each([{ sg: true }, { sg: false, hs: true }])(
    'more words, without disturbing the old: %j',
    async (mode) => {
      const model = await Word2Vec.train(sentences, { ...quick, ...mode });
      const words = [...model.vectors];
      const [rows, outputs] = [bytesOf(model.vectors), bytesOf(model.outputVectors!)];
      const old = words[3]!;
      const count = model.vectors.count(old)!;
      const added = await model.buildVocabulary([...more, [old, 'rare']], { update: true, minCount: 2 });
      expect(added).toBeGreaterThan(20);
      expect(model.vectors.size).toBe(words.length + added);
      expect([...model.vectors].slice(0, words.length)).toEqual(words);
      expect(model.vectors.has('rare')).toBe(false);
      expect(bytesOf(model.vectors).subarray(0, rows.length).equals(rows)).toBe(true);
      expect(bytesOf(model.outputVectors!).subarray(0, outputs.length).equals(outputs)).toBe(true);
      expect(model.vectors.count(old)).toBe(count + 1);
      expect(model.vectors.count('</s>')).toBe(sentences.length + more.length + 1);
      const fresh = model.vectors.getVector(more[0]![0]!);
      expect(fresh.some((value) => value !== 0)).toBe(true);

      await model.train(more, { epochs: 5 });
      expect(model.vectors.getVector(more[0]![0]!)).not.toEqual(fresh);
      const word = more[0]![0]!;
      for (const { word: near } of await model.vectors.mostSimilar(word, { topN: 5 }))
        expect(near.startsWith('new-')).toBe(true);
      // Nothing new: counts only.
      expect(await model.buildVocabulary([[old]], { update: true })).toBe(0);
      expect(model.vectors.count(old)).toBe(count + 2);
    },
  );

  test('learning-rate factors: 0 freezes, and they are saved', async () => {
    for (const mode of modes) {
      const model = await Word2Vec.train(sentences, { ...quick, ...mode, epochs: 1 });
      const frozen = [...model.vectors].slice(1, 20);
      const rows = model.vectors.getVectors(frozen);
      const others = model.vectors.getVector([...model.vectors][30]!);
      await model.setLearningRateFactor(frozen, 0);
      await model.save(file('frozen.w2v'));
      const loaded = await Word2Vec.load(file('frozen.w2v'));
      for (const each of [model, loaded]) {
        await each.train(sentences, { epochs: 1 });
        expect(each.vectors.getVectors(frozen)).toEqual(rows);
        expect(each.vectors.getVector([...each.vectors][30]!)).not.toEqual(others);
      }
      await model.setLearningRateFactor(frozen, 1);
      await model.train(sentences, { epochs: 1 });
      expect(model.vectors.getVectors(frozen)).not.toEqual(rows);
    }
    const model = await Word2Vec.train(sentences, quick);
    expect((await rejectionOf(model.setLearningRateFactor(['none'], 0))).code).toBe('ERR_W2V_UNKNOWN_WORD');
    expect((await rejectionOf(model.setLearningRateFactor([], -1))).code).toBe('ERR_W2V_ARGUMENT');
  });

  test('from vectors: they are where it starts, and what is fine-tuned', async () => {
    const general = await Word2Vec.train(sentences, quick);
    const model = await Word2Vec.fromVectors(general.vectors, { minCount: 1, threads: 1, negative: 5 });
    expect(same(model.vectors, general.vectors)).toBe(true);
    expect(model.options.vectorSize).toBe(12);
    await model.buildVocabulary(more, { update: true });
    await model.train(more, { epochs: 3 });
    const old = [...general.vectors].at(-1)!;
    expect(model.vectors.getVector(old)).toEqual(general.vectors.getVector(old)); // not in that text
    expect(model.vectors.has(more[0]![0]!)).toBe(true);

    const bare = await KeyedVectors.fromVectors(['a', 'b', 'c'], [[1], [2], [3]]);
    const zipf = await Word2Vec.fromVectors(bare);
    expect([...zipf.vectors].map((word) => zipf.vectors.count(word))).toEqual([1, 3, 1, 1]);
    expect((await rejectionOf(Word2Vec.fromVectors(bare, { vectorSize: 2 }))).code).toBe('ERR_W2V_OPTION');
  });

  test('an intersection takes vectors over, frozen or not', async () => {
    const general = await Word2Vec.train(sentences, quick);
    const model = await Word2Vec.buildVocabulary([...sentences.slice(0, 50), ...more], quick);
    const known = [...model.vectors].filter((word) => general.vectors.has(word));
    expect(await model.intersectVectors(general.vectors, { factor: 0 })).toBe(known.length);
    const word = known[5]!;
    expect(model.vectors.getVector(word)).toEqual(general.vectors.getVector(word));
    await model.train([...sentences.slice(0, 50), ...more], { epochs: 2 });
    expect(model.vectors.getVector(word)).toEqual(general.vectors.getVector(word));
    const other = await KeyedVectors.fromVectors(['a'], [[1, 2]]);
    expect((await rejectionOf(model.intersectVectors(other))).code).toBe('ERR_W2V_ARGUMENT');
  });

  test('two things at once are refused', async () => {
    const model = await Word2Vec.train(sentences, { ...quick, epochs: 1 });
    const enough = new AbortController();
    let training: Promise<unknown> | undefined;
    const begun = new Promise<void>((resolve) => {
      const onProgress = ({ phase }: TrainingProgress) => phase === 'training' && resolve();
      training = model.train(sentences, { epochs: 100_000, stopSignal: enough.signal, onProgress });
    });
    expect((await rejectionOf(model.train(sentences))).code).toBe('ERR_W2V_BUSY');
    await begun;
    expect((await rejectionOf(model.save(file('busy.w2v')))).code).toBe('ERR_W2V_BUSY');
    await model.vectors.mostSimilar([...model.vectors][1]!); // vectors can be asked
    enough.abort();
    await training;
    await model.save(file('busy.w2v'));
  });
});

describe('which words', () => {
  const corpus = ['the cat sat', 'the dog sat', 'the cat ran', 'a bird'];
  const words = async (options: TrainOptions) =>
    [...(await Word2Vec.buildVocabulary(corpus, { vectorSize: 2, minCount: 1, ...options })).vectors].slice(
      1,
    );

  test('stop words, trim rules, minimum and maximum', async () => {
    expect(await words({})).toEqual(['the', 'cat', 'sat', 'dog', 'ran', 'a', 'bird']);
    expect(await words({ stopWords: ['the', 'a', 'none'] })).toEqual(['cat', 'sat', 'dog', 'ran', 'bird']);
    const asked: [string, number, number][] = [];
    const trimmed = await words({
      minCount: 2,
      trimRule: (word, count, minCount) => {
        asked.push([word, count, minCount]);
        return word === 'bird' ? 'keep' : word === 'cat' ? 'discard' : undefined;
      },
    });
    expect(trimmed).toEqual(['the', 'sat', 'bird']);
    expect(asked.sort()).toEqual([
      ['a', 1, 2],
      ['bird', 1, 2],
      ['cat', 2, 2],
      ['dog', 1, 2],
      ['ran', 1, 2],
      ['sat', 2, 2],
      ['the', 3, 2],
    ]);
    expect(await words({ trimRule: () => 'default', maxFinalVocab: 3 })).toEqual(['the', 'cat', 'sat']);
  });

  test('a rule that makes no sense, throws, or leaves nothing', async () => {
    const wrong = await rejectionOf(words({ trimRule: () => 'maybe' as 'keep' }));
    expect([wrong.code, wrong.message]).toEqual(['ERR_W2V_ARGUMENT', expect.stringContaining("'maybe'")]);
    const own = new Error('own');
    const throwing = () => {
      throw own;
    };
    expect(await rejectionOf(words({ trimRule: throwing }))).toBe(own);
    expect((await rejectionOf(words({ trimRule: () => 'discard' }))).code).toBe('ERR_W2V_VOCABULARY_EMPTY');
    expect((await rejectionOf(words({ stopWords: 'the' }))).code).toBe('ERR_W2V_OPTION');
    expect((await rejectionOf(words({ trimRule: 5 as never }))).code).toBe('ERR_W2V_OPTION');
  });

  test('maxVocabMemory drops rare words while counting, and says so', async () => {
    const rare = Array.from({ length: 120_000 }, (_, i) => `common often rare${i}`);
    const options = { vectorSize: 2, minCount: 1, epochs: 1, threads: 1 };
    const all = await Word2Vec.train(rare, options);
    expect([all.vectors.size, all.report.warnings]).toEqual([120_003, []]);
    const { vectors, report } = await Word2Vec.train(rare, { ...options, maxVocabMemory: 500_000 });
    expect(vectors.size).toBeLessThan(60_000);
    expect([vectors.count('common'), vectors.count('often')]).toEqual([120_000, 120_000]);
    expect(report.trainedWords).toBe([...vectors].reduce((sum, word) => sum + vectors.count(word)!, 0));
    expect(report.warnings).toEqual([
      expect.stringMatching(/maxVocabMemory.*dropped.*1 occurrences or fewer/),
    ]);
  });
});

describe('seeing training', () => {
  test('the loss falls, is what validation measures, and costs nothing where it is off', async () => {
    for (const mode of modes) {
      const { report } = await Word2Vec.train(sentences, { ...quick, ...mode, epochs: 8 });
      expect(report.losses).toHaveLength(8);
      expect(report.losses[7]).toBeLessThan(report.losses[0]!);
      const off = await Word2Vec.train(sentences, { ...quick, ...mode, computeLoss: false });
      expect(off.report.losses).toEqual([null, null, null]);
      const on = await Word2Vec.train(sentences, { ...quick, ...mode });
      expect(same(on.vectors, off.vectors)).toBe(true);
    }
    // Before training, targets are zeros: every score is 0, every label costs log 2.
    const fresh = await Word2Vec.buildVocabulary(sentences, { ...quick, sg: true, negative: 0, hs: true });
    const start = await fresh.validate([['lonely']]);
    expect(start.predictions).toBe(0);
    const untrained = await Word2Vec.buildVocabulary(sentences, { ...quick, window: 1, negative: 3 });
    const { loss, predictions } = await untrained.validate(sentences);
    expect(predictions).toBe(sentences.filter((words) => words.length > 1).flat().length);
    expect(loss).toBeLessThanOrEqual(4 * Math.log(2) + 1e-9); // a negative that is the center is left out
    expect(loss).toBeGreaterThan(3.8 * Math.log(2));
    await untrained.train(sentences, { epochs: 20 });
    const trained = await untrained.validate(sentences);
    expect(trained.loss).toBeLessThan(0.95 * loss);
    expect(Math.abs(trained.loss - untrained.report!.losses.at(-1)!)).toBeLessThan(0.2); // of some samples
  });

  test('callbacks come in order, and training waits for them', async () => {
    const seen: string[] = [];
    const note =
      (name: string) =>
      async ({ model, epoch, epochs, trainedWords, alpha, loss }: TrainingEvent) => {
        const before = bytesOf(model.vectors);
        await sleep(30);
        expect(bytesOf(model.vectors).equals(before)).toBe(true); // nothing moves meanwhile
        await model.save(file('callback.w2v'));
        expect((await rejectionOf(model.train(sentences))).code).toBe('ERR_W2V_BUSY');
        expect(epochs).toBe(3);
        expect(alpha).toBeGreaterThan(0);
        expect(loss === null).toBe(trainedWords === 0);
        seen.push(`${name} ${epoch} ${trainedWords}`);
      };
    const { report } = await Word2Vec.train(sentences, {
      ...quick,
      threads: 2,
      onTrainBegin: note('begin'),
      onTrainEnd: note('end'),
      onEpochBegin: note('epoch'),
      onEpochEnd: note('done'),
    });
    const words = sentences.flat().length + sentences.length;
    expect(report.trainedWords).toBe(3 * words);
    expect(seen).toEqual([
      'begin 1 0',
      ...[1, 2, 3].flatMap((epoch) => [
        `epoch ${epoch} ${(epoch - 1) * words}`,
        `done ${epoch} ${epoch * words}`,
      ]),
      `end 3 ${3 * words}`,
    ]);
    const whole = await Word2Vec.train(sentences, quick);
    const byEpochs = await Word2Vec.train(sentences, { ...quick, onEpochEnd: () => undefined });
    expect(same(byEpochs.vectors, whole.vectors)).toBe(true);
  });

  test('a callback ends the training, or fails it', async () => {
    const { report, epochsTrained } = await Word2Vec.train(sentences, {
      ...quick,
      epochs: 10,
      onEpochEnd: ({ epoch }) => epoch < 4,
    });
    expect([report.stoppedEarly, epochsTrained]).toEqual([true, 4]);
    const own = new Error('own');
    const failing = Word2Vec.train(sentences, { ...quick, onEpochBegin: () => Promise.reject(own) });
    expect(await rejectionOf(failing)).toBe(own);
  });

  test('early stopping on a metric of the user', async () => {
    const values = [1, 2, 2.5, 2.4, 2.6, 2.55, 2.5, 9];
    let asked = 0;
    const run = async (stopping: object) => {
      asked = 0;
      const metric = () => Promise.resolve(values[asked++]!);
      const model = await Word2Vec.train(sentences, {
        ...quick,
        epochs: 8,
        earlyStopping: { metric, ...stopping },
      });
      return [model.epochsTrained, asked, model.report.stoppedEarly];
    };
    expect(await run({})).toEqual([4, 4, true]);
    expect(await run({ patience: 2 })).toEqual([7, 7, true]);
    expect(await run({ patience: 2, minDelta: 0.3 })).toEqual([5, 5, true]);
    expect(await run({ mode: 'min' })).toEqual([2, 2, true]);
    expect(await run({ patience: 5 })).toEqual([8, 8, false]);
    const nan = Word2Vec.train(sentences, { ...quick, earlyStopping: { metric: () => NaN } });
    expect((await rejectionOf(nan)).code).toBe('ERR_W2V_ARGUMENT');
    const bad = Word2Vec.train(sentences, { ...quick, earlyStopping: { metric: 5 as never } });
    expect((await rejectionOf(bad)).code).toBe('ERR_W2V_OPTION');
  });
});

describe('arguments', () => {
  let model: Word2Vec;
  beforeAll(async () => {
    model = await Word2Vec.buildVocabulary(sentences, quick);
  });

  test.each<[call: () => unknown, code: string, message: string]>([
    [() => Word2Vec.train(sentences, { stopWords: wrong([1]) }), 'OPTION', 'stopWords to be a list of words'],
    [() => Word2Vec.train(sentences, { stopWords: wrong({}) }), 'OPTION', 'stopWords to be a list of words'],
    [
      () => Word2Vec.train(sentences, { vectorSize: wrong(null) }),
      'OPTION',
      'vectorSize to be a whole number',
    ],
    [() => Word2Vec.train(wrong({ files: [Symbol('a')] })), 'ARGUMENT', "in 'files' but received a symbol"],
    [() => Word2Vec.fromFrequencies(wrong(undefined)), 'ARGUMENT', 'a Map or an object of words'],
    [() => Word2Vec.fromFrequencies(wrong(5)), 'ARGUMENT', 'a Map or an object of words'],
    [() => Word2Vec.load(wrong(undefined)), 'ARGUMENT', 'the path of a model but received undefined'],
    [() => Word2Vec.load('x', { mmap: wrong(1) }), 'OPTION', 'mmap to be true or false'],
    [() => Word2Vec.resume(wrong(null)), 'ARGUMENT', 'the path of a model but received null'],
    [() => model.save(wrong(5)), 'ARGUMENT', 'the path of a file but received 5'],
    [() => model.buildVocabulary(sentences, wrong(undefined)), 'OPTION', 'received undefined'],
    [() => model.buildVocabulary(wrong(undefined), { update: true }), 'ARGUMENT', 'received undefined'],
    [() => model.setLearningRateFactor(wrong({}), 0), 'ARGUMENT', 'a list of words'],
    [() => model.setLearningRateFactor(wrong(null), 0), 'ARGUMENT', 'a list of words but received null'],
    [() => model.setLearningRateFactor(wrong([1]), 0), 'ARGUMENT', 'a list of words but received 1'],
    [() => model.predictOutputWord(wrong([[]])), 'ARGUMENT', 'the words of a context'],
    [() => model.predictOutputWord(wrong(undefined)), 'ARGUMENT', 'the words of a context'],
    [() => estimateMemory(wrong(undefined)), 'OPTION', 'options (an object) but received undefined'],
    [() => estimateMemory({ vocabularySize: 1, corpusWords: NaN }), 'OPTION', 'corpusWords to be'],
    [() => estimateMemory({ vocabularySize: 1, wordBytes: wrong('8') }), 'OPTION', 'wordBytes to be'],
  ])('%s', async (call, code, message) => {
    const error = await refusalOf(call);
    expect([error.code, error.message]).toEqual([`ERR_W2V_${code}`, expect.stringContaining(message)]);
  });
});

describe('asking the model', () => {
  const grouped = Array.from({ length: 800 }, (_, i) => {
    const group = ['ape', 'bee', 'cow', 'dog'].map((word) => `${word}${i % 3}`);
    return [group[i % 4]!, group[(i + 1) % 4]!, group[(i + 2) % 4]!, group[(i + 3) % 4]!];
  });

  test.each([{ negative: 5 }, { negative: 0, hs: true }, { sg: true, negative: 5 }])(
    'the word in the middle of a context: %j',
    async (mode) => {
      const model = await Word2Vec.train(grouped, { ...quick, ...mode, epochs: 40 });
      const answers = await model.predictOutputWord(['ape1', 'cow1', 'unknown'], { topN: 2 });
      expect(answers.map(({ word }) => word).sort()).toEqual(['bee1', 'dog1']);
      const all = await model.predictOutputWord(['ape1', 'cow1'], { topN: 100 });
      expect(all).toHaveLength(12); // all words but </s>, which is no center
      const sum = all.reduce((sum, { probability }) => sum + probability, 0);
      expect(sum).toBeLessThan(1 + 1e-6);
      expect(sum).toBeGreaterThan(model.outputVectors ? 1 - 1e-6 : 0.9);
      if (model.outputVectors) {
        // To the letter: softmax of the mean of the context with the output vectors.
        const [a, b] = [model.vectors.getVector('ape1'), model.vectors.getVector('cow1')];
        const score = (row: Float32Array) => row.reduce((sum, x, d) => sum + (x * (a[d]! + b[d]!)) / 2, 0);
        const rows = [...model.outputVectors].slice(1).map((word) => ({
          word,
          e: Math.exp(score(model.outputVectors!.getVector(word))),
        }));
        const total = rows.reduce((sum, { e }) => sum + e, 0);
        for (const { word, probability } of all)
          expect(probability).toBeCloseTo(rows.find((row) => row.word === word)!.e / total, 5);
      }
      expect((await rejectionOf(model.predictOutputWord(['unknown']))).code).toBe('ERR_W2V_UNKNOWN_WORD');
    },
  );

  test('scores: a sentence of its kind is likelier', async () => {
    const model = await Word2Vec.train(grouped, { ...quick, sg: true, hs: true, negative: 0, epochs: 20 });
    const scores = await model.score([
      ['ape1', 'bee1', 'cow1', 'dog1'],
      ['ape1', 'bee2', 'cow0', 'dog1'],
      [],
      ['unknown', 'words'],
    ]);
    expect(scores).toHaveLength(4);
    expect(scores[0]).toBeGreaterThan(scores[1]! + 5);
    expect([scores[2], scores[3]]).toEqual([0, 0]);
    const ns = await Word2Vec.train(grouped, quick);
    expect((await rejectionOf(ns.score([['ape1']]))).code).toBe('ERR_W2V_ARGUMENT');
    expect(ns.outputVectors?.size).toBe(ns.vectors.size);
    expect(model.outputVectors).toBeUndefined();
  });
});
