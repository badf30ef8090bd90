// Questions without words on the command line: piped, and at a prompt.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { completions, parseQuestion, prompt } from '../lib/cli/prompt.js';
import { KeyedVectors, W2VError } from '../lib/index.js';
import { runCli, temporaryFolder } from './helpers.js';

const file = temporaryFolder();
const words = ['east', 'north', 'northeast', 'west', 'New_York'];
let vectors: KeyedVectors;

beforeAll(async () => {
  vectors = await KeyedVectors.fromVectors(words, [
    [1, 0],
    [0, 2],
    [3, 3],
    [-1, 0],
    [1, 2],
  ]);
  await vectors.save(file('v.bin'));
});

describe('piped questions', () => {
  test('similar answers line by line, takes other spellings, and goes on after a word that is not there', async () => {
    const input = 'east\n\nnorth - West\nnowhere\nnew york\n';
    const { code, stdout, stderr } = await runCli(['similar', file('v.bin'), '--top-n', '1'], { input });
    expect(stdout.split('\n').map((line) => line.split(/\s+/)[0])).toEqual([
      'northeast',
      'northeast',
      'northeast',
      '',
    ]);
    expect(stderr).toContain("'West' is taken as 'west'");
    expect(stderr).toContain("'nowhere' is not in the vectors");
    expect(stderr).toContain('ERR_W2V_UNKNOWN_WORD');
    expect(stderr).not.toContain('> ');
    expect(code).toBe(1);
  });

  test('with --json each answer is a line', async () => {
    const { code, stdout } = await runCli(['similar', file('v.bin'), '--json', '--top-n', '2'], {
      input: 'east\nnorth - west\n',
    });
    expect(code).toBe(0);
    const answers = stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
    expect(answers).toHaveLength(2);
    expect(answers[0]).toMatchObject({ words: ['east'], neighbours: [{ word: 'northeast' }, {}] });
    expect(answers[1]).toMatchObject({ words: ['north'], negative: ['west'] });
  });

  test('analogy wants three words a line', async () => {
    const { code, stdout, stderr } = await runCli(['analogy', file('v.bin'), '--top-n', '1'], {
      input: 'east north\neast north west\n',
    });
    expect(code).toBe(1);
    expect(stderr).toContain('Expected three words');
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect((await runCli(['analogy', file('v.bin'), 'east'])).code).toBe(2);
  });
});

describe('a prompt on a terminal', () => {
  const terminal = () => {
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
    const output = new PassThrough();
    let shown = '';
    output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    const waitFor = async (text: string) => {
      for (let i = 0; i < 500 && !shown.includes(text); ++i) await setTimeout(10);
      expect(shown).toContain(text);
      shown = shown.slice(shown.indexOf(text) + text.length);
    };
    return { input, output, waitFor };
  };

  test('answers, tells what is wrong, completes, keeps a history', async () => {
    const historyFile = file('state/w2v/history');
    const { input, output, waitFor } = terminal();
    const asked: string[] = [];
    const ended = prompt(
      vectors,
      'Hint.',
      async (line) => {
        asked.push(line);
        await Promise.resolve();
        if (line === 'bad') throw new W2VError('ERR_W2V_ARGUMENT', 'wrong');
      },
      { input, output, historyFile },
    );
    await waitFor('Hint.');
    await waitFor('> ');
    input.write('bad\r');
    await waitFor('> ');
    input.write('wes\t');
    await setTimeout(100);
    input.write('\r');
    await waitFor('> ');
    input.write('to be dropped\u0003'); // Ctrl-C: the line is cleared
    await setTimeout(50);
    input.write('east\r');
    await waitFor('> ');
    input.write('\u0004'); // Ctrl-D
    expect(await ended).toBe(true);
    expect(asked).toEqual(['bad', 'west', 'east']);
    expect(readFileSync(historyFile, 'utf8')).toBe('bad\nwest\neast\n');

    const again = terminal();
    const second = prompt(vectors, 'Hint.', async (line) => void asked.push(await Promise.resolve(line)), {
      ...again,
      historyFile,
    });
    await again.waitFor('> ');
    again.input.write('\u001b[A'); // up: the last line of the session before
    await setTimeout(100);
    again.input.write('\r');
    await again.waitFor('> ');
    again.input.write('exit\r');
    expect(await second).toBe(true);
    expect(asked.at(-1)).toBe('east');
  });

  test('Ctrl-C abandons the answer that is on its way, and on an empty line it ends', async () => {
    const { input, output, waitFor } = terminal();
    let signalled = false;
    const ended = prompt(
      vectors,
      'Hint.',
      (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            signalled = true;
            reject(new W2VError('ERR_W2V_CANCELLED', 'cancelled'));
          });
        }),
      { input, output, historyFile: file('v.bin/history') },
    );
    await waitFor('> ');
    input.write('east\r');
    await setTimeout(50);
    input.write('\u0003');
    await waitFor('> ');
    expect(signalled).toBe(true);
    input.write('\u0003');
    expect(await ended).toBe(true);
  });
});

