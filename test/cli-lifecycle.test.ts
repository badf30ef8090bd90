// The commands around a model's life: vocab, phrases, train with checkpoints and a log, report, cluster.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { KeyedVectors, Word2Vec, estimateMemory } from '../lib/index.js';
import {
  describeWithShared,
  lastJson,
  madeSentences,
  runCli,
  sharedData,
  temporaryFolder,
} from './helpers.js';

const file = temporaryFolder();
const sentences = madeSentences(3000);
const text = sentences.map((words) => `${words.join(' ')}\n`).join('');
const quick = ['--vector-size', '16', '--min-count', '1', '--threads', '1', '--sample', '0'];

beforeAll(() => writeFileSync(file('corpus.txt'), text));

describe('train', () => {
  test('interrupted, it leaves a checkpoint; resumed, the vectors are those of a training at one go', async () => {
    const options = [...quick, '--epochs', '150', '--sg'];
    const whole = await runCli(['train', file('corpus.txt'), '-o', file('whole.bin'), ...options]);
    expect(whole.code).toBe(0);
    const args = ['train', file('corpus.txt'), '-o', file('parts.bin'), ...options];
    const first = await runCli([...args, '--checkpoint', file('run.w2v'), '--log', file('first.jsonl')], {
      onStart: (child) => {
        const begun = () => existsSync(file('first.jsonl')) && readFileSync(file('first.jsonl'), 'utf8');
        const timer = setInterval(() => {
          if (!(begun() || '').includes('"training"')) return;
          clearInterval(timer);
          child.kill('SIGTERM');
        }, 20);
      },
    });
    expect(first.code).toBe(1);
    expect(first.stderr).toContain(`w2v train --resume ${file('run.w2v')} --output ${file('parts.bin')}`);
    expect(existsSync(file('parts.bin'))).toBe(true);
    const resumed = await runCli([
      ...['train', '--resume', file('run.w2v'), '-o', file('parts.bin'), '--json'],
      ...['--checkpoint-every', '100e', '--save-model', file('model.w2v')],
    ]);
    expect(resumed.stderr).not.toContain('interrupted');
    expect(resumed.code).toBe(0);
    expect(lastJson(resumed)).toMatchObject({ stoppedEarly: false, options: { epochs: 150, sg: true } });
    expect(readFileSync(file('parts.bin')).equals(readFileSync(file('whole.bin')))).toBe(true);
    expect((await Word2Vec.load(file('model.w2v'))).epochsTrained).toBe(150);
    expect(readdirSync(file('.')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  }, 60_000);

  test.each([
    [['-o', 'v.bin'], 'files to train on'],
    [['-o', 'v.bin', '--resume', 'x', '--sg'], 'no --sg beside --resume'],
    [['a', '-o', 'v.bin', '--checkpoint-every', '3x'], '30s'],
    [['a', '-o', 'v.bin', '--checkpoint-every', '1.5e'], '30s'],
    [['a', '-o', 'v.bin', '--checkpoint-keep', '0'], 'whole number'],
  ])('wrong usage: %j', async (args, says) => {
    const result = await runCli(['train', ...args]);
    expect([result.code, result.stderr]).toEqual([2, expect.stringContaining(says)]);
  });

  test('stop words, and files that are not there', async () => {
    const word = sentences[0]![0]!;
    writeFileSync(file('stop.txt'), `${word}\nnone\n`);
    const args = ['train', file('corpus.txt'), '-o', file('stopped.bin'), ...quick, '--epochs', '1'];
    expect((await runCli([...args, '--stop-words', file('stop.txt')])).code).toBe(0);
    expect((await KeyedVectors.load(file('stopped.bin'))).has(word)).toBe(false);
    for (const more of [
      ['--stop-words', file('none')],
      ['--log', file('no/such.jsonl')],
    ])
      expect((await runCli([...args, ...more])).code).toBe(1);
    const resume = await runCli(['train', '--resume', file('none.w2v'), '-o', file('x.bin')]);
    expect([resume.code, resume.stderr]).toEqual([1, expect.stringContaining('none.w2v')]);
  });
});

describe('report', () => {
  test('draws what --log wrote, in one file', async () => {
    const log = file('m<etrics>.jsonl');
    const options = [...quick, '--epochs', '60', '--vector-size', '64', '--sg'];
    await runCli(['train', file('corpus.txt'), '-o', file('logged.bin'), '--log', log, ...options]);
    const lines = readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ event: 'begin', options: { epochs: 60, sg: true } });
    expect(lines.at(-1)).toMatchObject({ event: 'end', stoppedEarly: false });
    const progress = lines.filter(({ event, phase }) => event === 'progress' && phase === 'training');
    expect(progress.length).toBeGreaterThan(1);
    expect(progress.at(-1)).toMatchObject({ fraction: 1, epoch: 60, loss: expect.any(Number) });
    const epochs = lines.filter(({ event }) => event === 'epoch');
    expect(epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss as number);

    const drawn = await runCli(['report', log, '--json']);
    expect(lastJson(drawn)).toEqual({
      output: `${log}.html`,
      lines: lines.length,
      progress: lines.filter(({ event }) => event === 'progress').length,
    });
    const html = readFileSync(`${log}.html`, 'utf8');
    expect(html.match(/<svg /g)).toHaveLength(4);
    for (const series of ['running', 'epoch', 'alpha', 'words/s'])
      expect(html).toMatch(new RegExp(`data-series="${series}" d="M[\\d.,L]+"`));
    expect(html).toContain('m&#60;etrics&#62;');
    expect(html).not.toMatch(/<script|src=|href=|url\(/);
  });

  test('of a training that was killed, of nothing, of something else', async () => {
    writeFileSync(file('killed.jsonl'), '{"event":"begin","time":"t","options":{}}\n{"event":"prog');
    expect((await runCli(['report', file('killed.jsonl'), '-o', file('killed.html')])).code).toBe(0);
    expect(readFileSync(file('killed.html'), 'utf8')).toContain('nothing measured');
    writeFileSync(file('empty.jsonl'), '');
    writeFileSync(file('other.jsonl'), '{"event":"begin"}\nno json\n');
    expect((await runCli(['report', file('empty.jsonl')])).stderr).toContain('lines of JSON');
    const other = await runCli(['report', file('other.jsonl')]);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('line 2')]);
    expect((await runCli(['report', file('none.jsonl')])).code).toBe(1);
  });
});

