// Word2Vec.train: what it learns, reports, refuses and survives.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { KeyedVectors } from '../lib/index.js';
import { W2VError, Word2Vec, availableIsas, type TrainOptions, type TrainingProgress } from '../lib/index.js';
import { madeSentences, rejectionOf, root, runNode, temporaryFolder } from './helpers.js';

const file = temporaryFolder();
const sentences = madeSentences(2000);
const quick: TrainOptions = { vectorSize: 20, minCount: 1, epochs: 2, threads: 2 };

function bytesOf(vectors: KeyedVectors): Buffer {
  return Buffer.from(vectors.getVectors([...vectors]).buffer);
}

describe('what is learned', () => {
  // Words of a group occur together, those of different groups never.
  const groups = ['red green blue white black', 'dog cat horse cow goat', 'one two three four five'].map(
    (g) => g.split(' '),
  );
  const grouped = madeSentences(3000, 5).map((sentence, i) =>
    sentence.map((w) => groups[i % 3]![Number(w.slice(1))]!),
  );

  test.each<[TrainOptions]>([
    [{ sg: true }],
    [{ sg: false }],
    [{ sg: true, hs: true, negative: 0 }],
    [{ sg: false, hs: true, negative: 0 }],
    [{ sg: true, hs: true }],
    [{ sg: false, hs: true, cbowMean: false }],
    [{ sg: true, nsExponent: 0, shrinkWindows: false, minAlpha: 0.001, sample: 0 }],
    [{ sg: true, negatives: 'per-pair' }],
    [{ sg: false, negatives: 'per-pair' }],
  ])('words that occur together become neighbours: %j', async (mode) => {
    const { vectors } = await Word2Vec.train(grouped, {
      sample: 0,
      ...quick,
      threads: 1,
      epochs: 10,
      ...mode,
    });
    for (const group of groups) {
      const neighbours = await vectors.mostSimilar(group[0]!, { topN: 4 });
      expect(neighbours.map(({ word }) => word).sort()).toEqual(group.slice(1).sort());
    }
  });

  test('both objectives at once differ from either alone', async () => {
    const train = async (mode: TrainOptions) =>
      bytesOf((await Word2Vec.train(grouped, { ...quick, threads: 1, ...mode })).vectors);
    const both = await train({ hs: true, negative: 5 });
    expect(both.equals(await train({ hs: true, negative: 0 }))).toBe(false);
    expect(both.equals(await train({ hs: false, negative: 5 }))).toBe(false);
  });

  test('every option of the arithmetic changes the vectors', async () => {
    const base: TrainOptions = { ...quick, threads: 1 };
    const train = async (options: TrainOptions) =>
      bytesOf((await Word2Vec.train(sentences, { ...base, ...options })).vectors);
    const reference = await train({});
    const changes: TrainOptions[] = [
      { window: 2 },
      { negative: 3 },
      { nsExponent: 0.5 },
      { cbowMean: false },
      { sample: 1e-2 },
      { epochs: 3 },
      { alpha: 0.04 },
      { minAlpha: 0.01 },
      { seed: 2 },
      { maxSentenceLength: 5 },
      { shrinkWindows: false },
      { sg: true },
      { hs: true },
    ];
    for (const change of changes) {
      expect([change, (await train(change)).equals(reference)]).toEqual([change, false]);
    }
  });
});

describe('determinism', () => {
  test('one thread and one seed give the same bytes, from an iterable, a file and a spooled iterator', async () => {
    const options: TrainOptions = { ...quick, threads: 1, sg: true };
    const reference = bytesOf((await Word2Vec.train(sentences, options)).vectors);
    writeFileSync(file('corpus.txt'), sentences.map((s) => `${s.join(' ')}\n`).join(''));
    const again: TrainOptions = { ...options };
    expect(bytesOf((await Word2Vec.train(sentences, again)).vectors).equals(reference)).toBe(true);
    expect(bytesOf((await Word2Vec.train(file('corpus.txt'), again)).vectors).equals(reference)).toBe(true);
    const iterator = sentences.map((s) => s.join(' ')).values();
    expect(
      bytesOf((await Word2Vec.train(iterator, { ...again, spool: true })).vectors).equals(reference),
    ).toBe(true);
  });

  test.each(availableIsas())('twice the same in processes on %s', (isa) => {
    writeFileSync(file('corpus.txt'), sentences.map((s) => `${s.join(' ')}\n`).join(''));
    const run = () =>
      execFileSync(
        process.execPath,
        [
          '-e',
          `require('./dist/index.js').Word2Vec.train(${JSON.stringify(file('corpus.txt'))}, ${JSON.stringify({ ...quick, threads: 1 })})
            .then(({ vectors, report }) => process.stdout.write(report.isa + Buffer.from(vectors.getVectors([...vectors]).buffer).toString('base64')))`,
        ],
        { cwd: root, env: { ...process.env, W2V_FORCE_ISA: isa }, encoding: 'utf8' },
      );
    const first = run();
    expect(first.startsWith(isa)).toBe(true);
    expect(run()).toBe(first);
  });

  test('an instruction set that does not exist', () => {
    const child = spawnSync(process.execPath, ['-e', "require('./dist/index.js').isa()"], {
      cwd: root,
      env: { ...process.env, W2V_FORCE_ISA: 'mmx' },
      encoding: 'utf8',
    });
    expect(child.stderr).toContain('ERR_W2V_ISA');
    expect(child.stderr).toContain("'mmx'");
  });
});

