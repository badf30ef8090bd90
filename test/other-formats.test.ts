// Files of NumPy, gensim and TensorBoard.
import { spawnSync } from 'node:child_process';
import { copyFileSync, createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { KeyedVectors, type VectorFormat } from '../lib/index.js';
import { describeWithShared, rejectionOf, runCli, sharedData, temporaryFolder } from './helpers.js';

const file = temporaryFolder();

const words = ['east', 'new york', '', '北', 'x'];
const rows = [
  [1, 0.5, -2],
  [0, 2, 1e-30],
  [3, 3, 3],
  [-1, 0, 0.1],
  [7, 8, 9],
].map((row) => row.map(Math.fround));
const made = (counts?: number[]) => KeyedVectors.fromVectors(words, rows, { counts });
const contents = (vectors: KeyedVectors) => [...vectors].map((word) => [word, ...vectors.get(word)]);
const expected = words.map((word, i) => [word, ...rows[i]!]);

function npy(type: string, shape: string, data: Uint8Array, version = 1, columnMajor = false): Buffer {
  const header = `{'descr': '${type}', 'fortran_order': ${columnMajor ? 'True' : 'False'}, 'shape': ${shape}, }\n`;
  const start = Buffer.from(`\x93NUMPY${String.fromCharCode(version, 0)}`, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(header.length);
  else length.writeUInt32LE(header.length);
  return Buffer.concat([start, length, Buffer.from(header, 'latin1'), data]);
}

describe('.npy', () => {
  test('is written as NumPy writes it, with a list of words, and read back: mapped and not', async () => {
    await (await made()).save(file('v.npy'));
    const bytes = readFileSync(file('v.npy'));
    expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\x00');
    const dataStart = 10 + bytes.readUInt16LE(8);
    expect(dataStart % 64).toBe(0);
    expect(bytes.length - dataStart).toBe(5 * 3 * 4);
    expect(readFileSync(file('v.txt'), 'utf8')).toBe('east\nnew york\n\n北\nx\n');
    for (const mmap of [true, false]) {
      const vectors = await KeyedVectors.load(file('v.npy'), { mmap });
      expect(vectors.loadedFrom).toMatchObject({ format: 'npy', mapped: mmap });
      expect(contents(vectors)).toEqual(expected);
    }
    expect((await KeyedVectors.load(file('v.npy'), { limit: 2 })).size).toBe(2);
    copyFileSync(file('v.txt'), file('other.list'));
    const stream = await KeyedVectors.load(createReadStream(file('v.npy')), { words: file('other.list') });
    expect(contents(stream)).toEqual(expected);
    expect((await rejectionOf(KeyedVectors.load(createReadStream(file('v.npy'))))).message).toMatch(
      /'words'/,
    );
  });

  test.each<[string, number, Uint8Array, boolean]>([
    ['<f4', 2, new Uint8Array(Float32Array.from(rows.flat()).buffer), false],
    ['<f8', 3, new Uint8Array(Float64Array.from(rows.flat()).buffer), false],
    ['>f4', 1, new Uint8Array(Float32Array.from(rows.flat()).buffer).reverse(), false],
    [
      '<f4',
      1,
      new Uint8Array(Float32Array.from([0, 1, 2].flatMap((d) => rows.map((row) => row[d]!))).buffer),
      true,
    ],
  ])('type %s, version %d', async (type, version, data, columnMajor) => {
    writeFileSync(file('t.npy'), npy(type, '(5, 3)', data, version, columnMajor));
    writeFileSync(file('t.txt'), '\ufeffeast\r\nnew york\r\n\r\n北\r\nx');
    const reversed = [...words].reverse().map((_, i) => [words[i], ...[...rows[4 - i]!].reverse()]);
    expect(contents(await KeyedVectors.load(file('t.npy')))).toEqual(type === '>f4' ? reversed : expected);
  });

  test('half precision and whole numbers', async () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x3555, 0x8000);
    writeFileSync(file('h.npy'), npy('<f2', '(2, 3)', new Uint8Array(halves.buffer)));
    writeFileSync(file('h.txt'), 'a\nb\n');
    const vectors = await KeyedVectors.load(file('h.npy'));
    expect([...vectors.get('a'), ...vectors.get('b')]).toEqual([
      1,
      -2,
      2 ** -24,
      65504,
      Math.fround(0x555 / 4096),
      -0,
    ]);
    writeFileSync(file('h.npy'), npy('|i1', '(2, 2)', Uint8Array.of(1, 255, 128, 127)));
    expect([...(await KeyedVectors.load(file('h.npy'))).getVectors(['a', 'b'])]).toEqual([1, -1, -128, 127]);
  });

  test.each<[string, Buffer, string, string]>([
    ['too few words', npy('<f4', '(2, 1)', new Uint8Array(8)), 'a\n', 'ERR_W2V_VECTOR_FORMAT'],
    ['one dimension', npy('<f4', '(2,)', new Uint8Array(8)), 'a\nb\n', 'ERR_W2V_VECTOR_FORMAT'],
    ['objects', npy('|O', '(2, 1)', new Uint8Array(16)), 'a\nb\n', 'ERR_W2V_VECTOR_FORMAT'],
    ['an unknown version', npy('<f4', '(2, 1)', new Uint8Array(8), 4), 'a\nb\n', 'ERR_W2V_VECTOR_FORMAT'],
    ['too few bytes', npy('<f4', '(2, 1)', new Uint8Array(7)), 'a\nb\n', 'ERR_W2V_VECTOR_TRUNCATED'],
    [
      'a huge shape',
      npy('<f4', '(4294967296, 4294967296)', new Uint8Array(8)),
      'a\n',
      'ERR_W2V_VECTOR_TRUNCATED',
    ],
    [
      'an end in the header',
      npy('<f4', '(2, 1)', new Uint8Array(8)).subarray(0, 30),
      'a\nb\n',
      'ERR_W2V_VECTOR_TRUNCATED',
    ],
  ])('%s: refused', async (_, bytes, list, code) => {
    writeFileSync(file('bad.npy'), bytes);
    writeFileSync(file('bad.txt'), list);
    expect((await rejectionOf(KeyedVectors.load(file('bad.npy')))).code).toBe(code);
  });

  test('without its list of words, as .gz, and with a line end in a word: errors that say so', async () => {
    writeFileSync(file('lonely.npy'), npy('<f4', '(1, 1)', new Uint8Array(4)));
    const missing = await rejectionOf(KeyedVectors.load(file('lonely.npy')));
    expect(missing.code).toBe('ERR_W2V_FILE_NOT_FOUND');
    expect(missing.message).toContain('lonely.txt');
    expect((await rejectionOf((await made()).save(file('v.npy.gz')))).code).toBe('ERR_W2V_OPTION');
    const broken = await KeyedVectors.fromVectors(['a\nb'], [[1]]);
    for (const format of ['npy', 'tensorboard'] as const) {
      expect((await rejectionOf(broken.save(file('broken'), { format }))).code).toBe(
        'ERR_W2V_WORD_UNWRITABLE',
      );
    }
  });
});