test('vocab: a dry run, and a vocabulary to train with', async () => {
  const args = ['vocab', file('corpus.txt'), '--min-count', '2', '--vector-size', '300', '--hs'];
  const result = await runCli([...args, '--output', file('vocab.txt'), '--json']);
  const { words, sentences: lines, vocabulary, keptWords, memory } = lastJson<Record<string, number>>(result);
  expect([words, lines]).toEqual([sentences.flat().length, sentences.length]);
  const model = await Word2Vec.buildVocabulary(file('corpus.txt'), { minCount: 2 });
  expect(vocabulary).toBe(model.vectors.size);
  const kept = [...model.vectors].slice(1).reduce((sum, word) => sum + model.vectors.count(word)!, 0);
  expect(keptWords).toBe(kept);
  expect(memory).toMatchObject({
    inputs: vocabulary! * 304 * 4,
    targets: 2 * vocabulary! * 304 * 4,
    corpus: 4 * (kept + sentences.length),
  });
  const saved = readFileSync(file('vocab.txt'), 'utf8').trimEnd().split('\n');
  expect(saved).toEqual([...model.vectors].map((word) => `${word} ${model.vectors.count(word)}`));
  const table = await runCli(args);
  expect(table.stdout).toContain(`${vocabulary!.toLocaleString('en')} with </s>`);
  expect((await runCli(['vocab', file('none.txt')])).code).toBe(1);
});

