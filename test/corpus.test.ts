// What a training reads: every source gives the same words, bad ones give one clear error.
import fc from 'fast-check';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import { readBytes } from '../lib/bytes.js';
import { readCorpus, type ReadingOptions } from '../lib/corpus.js';
import type { CorpusSource } from '../lib/text-source.js';
import { Word2Vec, tokenStream, type TrainOptions } from '../lib/index.js';
import { madeSentences, rejectionOf, root, temporaryFolder } from './helpers.js';

const file = temporaryFolder();

/** Word → count, in the order of the vocabulary; `</s>` counts the sentences. */
async function countsOf(source: CorpusSource, spool?: boolean): Promise<[string, number | undefined][]> {
  const { vectors } = await Word2Vec.train(source, {
    vectorSize: 1,
    negative: 1,
    window: 1,
    epochs: 1,
    minCount: 1,
    spool,
  });
  return [...vectors].map((word) => [word, vectors.count(word)]);
}

const vocabulary = { minCount: 1, maxFinalVocab: 0 };

async function errorOf(source: unknown, options: Partial<ReadingOptions> = {}) {
  return rejectionOf(readCorpus(source as CorpusSource, { vocabulary }, { threads: 2, ...options }));
}

const sentences = madeSentences(300, 50);
const lines = sentences.map((words) => words.join(' '));
const text = `${lines.join('\n')}\n`;