test('the vocabulary: </s> first with the number of sentences, then by count, ties by first appearance', async () => {
  const corpus = ['b a c', 'a b', 'c c c d', 'e'];
  const { vectors, report } = await Word2Vec.train(corpus, { ...quick, minCount: 1 });
  expect([...vectors].map((word) => [word, vectors.count(word)])).toEqual([
    ['</s>', 4],
    ['c', 4],
    ['b', 2],
    ['a', 2],
    ['d', 1],
    ['e', 1],
  ]);
  expect(report.vocabulary).toBe(6);
  expect(report.words).toBe(10);

  const limited = await Word2Vec.train(corpus, { ...quick, minCount: 1, maxFinalVocab: 2 });
  expect([...limited.vectors]).toEqual(['</s>', 'c']); // b and a tie: with either there would be three
  const frequent = await Word2Vec.train(corpus, { ...quick, minCount: 2 });
  expect([...frequent.vectors]).toEqual(['</s>', 'c', 'b', 'a']);

  await frequent.vectors.saveVocabulary(file('vocab.txt'));
  expect(readFileSync(file('vocab.txt'), 'utf8')).toBe('</s> 4\nc 4\nb 2\na 2\n');
  const reread = await Word2Vec.train(corpus, { ...quick, minCount: 1, readVocab: file('vocab.txt') });
  expect([...reread.vectors]).toEqual(['</s>', 'c', 'b', 'a']);
});

test('report and progress', async () => {
  const seen: TrainingProgress[] = [];
  const many = madeSentences(60000);
  const { vectors, report, options } = await Word2Vec.train(many, {
    vectorSize: 60,
    sg: true,
    epochs: 3,
    threads: 1,
    onProgress: (progress) => seen.push(progress),
  });
  const words = many.flat().length;
  expect(report.words).toBe(words);
  expect(report.trainedWords).toBe(3 * [...vectors].reduce((sum, word) => sum + vectors.count(word)!, 0));
  expect(report).toMatchObject({ vocabulary: vectors.size, threads: 1, stoppedEarly: false, warnings: [] });
  expect(report.alpha).toBeLessThan(0.001);
  expect(report.trainCpuSeconds).toBeGreaterThan(0);
  expect(report.cpuSeconds).toBeGreaterThan(report.trainCpuSeconds);
  expect(report.seconds).toBeGreaterThanOrEqual(report.vocabularySeconds + report.trainSeconds - 0.01);
  expect(report.wordsPerSecond).toBeCloseTo(report.trainedWords / report.trainSeconds, 3);
  if (process.platform === 'linux') {
    expect(report.hugePageShare).toBeGreaterThanOrEqual(0);
    expect(report.hugePageShare).toBeLessThanOrEqual(1);
  } else {
    expect(report.hugePageShare).toBeNull();
  }
  expect(options).toMatchObject({ sg: true, alpha: 0.025, window: 5 });

  const training = seen.filter(({ phase }) => phase === 'training');
  expect(training.length).toBeGreaterThanOrEqual(2);
  training.forEach((progress, i) => {
    const before = training[i - 1];
    expect(progress.fraction).toBeGreaterThanOrEqual(before?.fraction ?? 0);
    expect(progress.alpha).toBeLessThanOrEqual(before?.alpha ?? 0.025);
    expect(progress.fraction).toBeLessThanOrEqual(1);
    expect(progress.wordsPerSecond).toBeGreaterThan(0);
  });
  expect(training.at(-1)!.fraction).toBe(1);
});