test('the estimate is what a training takes', async () => {
  const options = { vectorSize: 100, hs: true, minCount: 1 };
  const many = Array.from({ length: 30_000 }, (_, i) => `word${i}`);
  const estimate = estimateMemory({ ...options, vocabularySize: many.length + 1 });
  const before = process.memoryUsage().rss;
  const model = await Word2Vec.train([many.join(' ')], { ...options, epochs: 1, threads: 1 });
  const taken = process.memoryUsage().rss - before;
  expect(model.vectors.size).toBe(many.length + 1);
  expect(taken).toBeGreaterThan(0.5 * estimate.total);
  expect(taken).toBeLessThan(2 * estimate.total + 50e6);
  expect(() => estimateMemory({ vocabularySize: 0 })).toThrow('vocabularySize');
});

describe('phrases', () => {
  test('joins, lists, saves and loads; passes', async () => {
    const joined = text.replaceAll('\n', ' new york times\n');
    writeFileSync(file('phrases.txt'), joined);
    const args = [
      'phrases',
      file('phrases.txt'),
      file('joined.txt'),
      '--scoring',
      'npmi',
      '--threshold',
      '0.95',
    ];
    const result = await runCli([...args, '--passes', '2', '--list', '1', '--save', file('second')]);
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^new_york_times {2}1\.0000 {2}3000\n$/);
    const lines = readFileSync(file('joined.txt'), 'utf8').split('\n');
    expect(lines).toHaveLength(3001);
    expect(lines[0]).toBe(`${sentences[0]!.join(' ')} new_york_times`);
    writeFileSync(file('once.txt'), 'new_york times\n');
    await runCli(['phrases', file('once.txt'), file('twice.txt'), '--load', file('second')]);
    expect(readFileSync(file('twice.txt'), 'utf8')).toBe('new_york_times\n');
  });

  test.each([
    [['corpus.txt'], 2, '--save'],
    [['none.txt', 'out.txt'], 1, 'none.txt'],
    [['corpus.txt', 'out.txt', '--threshold', 'high'], 2, 'number'],
    [['corpus.txt', 'no/such.txt'], 1, 'no/such.txt'],
  ])('%j', async (args, code, says) => {
    const names = args.map((name) => (name.endsWith('.txt') ? file(name) : name));
    const result = await runCli(['phrases', ...names]);
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(says)]);
  });
});

describe('cluster', () => {
  test('words and classes, in the order of the vectors', async () => {
    await (await Word2Vec.train(sentences, { vectorSize: 8, minCount: 1 })).vectors.save(file('v.bin'));
    const args = ['cluster', file('v.bin'), '7', '-o', file('classes.txt')];
    const result = await runCli([...args, '--json', '--seed', '3', '--threads', '2']);
    const vectors = await KeyedVectors.load(file('v.bin'));
    expect(lastJson(result)).toMatchObject({ words: vectors.size, classes: 7, output: file('classes.txt') });
    const { classes, sizes, centroids, meanCosine } = await vectors.cluster(7, { seed: 3 });
    const lines = readFileSync(file('classes.txt'), 'utf8').trimEnd().split('\n');
    expect(lines).toEqual([...vectors].map((word, i) => `${word} ${classes[i]}`));
    expect(sizes.reduce((a, b) => a + b)).toBe(vectors.size);
    expect(centroids).toHaveLength(7 * 8);
    expect(meanCosine).toBeGreaterThan(0.2);
  });

  test.each([['0'], ['1e9'], ['many']])('%s classes are refused', async (count) => {
    writeFileSync(file('two.txt'), '2 1\na 1\nb 2\n');
    const result = await runCli(['cluster', file('two.txt'), count, '-o', file('x.txt')]);
    expect([result.code, result.stderr]).toEqual([2, expect.stringContaining('from 1 to 2')]);
  });

  describeWithShared('golden')("the original's -classes", () => {
    test('are reproduced', async () => {
      const args = ['cluster', sharedData('golden', 'sg-ns.bin'), '20', '--init', 'word2vec'];
      expect((await runCli([...args, '-o', file('golden.txt')])).code).toBe(0);
      expect(readFileSync(file('golden.txt'), 'utf8')).toBe(
        readFileSync(sharedData('golden', 'classes.txt'), 'utf8'),
      );
    });
  });
});