test('completions are the first words with that beginning, forty at most', async () => {
  expect(await completions(vectors, 'nor')).toEqual(['north', 'northeast']);
  expect(await completions(vectors, 'x')).toEqual([]);
  const many = Array.from({ length: 9000 }, (_, i) => (i % 2 ? `a${i}` : `b ${i}`));
  const large = await KeyedVectors.fromVectors(
    many,
    many.map(() => [1]),
  );
  expect(await completions(large, 'a')).toEqual(many.filter((word) => word.startsWith('a')).slice(0, 40));
  expect(await completions(large, 'a8999')).toEqual(['a8999']);
  expect(await completions(large, 'b')).toEqual([]); // a word with a blank could not be typed as one
});

test('a question is words and signs', () => {
  expect(parseQuestion(vectors, 'east + north - west')).toEqual({
    positive: ['east', 'north'],
    negative: ['west'],
  });
  expect(parseQuestion(vectors, '- west  + new york north')).toEqual({
    positive: ['new', 'york', 'north'],
    negative: ['west'],
  });
  expect(parseQuestion(vectors, 'new york - non-word')).toEqual({
    positive: ['New_York'],
    negative: ['non-word'],
  });
});

describe('loading options', () => {
  test('limit, truncated files, encodings, sidecar', async () => {
    const info = async (...args: string[]) => {
      const result = await runCli(['info', ...args, '--json']);
      return { ...result, info: JSON.parse(result.stdout || '{}') as Record<string, unknown> };
    };
    expect((await info(file('v.bin'), '--limit', '2')).info).toMatchObject({ words: 2, mapped: true });
    expect((await info(file('v.bin'), '--no-mmap')).info).toMatchObject({ words: 5, mapped: false });
    expect((await info(file('v.bin'), '--sidecar')).info).toMatchObject({ words: 5 });
    expect(existsSync(file('v.bin.w2vrows'))).toBe(true);
    const bytes = readFileSync(file('v.bin'));
    writeFileSync(file('cut.bin'), bytes.subarray(0, -5));
    expect((await info(file('cut.bin'))).code).toBe(1);
    const cut = await info(file('cut.bin'), '--allow-truncated');
    expect(cut.info).toMatchObject({ words: 4 });
    expect(cut.stderr).toContain('1 rows');
    writeFileSync(file('latin.txt'), Buffer.from('2 2\ncaf\xe9 1 2\nx NaN 2\n', 'latin1'));
    expect((await info(file('latin.txt'))).stderr).toContain('U+FFFD');
    expect((await info(file('latin.txt'), '--encoding-errors', 'ignore')).info.firstWords).toEqual([
      'caf',
      'x',
    ]);
    expect((await info(file('latin.txt'), '--encoding-errors', 'strict')).code).toBe(1);
    expect((await info(file('latin.txt'), '--strict')).code).toBe(1);
  });

  test('convert --precision, and searches with it', async () => {
    const convert = await runCli(['convert', file('v.bin'), file('v.w2v'), '--precision', 'float32,int8']);
    expect(convert.code).toBe(0);
    const { stdout } = await runCli(['info', file('v.w2v'), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ precisions: ['float32', 'int8'] });
    const search = await runCli(['similar', file('v.w2v'), 'east', '--precision', 'int8', '--json']);
    expect(JSON.parse(search.stdout)).toMatchObject({ neighbours: [{ word: 'northeast' }, {}, {}, {}] });
    expect((await runCli(['convert', file('v.bin'), file('x.w2v'), '--precision', 'int9'])).code).toBe(2);
    expect((await runCli(['convert', file('v.bin'), file('x.txt'), '--precision', 'int8'])).code).toBe(2);
  });
});
