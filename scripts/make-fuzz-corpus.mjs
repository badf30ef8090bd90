// make-fuzz-corpus.mjs: writes the seeds of the fuzzers, native/fuzz/corpus/<target>/. They are kept; run it after a change of
// a format, and add the inputs of faults that were found.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { KeyedVectors, Phrases, SequenceTagger, TextClassifier, Word2Vec } from '../dist/index.mjs';

const corpus = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'native', 'fuzz', 'corpus');
const made = path.join(tmpdir(), `w2v-fuzz-corpus-${process.pid}`);

function seed(target, name) {
  mkdirSync(path.join(corpus, target), { recursive: true });
  return path.join(corpus, target, name);
}

const words = ['</s>', 'the', 'naïve', '東京', 'x'];
const rows = words.map((_, i) => [i, -i / 3, 1e-30 * i, 7]);
const vectors = await KeyedVectors.fromVectors(words, rows, { counts: [5, 4, 3, 2, 1] });
const empty = await KeyedVectors.fromVectors([], [], { vectorSize: 3 });

for (const format of ['bin', 'bin-no-newline']) {
  await vectors.save(seed('google_binary', format), { format });
  await vectors.save(seed('holds_rows', format), { format });
}
await empty.save(seed('google_binary', 'empty'), { format: 'bin' });
writeFileSync(
  seed('google_binary', 'repeated'),
  Buffer.from('3 1\na \0\0\x80?\nb \0\0\xc0\x7f\na 1234\n', 'latin1'),
);
writeFileSync(
  seed('google_binary', 'not-utf8'),
  Buffer.from('2 1\n\xe9 \0\0\x80?\xff\xfe \0\0\0\0', 'latin1'),
);

await vectors.save(seed('text', 'text'), { format: 'text' });
await vectors.save(seed('holds_rows', 'text'), { format: 'text' });
writeFileSync(seed('text', 'crlf'), '\ufeff2 2\r\na b 1 2\r\nc -1e-3 +.5\r\n');
writeFileSync(seed('text', 'numbers'), '4 2\n1 nan inf\n2 1e400 -1e-400\n\t3 0x1p3\n4 00 -0\n');

await vectors.save(seed('glove', 'glove'), { format: 'glove' });
writeFileSync(seed('glove', 'spaces'), '. . . 1 2 3\n<unk> 1 2 3\n');

await vectors.save(seed('w2v', 'counts'), { format: 'w2v' });
await vectors.save(seed('w2v', 'int8'), { format: 'w2v', precision: 'int8' });
await vectors.save(seed('w2v', 'all'), { format: 'w2v', precision: ['float32', 'bf16', 'int8'] });
await empty.save(seed('w2v', 'empty'), { format: 'w2v' });

writeFileSync(made, '3 2\na wxyzWXYZ\nbc WXYZwxyz\nd wxyzWXYZ\n');
await KeyedVectors.load(made, { sidecar: true });
copyFileSync(`${made}.w2vrows`, seed('sidecar', 'three'));
rmSync(made);
rmSync(`${made}.w2vrows`);

const four = await KeyedVectors.fromVectors(['a', 'b c', '', 'd'], rows.slice(0, 4));
await four.save(`${made}.npy`);
copyFileSync(`${made}.npy`, seed('npy', 'float32'));
rmSync(`${made}.npy`);
rmSync(`${made}.txt`);

const indexed = await KeyedVectors.fromVectors(
  Array.from({ length: 40 }, (_, i) => `w${i}`),
  Array.from({ length: 40 }, (_, i) => [0, 1, 2, 3].map((d) => ((i * 7 + d * 13) % 11) - 5)),
);
await indexed.buildIndex();
await indexed.saveIndex(seed('index', 'default'));
await indexed.buildIndex({ connectivity: 2 });
await indexed.saveIndex(seed('index', 'connectivity-2'));