test("TensorBoard's projector: values and words, with counts under titles", async () => {
  const vectors = await made([5, 4, 3, 2, 1]);
  await vectors.save(file('t.tsv'), { format: 'tensorboard' });
  const values = readFileSync(file('t.tsv'), 'utf8').trimEnd().split('\n').map((line) => line.split('\t').map(Number)); // prettier-ignore
  expect(values[0]).toEqual([1, 0.5, -2]);
  expect(values).toHaveLength(5);
  expect(readFileSync(file('t.metadata.tsv'), 'utf8')).toBe(
    'word\tcount\neast\t5\nnew york\t4\n\t3\n北\t2\nx\t1\n',
  );
  const result = await runCli(['convert', file('v.npy'), file('cli.tsv'), '--format', 'tensorboard']);
  expect(result.code).toBe(0);
  expect(readFileSync(file('cli.metadata.tsv'), 'utf8')).toBe('east\nnew york\n\n北\nx\n');
});

test("gensim's own format is only read", async () => {
  const error = await rejectionOf((await made()).save(file('x'), { format: 'gensim' as VectorFormat }));
  expect(error.code).toBe('ERR_W2V_OPTION');
});

/** A fastText model of two words in three dimensions, and two buckets. */
function fastText({ version = 12, quantized = 0, buckets = 2, shortest = 1, longest = 2 } = {}): Buffer {
  const ints = (...values: number[]) => Buffer.from(Int32Array.from(values).buffer);
  const longs = (...values: bigint[]) => Buffer.from(BigInt64Array.from(values).buffer);
  const entry = (word: string, count: bigint, type: number) =>
    Buffer.concat([Buffer.from(`${word}\0`), longs(count), Buffer.from([type])]);
  return Buffer.concat([
    ints(793712314, version, 3, 5, 5, 1, 5, 1, 2, 1, buckets, shortest, longest, 100),
    Buffer.alloc(8),
    ints(3, 2, 1),
    longs(9n, -1n),
    entry('</s>', 5n, 0),
    entry('é', 4n, 0),
    entry('__label__x', 1n, 1),
    Buffer.from([quantized]),
    longs(4n, 3n),
    Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6, 10, 0, 0, 0, 20, 0).buffer),
  ]);
}