describe('every source of the same sentences is the same corpus', () => {
  let expected: [string, number | undefined][];
  beforeAll(async () => {
    writeFileSync(file('all.txt'), text);
    expected = await countsOf(file('all.txt'));
    expect(expected[0]).toEqual(['</s>', 300]);
  });

  test('gzip that is padded with zeros, or comes byte by byte', async () => {
    const compressed = gzipSync(text);
    writeFileSync(file('padded.gz'), Buffer.concat([compressed, Buffer.alloc(512)]));
    expect(await countsOf(file('padded.gz'))).toEqual(expected);
    expect(await countsOf(tokenStream(file('padded.gz')))).toEqual(expected);
    const bytes = (function* () {
      for (let i = 0; i < 5; ++i) yield compressed.subarray(i, i + 1);
      yield compressed.subarray(5);
    })();
    const read: Buffer[] = [];
    await readBytes(Readable.from(bytes), {
      name: 'bytes',
      consume: (chunk) => Promise.resolve(void read.push(Buffer.from(chunk))),
    });
    expect(Buffer.concat(read).toString()).toBe(text);
  });

  test('links to folders are followed, pipes in folders left out, a pipe itself is read once', async () => {
    mkdirSync(file('with-links/a'), { recursive: true });
    mkdirSync(file('elsewhere'));
    writeFileSync(file('with-links/a/1.txt'), 'one two\n');
    writeFileSync(file('elsewhere/2.txt'), 'three four\n');
    symlinkSync(file('elsewhere'), file('with-links/b'));
    symlinkSync('..', file('with-links/a/up'));
    execFileSync('mkfifo', [file('with-links/pipe')]);
    const words = (await countsOf(file('with-links'))).map(([word]) => word);
    expect(words.sort()).toEqual(['</s>', 'four', 'one', 'three', 'two']);
    const writing = spawn('sh', ['-c', `cat '${file('all.txt')}' > '${file('with-links/pipe')}'`]);
    expect(await countsOf(file('with-links/pipe'))).toEqual(expected);
    if (writing.exitCode === null) await once(writing, 'exit');
    expect(writing.exitCode).toBe(0);
  });

  test('what cannot be read in a folder is told, not left out', async () => {
    mkdirSync(file('broken'));
    writeFileSync(file('broken/1.txt'), 'one\n');
    symlinkSync('nowhere', file('broken/link'));
    const error = await errorOf(file('broken'));
    expect(error.code).toBe('ERR_W2V_FILE_NOT_FOUND');
    expect(error.message).toContain(`'${file('broken/link')}'`);
  });

  test('gzip, in one member and in several', async () => {
    writeFileSync(file('all.gz'), gzipSync(text));
    expect(await countsOf(file('all.gz'))).toEqual(expected);
    writeFileSync(
      file('members'),
      Buffer.concat([gzipSync(text.slice(0, 1001)), gzipSync(text.slice(1001))]),
    );
    expect(await countsOf(file('members'))).toEqual(expected);
  });

  test('folders, globs, lists and links', async () => {
    mkdirSync(file('parts/deeper'), { recursive: true });
    mkdirSync(file('parts/.hidden'));
    const part = (from: number, to: number) => lines.slice(from, to).join('\n');
    writeFileSync(file('parts/1.txt'), part(0, 100)); // no line feed at its end: a file ends a sentence
    writeFileSync(file('parts/2.txt.gz'), gzipSync(part(100, 200)));
    writeFileSync(file('parts/deeper/3.txt'), part(200, 300));
    writeFileSync(file('parts/.hidden/4.txt'), 'never read');
    symlinkSync(file('parts'), file('linked'));
    const names = ['parts/1.txt', 'parts/2.txt.gz', 'parts/deeper/3.txt'].map(file);
    expect(await countsOf(file('parts'))).toEqual(expected);
    expect(await countsOf(file('linked'))).toEqual(expected);
    expect(await countsOf(file('parts/**/*.txt*'))).toEqual(expected);
    expect(await countsOf({ files: names })).toEqual(expected);
    expect(await countsOf({ files: [file('parts/*.{txt,gz}'), file('parts/deeper')] })).toEqual(expected);
  });

  test('a name that looks like a glob but exists is that file', async () => {
    writeFileSync(file('[a].txt'), 'bracket');
    writeFileSync(file('a.txt'), 'letter');
    expect((await countsOf(file('[a].txt')))[1]).toEqual(['bracket', 1]);
  });

  test('a pipe', () => {
    const script = `require('./dist/index.js').Word2Vec.train('/dev/stdin', { vectorSize: 1, minCount: 1 })
      .then(({ vectors }) => console.log(JSON.stringify([...vectors].map((word) => [word, vectors.count(word)]))))`;
    const output = execFileSync(
      'bash',
      ['-c', 'cat "$0" | "$1" -e "$2"', file('all.txt'), process.execPath, script],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    expect(JSON.parse(output)).toEqual(expected);
  });

  test('iterables, of strings and of words', async () => {
    expect(await countsOf(lines)).toEqual(expected);
    expect(await countsOf(sentences)).toEqual(expected);
    expect(await countsOf(new Set([text]))).toEqual(expected); // line feeds within a string end sentences
    const again = { [Symbol.iterator]: () => sentences.values() };
    expect(await countsOf(again)).toEqual(expected);
    const asyncAgain = {
      async *[Symbol.asyncIterator]() {
        for (const sentence of sentences) yield await Promise.resolve(sentence);
      },
    };
    expect(await countsOf(asyncAgain)).toEqual(expected);
    expect(await countsOf(asyncAgain[Symbol.asyncIterator]())).toEqual(expected);
  });

  test.each<[string, () => CorpusSource]>([
    ['an iterator', () => lines.values()],
    ['lines of a stream', () => createInterface({ input: createReadStream(file('all.txt')) })],
    ['a stream of sentences', () => Readable.from(lines)],
    ['a stream of bytes', () => createReadStream(file('all.txt'), { highWaterMark: 7 })],
    [
      'a stream of strings that end anywhere',
      () => createReadStream(file('all.txt'), { highWaterMark: 11, encoding: 'utf8' }),
    ],
    ['a web stream of bytes', () => new Blob([text]).stream()],
    ['a list of pieces of bytes', () => [Buffer.from(text.slice(0, 99)), Buffer.from(text.slice(99))]],
    ['inflated bytes', () => createReadStream(file('again.gz')).pipe(createGunzip())],
  ])('what can be read once: %s', async (_, make) => {
    writeFileSync(file('again.gz'), gzipSync(text));
    for (const spool of [undefined, true, false]) expect(await countsOf(make(), spool)).toEqual(expected);
  });

  test('any words, as lines, as arrays of words and as a file', async () => {
    const word = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((w) => !/[\s\0\ufeff]/u.test(w) && w !== '</s>');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(word, { minLength: 1 }), { minLength: 1 }), async (made) => {
        const counts = await countsOf(made);
        const joined = made.map((words) => words.join(' '));
        expect(await countsOf(joined)).toEqual(counts);
        writeFileSync(file('any.txt'), joined.join('\n'));
        expect(await countsOf(file('any.txt'))).toEqual(counts);
        expect(counts[0]).toEqual(['</s>', made.length]);
        const distinct = new Set(made.flat().map((w) => w.toWellFormed()));
        expect(new Set(counts.slice(1).map(([w]) => w))).toEqual(distinct);
      }),
      { numRuns: 60 },
    );
  });
});

test('words in arrays may hold spaces; empty ones are left out', async () => {
  expect(await countsOf([['new york', '', 'tab\there'], [], ['new york']])).toEqual([
    ['</s>', 3],
    ['new york', 2],
    ['tab\there', 1],
  ]);
});

test('sentences larger than the buffers, and very many words in one', async () => {
  const long = `${'abc déf 😀 '.repeat(300_000)}end`;
  expect(await countsOf(['start', long])).toEqual([
    ['</s>', 2],
    ['abc', 300_000],
    ['déf', 300_000],
    ['😀', 300_000],
    ['start', 1],
    ['end', 1],
  ]);
  expect((await countsOf([Array<string>(500_000).fill('w')])).slice(0, 2)).toEqual(
    [
      ['w', 500_000],
      ['</s>', 1],
    ].reverse(),
  );
});

