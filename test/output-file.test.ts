// Files that are written: whole or not at all, in the place of what was meant, and never over what is read.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { KeyedVectors, Phrases, W2VError, Word2Vec } from '../lib/index.js';
import { replaceByBytes, replaceByText, replaceFile } from '../lib/output-file.js';
import { madeSentences, root, runCli, runNode, temporaryFolder } from './helpers.js';

const file = temporaryFolder();
const folder = (name: string) => {
  mkdirSync(file(name));
  return (inside: string) => file(`${name}/${inside}`);
};
const text = madeSentences(3000)
  .map((sentence) => `${sentence.join(' ')}\n`)
  .join('');

beforeAll(() => writeFileSync(file('corpus.txt'), text));

describe('a file that is replaced', () => {
  it('keeps its permissions, and links to it stay links', async () => {
    const inside = folder('links');
    writeFileSync(inside('target'), 'old');
    chmodSync(inside('target'), 0o600);
    symlinkSync('target', inside('link'));
    await replaceByText(inside('link'), ['new', ' text']);
    expect(readlinkSync(inside('link'))).toBe('target');
    expect(readFileSync(inside('target'), 'utf8')).toBe('new text');
    expect(statSync(inside('target')).mode & 0o777).toBe(0o600);
    expect(readdirSync(file('links'))).toHaveLength(2);
  });

  it('is no folder, pipe or device', async () => {
    const inside = folder('others');
    execFileSync('mkfifo', [inside('pipe')]);
    for (const path of [inside('pipe'), file('others'), '/dev/null'])
      await expect(replaceByText(path, ['x'])).rejects.toMatchObject({
        code: 'ERR_W2V_FILE_WRITE',
        message: expect.stringContaining('regular file'),
      });
    await expect(replaceByText(inside('a\0b'), ['x'])).rejects.toMatchObject({
      code: 'ERR_W2V_FILE_WRITE',
      message: expect.stringContaining('NUL'),
    });
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    expect(readdirSync(file('others'))).toEqual(['pipe']);
  });

  it('stays as it is where writing fails; errors name it, not the temporary file', async () => {
    const inside = folder('failing');
    writeFileSync(inside('kept'), 'old');
    const failing = replaceByBytes(inside('kept'), async (write) => {
      await write(Buffer.from('new'));
      throw new Error('of the one who writes');
    });
    await expect(failing).rejects.toThrow('of the one who writes');
    const named = replaceFile(inside('kept'), (temporary) =>
      Promise.reject(new W2VError('ERR_W2V_FILE_WRITE', `Cannot write '${temporary}'`)),
    );
    await expect(named).rejects.toThrow(`Cannot write '${inside('kept')}'`);
    await expect(replaceByText(file('none/x'), ['x'])).rejects.toMatchObject({
      code: 'ERR_W2V_FILE_WRITE',
      message: expect.stringContaining(`'${file('none/x')}': No such file`),
    });
    expect(readFileSync(inside('kept'), 'utf8')).toBe('old');
    expect(readdirSync(file('failing'))).toEqual(['kept']);
  });

  it('is compressed where its name says so, however large', async () => {
    const inside = folder('compressed');
    const chunk = Buffer.from('word '.repeat(50_000));
    await replaceByBytes(inside('x.gz'), async (write) => {
      for (let i = 0; i < 20; ++i) await write(chunk);
    });
    expect(gunzipSync(readFileSync(inside('x.gz')))).toHaveLength(20 * chunk.length);
  });

  it.each(['out.txt', 'out.txt.gz'])('leaves nothing of it on a full disk: w2v tokenize, %s', (name) => {
    const inside = folder(`full-${name}`);
    const noise = Array.from({ length: 200_000 }, (_, i) => `w${(i * 7919) % 1_000_003}`).join(' ');
    writeFileSync(inside('in.txt'), noise.replace(/(?:\S+ ){20}/g, '$&\n'));
    const args = [`${root}/dist/cli/main.js`, 'tokenize', inside('in.txt'), '--output', inside(name)];
    // Files of at most 100 KB: a write beyond fails as on a full disk.
    const limited = ['-c', 'ulimit -f 100; exec "$0" "$@"', process.execPath, ...args];
    const result = spawnSync('bash', limited, { encoding: 'utf8' });
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/^w2v: Cannot write '[^']*out[^']*': .*\(ERR_W2V_FILE_WRITE\)\n$/);
    expect(result.stderr).not.toContain('.tmp');
    expect(readdirSync(file(`full-${name}`))).toEqual(['in.txt']);
  });
});