describe("fastText's models", () => {
  test('words with their n-grams, and words that are not there', async () => {
    writeFileSync(file('m.bin'), fastText());
    for (const mmap of [true, false]) {
      const vectors = await KeyedVectors.load(file('m.bin'), { mmap });
      expect(vectors.loadedFrom?.format).toBe('fasttext');
      expect([...vectors]).toEqual(['</s>', 'é']);
      expect(vectors.count('é')).toBe(4);
      expect(vectors.hasSubwords).toBe(true);
      expect([...vectors.get('</s>')]).toEqual([1, 2, 3]); // it has no n-grams
      // The n-grams of <é> are <é, é, é>: FNV-1a of their bytes, modulo 2.
      const bucket = (gram: string) => {
        let hash = 2166136261;
        for (const byte of Buffer.from(gram))
          hash = Math.imul(hash ^ (byte > 127 ? byte | -256 : byte), 16777619) >>> 0;
        return hash % 2;
      };
      const mean = (grams: string[], own: number[][]) => {
        const rows = [...own, ...grams.map((gram) => (bucket(gram) ? [0, 20, 0] : [10, 0, 0]))];
        return [0, 1, 2].map((d) => Math.fround(rows.reduce((sum, row) => sum + row[d]!, 0) / rows.length));
      };
      expect([...vectors.get('é')]).toEqual(mean(['<é', 'é', 'é>'], [[4, 5, 6]]));
      expect(vectors.has('ab')).toBe(false);
      expect([...vectors.get('ab')]).toEqual(mean(['<a', 'a', 'ab', 'b', 'b>'], []));
      expect([...vectors.getVectors(['ab', '</s>'])].slice(3)).toEqual([1, 2, 3]);
      expect(vectors.similarity('ab', 'ab')).toBeCloseTo(1, 6);
      expect(await vectors.mostSimilar('ab')).toHaveLength(2);
      expect(await vectors.doesntMatch(['ab', '</s>', 'ab'])).toBe('</s>');
    }
    const stream = await KeyedVectors.load(createReadStream(file('m.bin')));
    expect(stream.hasSubwords).toBe(true);
  });

  test('without n-grams unknown words stay unknown; the format is only read', async () => {
    writeFileSync(file('plain.bin'), fastText({ longest: 0 }));
    const vectors = await KeyedVectors.load(file('plain.bin'));
    expect(vectors.hasSubwords).toBe(false);
    expect(() => vectors.get('ab')).toThrow("The word 'ab' is not in the vectors");
    await vectors.save(file('plain.txt'));
    const error = await rejectionOf(vectors.save(file('x'), { format: 'fasttext' as VectorFormat }));
    expect(error.code).toBe('ERR_W2V_OPTION');
  });

  test('other versions, quantized models and cut files are refused', async () => {
    const load = async (bytes: Buffer) => {
      writeFileSync(file('bad.bin'), bytes);
      return rejectionOf(KeyedVectors.load(file('bad.bin')));
    };
    expect((await load(fastText({ version: 13 }))).message).toContain('version 11 or 12');
    expect((await load(fastText({ quantized: 1 }))).message).toContain('quantized');
    expect((await load(fastText({ buckets: 1 << 30 }))).code).toBe('ERR_W2V_VECTOR_FORMAT');
    expect((await load(fastText({ buckets: -1 }))).code).toBe('ERR_W2V_VECTOR_FORMAT');
    const whole = fastText();
    for (let size = 5; size < whole.length; size += 3) {
      expect((await load(whole.subarray(0, size))).code).toBe('ERR_W2V_VECTOR_TRUNCATED');
    }
  });
});

describeWithShared('formats')('a model that fastText wrote', () => {
  test('fasttext.bin has the vectors that gensim and fastText give, of unseen words too', async () => {
    const { files } = JSON.parse(readFileSync(sharedData('formats', 'answers.json'), 'utf8')) as {
      files: Record<
        string,
        { oov_vectors_from_subwords: Record<string, number[]>; in_vocab: Record<string, number[]> }
      >;
    };
    const vectors = await KeyedVectors.load(sharedData('formats', 'fasttext.bin'));
    expect([vectors.size, vectors.vectorSize]).toEqual([936, 32]);
    const { oov_vectors_from_subwords: unseen, in_vocab: seen } = files['fasttext.bin']!;
    for (const [word, values] of [...Object.entries(unseen), ...Object.entries(seen)]) {
      const vector = vectors.get(word);
      values.forEach((value, d) => expect(vector[d]).toBeCloseTo(value, 5));
      expect(vectors.has(word)).toBe(word in seen);
    }
    const text = await KeyedVectors.load(sharedData('formats', 'fasttext.vec'));
    expect([...vectors]).toEqual([...text]);
    for (const word of text) {
      const [ours, theirs] = [vectors.get(word), text.get(word)];
      for (let d = 0; d < 32; ++d)
        expect(Math.abs(ours[d]! - theirs[d]!)).toBeLessThan(6e-5 * Math.max(1, Math.abs(theirs[d]!)));
    }
  });
});