describe('what is refused', () => {
  test.each([
    [null],
    [5],
    [{}],
    [Buffer.from('text')],
    [() => ['a']],
    [{ files: 5 }],
    [{ files: [] }],
    [{ files: ['a', null] }],
    [{ [Symbol.iterator]: () => null }],
    [{ [Symbol.iterator]: () => ({}) }],
    [{ [Symbol.iterator]: () => ({ next: () => undefined }) }],
    [{ [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(5) }) }],
  ])('%p is no source', async (source) => {
    expect((await errorOf(source)).code).toBe('ERR_W2V_ARGUMENT');
  });

  test.each([
    [[['a'], 'b c'], 1, "'b c'"],
    [['a b', ['c']], 1, 'array'],
    [[null], 0, 'null'],
    [['a', 5], 1, '5'],
    [[['a', 5]], 0, '5'],
    [[['a', 'line\nfeed']], 0, 'line feeds'],
    [[['a', 'n\0l']], 0, 'NUL'],
    [[['a', ['b']]], 0, 'array'],
    [['a', Buffer.from('b')], 1, 'a string like those before'],
    [[Buffer.from('b'), 'a'], 1, 'bytes like those before'],
  ])('%j: an item of another kind', async (source, index, says) => {
    const error = await errorOf(source);
    expect(error.code).toBe('ERR_W2V_CORPUS_ITEM');
    expect(error.message).toContain(`item ${index}`);
    expect(error.message).toContain(says);
  });

  test('paths that are not there', async () => {
    for (const path of ['none.txt', 'none/*.txt', 'the cat sat on the mat']) {
      const error = await errorOf(file(path));
      expect(error.code).toBe('ERR_W2V_FILE_NOT_FOUND');
      expect(error.message).toContain(path);
    }
    expect((await errorOf({ files: [file('all.txt'), file('none.txt')] })).message).toContain('none.txt');
  });

  test('gzip that is cut or damaged', async () => {
    writeFileSync(file('cut.gz'), gzipSync(text));
    truncateSync(file('cut.gz'), 500);
    const damaged = gzipSync(text);
    damaged.fill(0x55, 200, 300);
    writeFileSync(file('damaged.gz'), damaged);
    for (const name of ['cut.gz', 'damaged.gz']) {
      const error = await errorOf(file(name));
      expect(error.code).toBe('ERR_W2V_FILE_READ');
      expect(error.message).toContain(name);
    }
  });

  test('a spool folder that is not there, or no folder', async () => {
    expect((await errorOf(lines, { spool: file('no/such') })).code).toBe('ERR_W2V_FILE_WRITE');
    expect((await errorOf(lines, { spool: 5 as unknown as string })).code).toBe('ERR_W2V_OPTION');
  });
});