describe('ending a training', () => {
  const long: TrainOptions = { ...quick, epochs: 100000, sg: true, vectorSize: 100 };

  test('by signal: rejects at once and the next training is undisturbed', async () => {
    const controller = new AbortController();
    const training = Word2Vec.train(sentences, { ...long, signal: controller.signal });
    setTimeout(() => controller.abort('enough'), 300);
    expect(await rejectionOf(training)).toMatchObject({
      code: 'ERR_W2V_CANCELLED',
      name: 'AbortError',
      cause: 'enough',
    });
    await expect(Word2Vec.train(sentences, quick)).resolves.toBeInstanceOf(Word2Vec);
  });

  test('by a signal that was aborted before', async () => {
    const error = await rejectionOf(Word2Vec.train(sentences, { ...long, signal: AbortSignal.abort() }));
    expect(error.code).toBe('ERR_W2V_CANCELLED');
  });

  test('by stopSignal: keeps what is learned', async () => {
    const controller = new AbortController();
    const { vectors, report } = await Word2Vec.train(sentences, {
      ...long,
      stopSignal: controller.signal,
      onProgress: ({ phase }) => {
        if (phase === 'training') controller.abort();
      },
    });
    expect(report.stoppedEarly).toBe(true);
    expect(report.trainedWords).toBeGreaterThan(0);
    expect(
      bytesOf(vectors).equals(bytesOf((await Word2Vec.train(sentences, { ...long, epochs: 1 })).vectors)),
    ).toBe(false);
  });

  test('by stopSignal before anything is learned', async () => {
    const error = await rejectionOf(Word2Vec.train(sentences, { ...long, stopSignal: AbortSignal.abort() }));
    expect(error.code).toBe('ERR_W2V_CANCELLED');
  });

  test('by an error in onProgress, which is the rejection', async () => {
    const own = new Error('own');
    const training = Word2Vec.train(sentences, {
      ...long,
      onProgress: () => {
        throw own;
      },
    });
    expect(await rejectionOf(training)).toBe(own);
  });
});

test('several trainings at once do not disturb each other', async () => {
  const alone = bytesOf((await Word2Vec.train(sentences, { ...quick, threads: 1 })).vectors);
  const models = await Promise.all(
    [1, 2, 1, 2, 1].map((seed) => Word2Vec.train(sentences, { ...quick, threads: 1, seed })),
  );
  expect(models.map(({ vectors }) => bytesOf(vectors).equals(alone))).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
});

