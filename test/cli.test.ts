// The command line w2v, as a user runs it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { KeyedVectors } from '../lib/index.js';
import { lastJson, madeSentences, runCli, temporaryFolder } from './helpers.js';

const file = temporaryFolder();
const text = madeSentences(2000)
  .map((sentence) => `${sentence.join(' ')}\n`)
  .join('');
const quick = ['--vector-size', '16', '--epochs', '2', '--min-count', '1', '--threads', '1'];

beforeAll(() => {
  writeFileSync(file('corpus.txt'), text);
  writeFileSync(file('corpus.txt.gz'), gzipSync(text));
  writeFileSync(file('compass.txt'), '4 2\neast 1 0\nnorth 0 2\nnortheast 3 3\nwest -1 0\n');
});

describe('train', () => {
  test('saves vectors and vocabulary and reports in JSON', async () => {
    const args = [
      'train',
      file('corpus.txt'),
      '--output',
      file('v.bin'),
      ...quick,
      '--save-vocab',
      file('v.vocab'),
    ];
    const result = await runCli([
      ...args,
      '--json',
      '--no-cbow-mean',
      '--no-shrink-windows',
      '--min-alpha',
      '0.001',
    ]);
    expect(result.code).toBe(0);
    expect(result.stdout.trimEnd().split('\n')).toHaveLength(1);
    const words = text.split(/\s+/).filter(Boolean).length;
    const report = lastJson<Record<string, unknown>>(result);
    expect(report).toMatchObject({
      words,
      trainedWords: 2 * (words + 2000),
      threads: 1,
      seconds: expect.any(Number),
      cpuSeconds: expect.any(Number),
      trainSeconds: expect.any(Number),
      trainCpuSeconds: expect.any(Number),
      wordsPerSecond: expect.any(Number),
      isa: expect.any(String),
      options: {
        vectorSize: 16,
        cbowMean: false,
        shrinkWindows: false,
        minAlpha: 0.001,
        minCount: 1,
        sg: false,
      },
    });
    const vectors = await KeyedVectors.load(file('v.bin'));
    expect(vectors.size).toBe(report.vocabulary);
    expect(vectors.vectorSize).toBe(16);
    const lines = readFileSync(file('v.vocab'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(vectors.size);
    expect(lines[0]).toBe('</s> 2000');
  });

  test('files, gzip, standard input and several inputs are the same text', async () => {
    const train = async (name: string, inputs: string[], input?: string | Buffer) => {
      const args = ['train', ...inputs, '--output', file(name), ...quick, '--sg'];
      expect(await runCli(args, input === undefined ? {} : { input })).toMatchObject({ code: 0, stdout: '' });
      return readFileSync(file(name));
    };
    const reference = await train('a.bin', [file('corpus.txt')]);
    expect((await train('b.bin', [file('corpus.txt.gz')])).equals(reference)).toBe(true);
    expect((await train('c.bin', ['-'], text)).equals(reference)).toBe(true);
    expect((await train('d.bin', ['-'], gzipSync(text))).equals(reference)).toBe(true);
    const half = text.indexOf('\n', text.length / 2) + 1;
    writeFileSync(file('half1.part'), text.slice(0, half));
    writeFileSync(file('half2.part'), text.slice(half));
    expect((await train('e.bin', [file('half1.part'), file('half2.part')])).equals(reference)).toBe(true);
    expect((await train('f.bin', [file('half*.part')])).equals(reference)).toBe(true);
  });

  test('--cache: the next training takes the text from there, and learns the same', async () => {
    const train = async (name: string) =>
      runCli(['train', file('corpus.txt'), '--output', file(name), ...quick, '--cache', file('cache')]);
    expect((await train('cached1.bin')).stderr).not.toContain('from the cache');
    expect((await train('cached2.bin')).stderr).toContain('words from the cache');
    expect(readFileSync(file('cached2.bin')).equals(readFileSync(file('cached1.bin')))).toBe(true);
  });

  test('text output, by name or by option', async () => {
    await runCli(['train', file('corpus.txt'), '--output', file('t.txt'), ...quick]);
    await runCli(['train', file('corpus.txt'), '--output', file('t.any'), '--format', 'text', ...quick]);
    const written = readFileSync(file('t.txt'), 'utf8');
    expect(written).toMatch(/^\d+ 16\n<\/s> (-?\d+\.\d{6} ){16}\n/);
    expect(readFileSync(file('t.any'), 'utf8')).toBe(written);
  });

  test('no output takes the place of an input, or of another output', async () => {
    const vectors = file('v.bin');
    for (const args of [
      ['train', file('corpus.txt'), '--output', file('corpus.txt')],
      ['train', file('corpus.txt'), '--output', file('new.bin'), '--log', file('./corpus.txt')],
      ['train', file('corpus.txt'), '--output', file('new.bin'), '--save-vocab', file('new.bin')],
      ['tokenize', file('corpus.txt'), '--output', file('corpus.txt')],
      ['phrases', file('corpus.txt'), file('corpus.txt')],
      ['vocab', file('corpus.txt'), '--output', file('corpus.txt')],
      ['convert', vectors, vectors],
      ['index', vectors, '-o', vectors],
    ]) {
      const { code, stderr } = await runCli(args);
      expect({ args, code }).toEqual({ args, code: 2 });
      expect(stderr).toMatch(/Expected a file of its own to write .*\(ERR_W2V_ARGUMENT\)\n$/);
    }
    expect(readFileSync(file('corpus.txt'), 'utf8')).toBe(text);
  });

  test('a training that diverges is an error, not vectors', async () => {
    const args = ['train', file('corpus.txt'), '--output', file('diverged.bin'), ...quick, '--sg'];
    const { code, stderr } = await runCli([...args, '--alpha', '100', '--epochs', '3']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /Expected a smaller alpha: with 100\.0* the training diverged, \d+ of \d+ vectors/,
    );
    expect(existsSync(file('diverged.bin'))).toBe(false);
  });

  test('no progress bar where there is no terminal', async () => {
    const { stderr } = await runCli(['train', file('corpus.txt'), '--output', file('v.bin'), ...quick]);
    expect(stderr).toMatch(/^[\d,]+ words, vocabulary .*\n$/);
  });

  test('warns of invalid UTF-8', async () => {
    const { code, stderr } = await runCli(['train', '-', '--output', file('l.bin'), ...quick], {
      input: Buffer.from('caf\xe9 au lait\n', 'latin1'),
    });
    expect(code).toBe(0);
    expect(stderr).toContain('1 words of the corpus are not valid UTF-8');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s saves what is learned so far and says so', async (signal) => {
    const args = [
      'train',
      file('corpus.txt'),
      '--output',
      file(`${signal}.bin`),
      ...quick,
      '--epochs',
      '1000000',
    ];
    const log = file(`${signal}.jsonl`);
    const result = await runCli([...args, '--json', '--log', log], {
      onStart: (child) => {
        const timer = setInterval(() => {
          if (!existsSync(log) || !readFileSync(log, 'utf8').includes('"phase":"training"')) return;
          clearInterval(timer);
          child.kill(signal);
          child.kill(signal); // as npx does
        }, 20);
      },
    });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('holds what was learned so far');
    expect(lastJson(result)).toMatchObject({ stoppedEarly: true });
    expect((await KeyedVectors.load(file(`${signal}.bin`))).vectorSize).toBe(16);
  });

  test('interrupted before anything is learned', async () => {
    const child = runCli(['train', '-', '--output', file('never.bin'), ...quick], {
      input: 'stays open',
      // More than a pipe holds: once it is written, the program reads.
      onStart: (child) => child.stdin!.write('word '.repeat(1e5), () => child.kill('SIGINT')),
    });
    const { code, stderr } = await child;
    expect(code).toBe(1);
    expect(stderr).toContain('was not written');
    expect(existsSync(file('never.bin'))).toBe(false);
  });

  test.each([
    [['train', 'x.txt'], 2, '--output'],
    [['train', 'x.txt', '--output', 'v.bin', '--vector-size', '0'], 2, 'from 1 to 65536'],
    [['train', 'x.txt', '--output', 'v.bin', '--alpha', 'nan'], 2, 'a number above 0'],
    [['train', 'x.txt', '--output', 'v.bin', '--vectr-size', '5'], 2, '--vector-size'],
    [['train', 'x.txt', '--output', 'v.bin', '--negative', '0'], 2, 'ERR_W2V_OPTION'],
    [['train', 'x.txt', '--output', 'no/such/folder/v.bin'], 1, 'ERR_W2V_FILE_WRITE'],
    [['train', 'x.txt', '--output', 'v.bin'], 1, 'ERR_W2V_FILE_NOT_FOUND'],
    [['trian'], 2, 'train'],
    [[], 2, 'Usage'],
  ])('%j exits with %i and says %s', async (args, code, says) => {
    const result = await runCli(args, { cwd: file('.') });
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(says);
    expect(result.stdout).toBe('');
  });
});

describe('queries', () => {
  test('similar', async () => {
    const table = await runCli(['similar', file('compass.txt'), 'east', '--top-n', '2']);
    expect(table).toMatchObject({ code: 0, stdout: 'northeast  0.7071\nnorth      0.0000\n' });
    const json = await runCli([
      'similar',
      file('compass.txt'),
      'east',
      'north',
      '--json',
      '--restrict-vocab',
      '3',
    ]);
    expect(lastJson(json)).toEqual({
      words: ['east', 'north'],
      neighbours: [{ word: 'northeast', score: expect.closeTo(1, 5) }],
    });
    const sum = await runCli([
      'similar',
      file('compass.txt'),
      'northeast',
      '-',
      'north',
      '--json',
      '--top-n',
      '1',
    ]);
    expect(lastJson(sum)).toMatchObject({ words: ['northeast'], negative: ['north'] });
  });

  test('an unknown word', async () => {
    const { code, stderr, stdout } = await runCli(['similar', file('compass.txt'), 'up', '--json']);
    expect({ code, stderr, stdout }).toEqual({
      code: 1,
      stderr: "w2v: The word 'up' is not in the vectors (ERR_W2V_UNKNOWN_WORD)\n",
      stdout: '',
    });
  });

  test('analogy', async () => {
    const result = await runCli([
      'analogy',
      file('compass.txt'),
      'north',
      'northeast',
      'west',
      '--json',
      '--top-n',
      '1',
    ]);
    // northeast − north + west points nowhere in particular: between east and west, south of them.
    const { neighbours } = lastJson<{ neighbours: { word: string }[] }>(result);
    expect(neighbours.map(({ word }) => word)).toEqual(['east']);
  });

  test('evaluate', async () => {
    writeFileSync(file('questions.txt'), ': directions\nnorth northeast west east\nnorth up west east\n');
    writeFileSync(file('pairs.tsv'), 'east\tnortheast\t9\neast\tnorth\t5\neast\twest\t1\neast\tup\t3\n');
    const args = ['evaluate', file('compass.txt')];
    const analogies = ['--analogies', file('questions.txt')];
    const pairs = ['--pairs', file('pairs.tsv')];
    expect(lastJson(await runCli([...args, ...analogies, ...pairs, '--json']))).toMatchObject({
      accuracy: 1,
      sections: [{ name: 'directions', correct: 1, total: 1, oov: 1 }],
      spearman: expect.closeTo(1, 6),
      oov: { analogies: 1, pairs: 1 },
    });
    const { stdout } = await runCli([...args, ...analogies, ...pairs]);
    expect(stdout).toContain('100.00 %');
    expect(stdout).toContain('spearman 1.0000');
    expect((await runCli(args)).code).toBe(2);
    expect((await runCli([...args, '--pairs', file('none.tsv')])).code).toBe(1);
  });

  test('info', async () => {
    expect(lastJson(await runCli(['info', file('compass.txt'), '--json']))).toEqual({
      words: 4,
      vectorSize: 2,
      format: 'text',
      precisions: ['float32'],
      mapped: false,
      bytes: 47,
      duplicateWords: 0,
      invalidWords: 0,
      nonFiniteRows: 0,
      firstWords: ['east', 'north', 'northeast', 'west'],
    });
    expect((await runCli(['info', file('compass.txt')])).stdout).toContain('vectorSize      2\n');
  });

  test('convert there and back', async () => {
    expect((await runCli(['convert', file('compass.txt'), file('compass.bin')])).code).toBe(0);
    expect(readFileSync(file('compass.bin')).subarray(0, 9).toString()).toBe('4 2\neast ');
    const back = await runCli(['convert', file('compass.bin'), file('back.vec'), '--json']);
    expect(lastJson(back)).toEqual({ words: 4, vectorSize: 2, format: 'text', output: file('back.vec') });
    expect(readFileSync(file('back.vec'), 'utf8')).toContain('northeast 3.000000 3.000000 \n');
  });

  test('a file that is no vectors', async () => {
    const { code, stderr } = await runCli(['info', file('corpus.txt')]);
    expect(code).toBe(1);
    expect(stderr).toContain('ERR_W2V_VECTOR_FORMAT');
  });
});

test.each(['train', 'similar', 'analogy', 'evaluate', 'info', 'convert'])(
  '%s --help has examples',
  async (command) => {
    const { code, stdout } = await runCli([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Examples:\n  $ w2v ${command} `);
  },
);

test('--help and --version', async () => {
  const { code, stdout } = await runCli(['--help']);
  expect(code).toBe(0);
  for (const command of ['train', 'similar', 'analogy', 'evaluate', 'info', 'convert'])
    expect(stdout).toContain(command);
  expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