describe('ending the reading', () => {
  /** Gives sentences for ever, or after some of them hangs. */
  class Endless {
    returned = false;
    constructor(readonly hangAfter = Infinity) {}
    [Symbol.asyncIterator](): AsyncIterator<string> {
      let given = 0;
      return {
        next: () =>
          ++given > this.hangAfter
            ? new Promise(() => undefined)
            : Promise.resolve({ done: false, value: 'a b c' }),
        return: () => {
          this.returned = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    }
  }

  test.each([Infinity, 3])(
    'a signal ends an iterable that gives %p items, and lets it clean up',
    async (hangAfter) => {
      const source = new Endless(hangAfter);
      const error = await errorOf(source, { signal: AbortSignal.timeout(100) });
      expect(error).toMatchObject({ code: 'ERR_W2V_CANCELLED', name: 'AbortError' });
      expect((error.cause as Error).name).toBe('TimeoutError');
      expect(source.returned).toBe(true);
    },
  );

  test('a signal that was aborted before', async () => {
    const signal = AbortSignal.abort();
    expect((await errorOf(lines, { signal })).code).toBe('ERR_W2V_CANCELLED');
    expect((await errorOf(file('all.txt'), { signal })).code).toBe('ERR_W2V_CANCELLED');
    expect((await errorOf(file('all.gz'), { signal })).code).toBe('ERR_W2V_CANCELLED');
  });

  test("errors of the user's own pass through, and the iterator may clean up", async () => {
    const own = new Error('own');
    const failing = {
      *[Symbol.iterator](): Generator<string> {
        yield 'a';
        throw own;
      },
    };
    expect(await errorOf(failing)).toBe(own);
    const source = new Endless();
    const error = await errorOf(source, {
      onProgress: () => {
        throw own;
      },
    });
    expect(error).toBe(own);
    expect(source.returned).toBe(true);
  });
});

test('progress: a fraction of files, none of iterables', async () => {
  writeFileSync(file('large.gz'), gzipSync(text.repeat(800)));
  const seen: { fraction: number | null; words: number }[] = [];
  const options: ReadingOptions = { threads: 1, onProgress: (progress) => seen.push(progress) };
  await readCorpus(file('large.gz'), { vocabulary }, options);
  await readCorpus({ files: [file('all.txt'), file('large.gz')] }, { vocabulary }, options);
  for (const { fraction, words } of seen) {
    expect(fraction).toBeGreaterThan(0);
    expect(fraction).toBeLessThanOrEqual(1);
    expect(words).toBeGreaterThan(0);
  }
  expect(seen.at(-1)!.words).toBeGreaterThan(0);
});

describe('the corpus cache', () => {
  const vectorsOf = async (source: CorpusSource, options: TrainOptions = {}) => {
    const { vectors, report } = await Word2Vec.train(source, {
      vectorSize: 4,
      minCount: 1,
      epochs: 1,
      threads: 1,
      cache: file('cache/deep'),
      ...options,
    });
    return { bytes: Buffer.from(vectors.getVectors([...vectors]).buffer).toString('hex'), report };
  };

  test.each([['plain'], ['gzip']])(
    'a second training reads no text and learns the same: %s',
    async (kind) => {
      const source = file(`cached-${kind}`);
      writeFileSync(source, kind === 'gzip' ? gzipSync(`\xff ${text}`) : `\xff ${text}`);
      const uncached = await vectorsOf(source, { cache: undefined });
      expect(uncached.report.cache).toBeNull();
      const first = await vectorsOf(source);
      expect(first.report.cache).toBe('written');
      const second = await vectorsOf(source);
      expect(second.report.cache).toBe('reused');
      expect(second.bytes).toBe(first.bytes);
      expect(second.bytes).toBe(uncached.bytes);
      for (const { report } of [first, second]) {
        expect(report.words).toBe(uncached.report.words);
        expect(report.vocabulary).toBe(uncached.report.vocabulary);
        expect(report.warnings).toEqual(uncached.report.warnings);
      }
      // What only training uses may change; what decides the vocabulary may not.
      expect((await vectorsOf(source, { epochs: 2, sg: true })).report.cache).toBe('reused');
      expect((await vectorsOf(source, { minCount: 2 })).report.cache).toBe('written');
    },
  );

  test('one that is stale or corrupt is made anew, with a warning', async () => {
    const source = file('changing.txt');
    writeFileSync(source, text);
    await vectorsOf(source);
    writeFileSync(source, text + text);
    const stale = await vectorsOf(source);
    expect(stale.report.cache).toBe('written');
    expect(stale.report.warnings).toEqual([expect.stringContaining(`stale: '${source}' has changed`)]);
    expect((await vectorsOf(source)).report).toMatchObject({ cache: 'reused', warnings: [] });

    for (const name of readdirSync(file('cache/deep'))) truncateSync(file(`cache/deep/${name}`), 1000);
    const corrupt = await vectorsOf(source);
    expect(corrupt.report.cache).toBe('written');
    expect(corrupt.report.warnings).toEqual([expect.stringContaining('is cut')]);
    expect(corrupt.bytes).toBe(stale.bytes);
  });

  test('training goes on from memory where the cache cannot be written', async () => {
    writeFileSync(file('no-folder'), '');
    const { report } = await vectorsOf(file('all.txt'), { cache: file('no-folder') });
    expect(report.cache).toBe('failed');
    expect(report.warnings).toContainEqual(expect.stringContaining('The corpus is not cached'));

    writeFileSync(file('long.txt'), text.repeat(200));
    // Files of at most 100 KB: a write beyond fails as on a full disk.
    const script = `require('./dist/index.js').Word2Vec.train(${JSON.stringify(file('long.txt'))},
      { vectorSize: 4, epochs: 1, cache: ${JSON.stringify(file('full'))} })
      .then(({ report }) => console.log(report.cache, report.warnings.length));`;
    const run = ['-c', 'ulimit -f 100; exec "$0" -e "$1"', process.execPath, script];
    expect(execFileSync('bash', run, { cwd: root, encoding: 'utf8' })).toBe('failed 1\n');
    expect(readdirSync(file('full'))).toEqual([]);
  });

  test('is for files only', async () => {
    const error = await errorOf(lines, { cache: file('cache') });
    expect([error.code, error.message]).toEqual(['ERR_W2V_OPTION', expect.stringContaining('sentences')]);
    expect((await errorOf('-', { cache: file('cache') })).message).toContain('standard input');
    expect((await errorOf(file('all.txt'), { cache: true as unknown as string })).code).toBe(
      'ERR_W2V_OPTION',
    );
  });
});
