// Files of NumPy, gensim and TensorBoard.
import { spawnSync } from 'node:child_process';
import { copyFileSync, createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { KeyedVectors, type VectorFormat } from '../lib/index.js';
import { rejectionOf, runCli, temporaryFolder } from './helpers.js';

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