const python = ['/usr/bin/python3', 'python3'].find(
  (program) => spawnSync(program, ['-c', 'import gensim']).status === 0,
);
if (python === undefined) console.log('gensim is not there: files that it would save are not tested');

(python ? describe : describe.skip)('files that gensim saves', () => {
  const words = ['king', 'queen', 'naïve', '東京'];
  const save = (program: string) => {
    const text = `
import sys, pickle, numpy as np
from gensim.models import KeyedVectors, Word2Vec
folder = sys.argv[1]
kv = KeyedVectors(3)
kv.add_vectors(${JSON.stringify(words)}, np.arange(12, dtype=np.float32).reshape(4, 3) - 5)
${program}`;
    const result = spawnSync(python!, ['-', file('')], { input: text, encoding: 'utf8' });
    expect(result.stderr).not.toMatch(/Error/);
    return result.stdout;
  };
  const expected = words.map((word, i) => [word, 3 * i - 5, 3 * i - 4, 3 * i - 3]);

  test.each([2, 3, 4, 5])('pickle protocol %d', async (protocol) => {
    save(`kv.save(folder + '/p.kv', pickle_protocol=${protocol})`);
    const vectors = await KeyedVectors.load(file('p.kv'));
    expect(vectors.loadedFrom?.format).toBe('gensim');
    expect(contents(vectors)).toEqual(expected);
  });

  test('arrays of doubles, by columns, and of big-endian floats', async () => {
    for (const change of ['astype(np.float64)', 'copy(order="F")', 'astype(">f4")', 'astype(np.float16)']) {
      save(`kv.vectors = kv.vectors.${change}\nkv.save(folder + '/d.kv')`);
      expect(contents(await KeyedVectors.load(file('d.kv')))).toEqual(expected);
    }
  });

  test.each([10 << 20, 10])('a Word2Vec model, arrays above %d bytes apart', async (limit) => {
    const printed = save(`
import json
texts = [['a', 'b', 'c', 'a'], ['b', 'd', 'a', 'e']] * 20
model = Word2Vec(texts, vector_size=8, min_count=1, epochs=1, workers=1)
model.save(folder + '/m.model', sep_limit=${limit})
print(json.dumps([model.wv.index_to_key, model.wv.vectors.tolist(), [int(model.wv.get_vecattr(w, 'count')) for w in model.wv.index_to_key]]))`);
    const [index, vectors, counts] = JSON.parse(printed) as [string[], number[][], number[]];
    const loaded = await KeyedVectors.load(file('m.model'));
    expect([...loaded]).toEqual(index);
    expect(index.map((word) => [...loaded.get(word)])).toEqual(vectors);
    expect(index.map((word) => loaded.count(word))).toEqual(counts);
  });

  test('a file beside it that is missing is named', async () => {
    save(
      `kv.save(folder + '/lone.kv', separately=['vectors'])\nimport os\nos.remove(folder + '/lone.kv.vectors.npy')`,
    );
    const error = await rejectionOf(KeyedVectors.load(file('lone.kv')));
    expect(error.code).toBe('ERR_W2V_FILE_NOT_FOUND');
    expect(error.message).toContain('lone.kv.vectors.npy');
  });

  test('other pickles are refused, and nothing of them is run', async () => {
    save(`
class Evil:
    def __reduce__(self):
        import os
        return (os.system, ('touch ' + folder + '/was-run',))
kv.extra = Evil()
pickle.dump(kv, open(folder + '/evil.kv', 'wb'))
pickle.dump({'a': 1}, open(folder + '/dict.pkl', 'wb'))`);
    const evil = await rejectionOf(KeyedVectors.load(file('evil.kv')));
    expect(evil.code).toBe('ERR_W2V_VECTOR_FORMAT');
    expect(evil.message).toMatch(/(posix|os|nt)\.system/);
    expect(() => readFileSync(file('was-run'))).toThrow();
    expect((await rejectionOf(KeyedVectors.load(file('dict.pkl')))).message).toMatch(/something else/);
  });
});