const sentences = ['a b c a', 'c b a', 'new york of new york'];
const tiny = { vectorSize: 3, minCount: 1, epochs: 1, threads: 1 };
const trained = await Word2Vec.train(sentences, tiny);
await trained.setLearningRateFactor(['a'], 0);
await trained.save(seed('model', 'rest'));
await Word2Vec.train(sentences, {
  ...tiny,
  hs: true,
  checkpoint: { path: seed('model', 'checkpoint'), everyEpochs: 1 },
});
const phrases = await Phrases.learn(sentences, { minCount: 1, connectorWords: ['of'] });
await phrases.save(seed('phrases', 'counts'));
await (await phrases.freeze()).save(seed('phrases', 'frozen'));

const tagged = [
  { tokens: ['in', 'Rom'], tags: ['O', 'B-LOC'] },
  { tokens: ['x', '東京'], tags: ['O', 'I-LOC'] },
];
const tagger = { epochs: 1, hiddenSize: 3, vectorSize: 2, featureSize: 1, threads: 1, window: 1 };
await (await SequenceTagger.train(tagged, tagger)).save(seed('tagger', 'spans'));
const columns = [{ tokens: ['a'], columns: { pos: ['X'] }, tags: ['Y'] }];
await (
  await SequenceTagger.train(columns, { ...tagger, suffixes: [], prefixes: [] })
).save(seed('tagger', 'labels'));
const labelled = ['a', 'b', 'c'].map((label) => ({ text: `${label} b c`, labels: label }));
for (const [loss, precision] of [
  ['softmax', 'float32'],
  ['ova', 'int8'],
  ['hs', 'bf16'],
]) {
  const options = { loss, vectorSize: 3, wordNgrams: 2, epochs: 1, threads: 1 };
  await (await TextClassifier.train(labelled, options)).save(seed('classifier', loss), { precision });
}

// What gensim and NumPy write, where they are; else the kept seeds stay.
spawnSync('/usr/bin/python3', ['-', path.dirname(seed('pickle', 'any')), path.dirname(seed('npy', 'any'))], {
  input: `
import sys
import numpy as np
from gensim.models import KeyedVectors, Word2Vec
pickles, arrays = sys.argv[1:]
kv = KeyedVectors(3)
kv.add_vectors(['a', 'b', 'na\u00efve'], np.arange(9, dtype=np.float32).reshape(3, 3) - 5)
for protocol in (2, 3, 4, 5):
    kv.lifecycle_events = None
    kv.save(f'{pickles}/protocol{protocol}', pickle_protocol=protocol)
model = Word2Vec([['a', 'b', 'c', 'a']], vector_size=4, min_count=1, epochs=1, workers=1)
model.lifecycle_events = model.wv.lifecycle_events = None
model.save(f'{pickles}/model')
for kind in ('<f8', '>f4', '<f2', '|i1'):
    np.save(f'{arrays}/{kind[1:]}.npy', np.arange(8).reshape(4, 2).astype(kind))
np.save(f'{arrays}/columns.npy', np.asfortranarray(np.arange(8, dtype=np.float32).reshape(4, 2)))
`,
});

// fastText, where it is.
const text = path.join(tmpdir(), `w2v-fuzz-text-${process.pid}`);
writeFileSync(text, 'a b naïve a b a\n'.repeat(20));
for (const [name, subwords] of [
  ['subwords', ['-minn', '2', '-maxn', '3', '-bucket', '20']],
  ['words', ['-maxn', '0']],
]) {
  const options = ['-dim', '3', '-epoch', '1', '-minCount', '1', '-thread', '1', ...subwords];
  const { status } = spawnSync('fasttext', ['skipgram', '-input', text, '-output', text, ...options]);
  if (status === 0) copyFileSync(`${text}.bin`, seed('fasttext', name));
}
for (const ending of ['', '.bin', '.vec']) rmSync(text + ending, { force: true });