describe('what is interrupted leaves no temporary file', () => {
  it.each([
    ['tokenize', (input: string, output: string) => ['tokenize', input, '--output', output]],
    ['phrases', (input: string, output: string) => ['phrases', input, output, '--passes', '3']],
  ])('w2v %s', async (name, args) => {
    const inside = folder(`interrupted-${name}`);
    writeFileSync(inside('in.txt'), text.repeat(100));
    const result = await runCli(args(inside('in.txt'), inside('out.txt')), {
      onStart: (child) => {
        // Once it writes; for phrases, while it counts.
        const timer = setInterval(() => {
          if (name === 'tokenize' && readdirSync(file(`interrupted-${name}`)).length === 1) return;
          clearInterval(timer);
          setTimeout(() => child.kill('SIGINT'), name === 'tokenize' ? 0 : 500);
        }, 10);
        child.on('close', () => clearInterval(timer));
      },
    });
    expect(result.code).not.toBe(0);
    expect(readdirSync(file(`interrupted-${name}`))).toEqual(['in.txt']);
  });
});

describe('what is read is not written over', () => {
  it.each([
    ['word2vec', '-train', '-output'],
    ['word2vec', '-train', '-save-vocab'],
    ['word2phrase', '-train', '-output'],
  ])('%s %s x %s x', async (tool, input, output) => {
    writeFileSync(file('own.txt'), text);
    const result = await runNode([
      `${root}/dist/google/${tool}.js`,
      input,
      file('own.txt'),
      output,
      file('own.txt'),
    ]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('Expected a file of its own to write');
    expect(readFileSync(file('own.txt'), 'utf8')).toBe(text);
  });
});

test('a checkpoint does not take the place of its corpus', async () => {
  writeFileSync(file('own.txt'), text);
  const training = Word2Vec.train(file('own.txt'), { checkpoint: { path: file('own.txt') } });
  await expect(training).rejects.toMatchObject({ code: 'ERR_W2V_ARGUMENT' });
  expect(readFileSync(file('own.txt'), 'utf8')).toBe(text);
});

describe('vectors', () => {
  it('compressed: errors name the file that was asked for', async () => {
    const vectors = await KeyedVectors.fromVectors(['two words'], [[1]]);
    const error: unknown = await vectors.save(file('v.txt.gz')).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'ERR_W2V_WORD_UNWRITABLE' });
    expect((error as Error).message).toContain(`'${file('v.txt.gz')}'`);
    expect(existsSync(file('v.txt.gz'))).toBe(false);
  });

  it('are saved where the log of their training cannot be written', async () => {
    const quick = ['--vector-size', '8', '--epochs', '1', '--threads', '1', '--backend', 'cpu'];
    const output = file('logged.bin');
    const result = await runCli([
      'train',
      file('corpus.txt'),
      '--output',
      output,
      '--log',
      '/dev/full',
      ...quick,
    ]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("Cannot write '/dev/full'");
    expect((await KeyedVectors.load(output)).size).toBeGreaterThan(10);
  });
});

describe('what a mapped file was, and is no more', () => {
  it('is an error with a code in what copies it', async () => {
    const model = await Word2Vec.train(file('corpus.txt'), { vectorSize: 8, epochs: 1, threads: 1 });
    const path = file('cut.w2v');
    await model.vectors.save(path);
    const vectors = await KeyedVectors.load(path);
    writeFileSync(path, readFileSync(path).subarray(0, 100));
    const changed = { code: 'ERR_W2V_FILE_CHANGED' };
    await expect(vectors.sortByDescendingFrequency()).rejects.toMatchObject(changed);
    await expect(Word2Vec.fromVectors(vectors)).rejects.toMatchObject(changed);
  });
});

test('phrases are joined the same by files, compressed files and sentences', async () => {
  const learned = await Phrases.learn(file('corpus.txt'), { minCount: 1, threshold: 0.1 });
  const phrases = await learned.freeze();
  writeFileSync(file('corpus.txt.gz'), gzipSync(text));
  await phrases.applyToFile(file('corpus.txt'), file('a.txt'));
  await phrases.applyToFile({ files: [file('corpus.txt.gz')] }, file('b.txt'));
  await phrases.applyToFile(file('corpus.txt'), file('c.txt.gz'));
  const joined = readFileSync(file('a.txt'), 'utf8');
  expect(joined.split('\n')).toHaveLength(text.split('\n').length);
  expect(readFileSync(file('b.txt'), 'utf8')).toBe(joined);
  expect(gunzipSync(readFileSync(file('c.txt.gz'))).toString()).toBe(joined);
});