describe('worker threads and processes', () => {
  const code = (body: string) => `
    const { Word2Vec } = require(${JSON.stringify(path.join(root, 'dist', 'index.js'))});
    const sentences = ${JSON.stringify(sentences.slice(0, 500))};
    ${body}`;

  test('a worker trains', async () => {
    const worker = new Worker(
      code(`Word2Vec.train(sentences, { vectorSize: 8, minCount: 1 }).then(({ vectors }) =>
        require('node:worker_threads').parentPort.postMessage(vectors.size));`),
      { eval: true },
    );
    const size = await new Promise((resolve, reject) =>
      worker.once('message', resolve).once('error', reject),
    );
    expect(size).toBeGreaterThan(100);
    await worker.terminate();
  });

  test('workers end in mid-training', async () => {
    for (let i = 0; i < 5; ++i) {
      const worker = new Worker(
        code(`Word2Vec.train(sentences, { epochs: 1e6, minCount: 1, onProgress: ({ phase }) => {
          if (phase === 'training') require('node:worker_threads').parentPort.postMessage('training');
        } });`),
        { eval: true },
      );
      await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      expect(await worker.terminate()).toBe(1);
    }
  });

  // While the addon is loaded, while it starts, trains, answers: V8 may stop a worker's calls wherever they are.
  test('workers end at any moment', async () => {
    const body = code(`(async () => {
      for (;;) {
        const { vectors } = await Word2Vec.train(sentences, { vectorSize: 8, minCount: 1, epochs: 1 });
        await vectors.mostSimilar([...vectors][0]);
        await vectors.mostSimilar('not a word').catch(() => {});
      }
    })()`);
    const child = await runNode([
      '-e',
      `const { Worker } = require('node:worker_threads');
      (async () => {
        for (let moment = 0; moment < 160; moment += 2) { // milliseconds
          const worker = new Worker(${JSON.stringify(body)}, { eval: true });
          worker.once('error', (error) => console.log(error.message));
          await new Promise((online) => worker.once('online', online));
          await new Promise((passed) => setTimeout(passed, moment));
          await worker.terminate();
        }
      })()`,
    ]);
    expect(child).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test.each([
    ['process.exit(3)', 3],
    ['process.kill(process.pid, "SIGTERM")', null],
  ])('a process ends in mid-training: %s', async (end, status) => {
    const child = await runNode([
      '-e',
      code(`Word2Vec.train(sentences, { epochs: 1e6, minCount: 1, onProgress: ({ phase }) => {
        if (phase === 'training') { ${end}; }
      } });`),
    ]);
    expect(child).toEqual({ code: status, stdout: '', stderr: '' });
  });
});

describe('bad corpora', () => {
  const train = (name: string, content: string | Buffer, options: TrainOptions = {}) => {
    writeFileSync(file(name), content);
    return rejectionOf(Word2Vec.train(file(name), { ...quick, ...options }));
  };

  test.each([
    ['empty.txt', '', {}, 'ERR_W2V_CORPUS_EMPTY', 'empty.txt'],
    ['blank.txt', ' \n\t\n', {}, 'ERR_W2V_CORPUS_EMPTY', 'blank.txt'],
    ['rare.txt', 'a b c', { minCount: 5 }, 'ERR_W2V_VOCABULARY_EMPTY', 'minCount'],
    ['binary.bin', Buffer.from('text\nand\0bytes'), {}, 'ERR_W2V_CORPUS_BINARY', 'byte 8'],
    ['long.txt', `a b ${'x'.repeat(1 << 20)}`, {}, 'ERR_W2V_WORD_TOO_LONG', 'long.txt'],
  ])('%s', async (name, content, options, code, text) => {
    const error = await train(name, content, options);
    expect(error).toBeInstanceOf(W2VError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(text);
  });

  test('a folder without text', async () => {
    mkdirSync(file('hollow'));
    expect((await rejectionOf(Word2Vec.train(file('hollow')))).code).toBe('ERR_W2V_CORPUS_EMPTY');
  });

  test('a missing file, and a missing or malformed vocabulary', async () => {
    expect(await rejectionOf(Word2Vec.train(file('none.txt')))).toMatchObject({
      code: 'ERR_W2V_FILE_NOT_FOUND',
    });
    const readVocab = file('none.vocab');
    expect(await rejectionOf(Word2Vec.train(sentences, { readVocab }))).toMatchObject({
      code: 'ERR_W2V_FILE_NOT_FOUND',
    });
    writeFileSync(file('bad.vocab'), '</s> 5\nword twelve\n');
    const error = await rejectionOf(Word2Vec.train(sentences, { readVocab: file('bad.vocab') }));
    expect(error.code).toBe('ERR_W2V_VOCABULARY_FORMAT');
    expect(error.message).toContain('line 2');
    expect(error.message).toContain("'twelve'");
  });

  test('invalid UTF-8 is kept as bytes, counted and warned of', async () => {
    const latin1 = Buffer.from('caf\xe9 au lait\n'.repeat(10), 'latin1');
    writeFileSync(file('latin1.txt'), latin1);
    const { vectors, report } = await Word2Vec.train(file('latin1.txt'), quick);
    expect(report.warnings).toEqual([expect.stringContaining('10 words')]);
    await vectors.save(file('latin1.bin'));
    expect(readFileSync(file('latin1.bin')).includes(Buffer.from('caf\xe9 ', 'latin1'))).toBe(true);
  });

  test('a model larger than memory', () => {
    writeFileSync(file('words.txt'), Array.from({ length: 200000 }, (_, i) => `w${i}`).join(' '));
    const script = `require('./dist/index.js').Word2Vec.train(${JSON.stringify(file('words.txt'))}, { minCount: 1, vectorSize: 65536 })
      .catch(({ code, message }) => console.log(code, message));`;
    // 8 GB of address space: the two matrices need 105 GB.
    const { stdout } = spawnSync(
      'bash',
      ['-c', 'ulimit -v 8000000; exec "$0" -e "$1"', process.execPath, script],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    expect(stdout).toMatch(/^ERR_W2V_MEMORY .*matrix/);
  });

  test('a disk that is full while spooling', () => {
    writeFileSync(file('large.txt'), `${'a b c d e f g h '.repeat(200)}\n`.repeat(500));
    const script = `require('./dist/index.js').Word2Vec.train(${JSON.stringify(file('large.txt'))}, { spool: true })
      .catch(({ code, message }) => console.log(code, message));`;
    const { stdout } = spawnSync(
      'bash',
      ['-c', 'ulimit -f 100; exec "$0" -e "$1"', process.execPath, script],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    expect(stdout).toMatch(/^ERR_W2V_FILE_WRITE /);
    expect(stdout).toContain(tmpdir());
  });

  test('nothing is left behind in the temporary folder', async () => {
    mkdirSync(file('spool'));
    await Word2Vec.train(sentences, { ...quick, spool: file('spool') });
    expect(existsSync(file('spool'))).toBe(true);
    expect(readdirSync(file('spool'))).toEqual([]);
  });
});

test('a word beyond the options is refused before anything is read', async () => {
  const error = await rejectionOf(
    Word2Vec.train(file('none.txt'), { onprogress: () => undefined } as TrainOptions),
  );
  expect(error).toMatchObject({
    code: 'ERR_W2V_OPTION',
    message: "Unknown option 'onprogress': did you mean 'onProgress'?",
  });
});
