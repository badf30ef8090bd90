// Makes test/fixtures/golden: a small corpus and what the exact training loop computes from it, mode by mode.
// test/golden.test.ts first proves that loop against the outputs of Google's C tools where those are at hand; run
// this only from a tree where that passes: npm run build && node scripts/make-golden.mjs
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Word2Vec } from '../dist/index.mjs';

const folder = path.join(import.meta.dirname, '..', 'test', 'fixtures', 'golden');
mkdirSync(folder, { recursive: true });

// Sentences about one of six topics, words by Zipf's law; a few lines empty or longer than maxSentenceLength.
let state = 20131016n;
function random(limit) {
  state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
  return Number((state >> 33n) % BigInt(limit));
}
const lines = [];
for (let line = 0; line < 1200; ++line) {
  const topic = random(6);
  const length = line === 700 ? 1500 : random(20);
  const words = Array.from({ length }, () => {
    const rank = Math.floor(Math.exp((random(10000) / 10000) * Math.log(60)));
    return random(4) === 0 ? `common${rank}` : `topic${topic}word${rank}`;
  });
  lines.push(words.join(' '));
}
const corpus = path.join(folder, 'corpus.txt');
writeFileSync(corpus, `${lines.join('\n')}\n`);

const modes = {
  'sg-ns': { sg: true },
  'cbow-ns': { sg: false },
  'sg-hs': { sg: true, hs: true, negative: 0 },
  'cbow-hs': { sg: false, hs: true, negative: 0 },
  'sg-ns-hs': { sg: true, hs: true },
};
for (const [name, mode] of Object.entries(modes)) {
  const model = await Word2Vec.train(corpus, { ...mode, vectorSize: 16, epochs: 2, threads: 1 });
  await model.vectors.save(path.join(folder, `${name}.bin`));
  console.log(`${name}: ${model.vectors.size} words`);
}
