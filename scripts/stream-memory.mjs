// npm run test:stream [-- megabytes]: trains on a stream that is generated as it is read, 2,048 MB if nothing else is said, and counts its words and phrases; fails where the
// process has more than 300 MB of anonymous memory beyond the model. Needs /proc (Linux).
import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { Phrases, Word2Vec, estimateMemory } from '../dist/index.mjs';
import { runWatched } from './bench/common.mjs';

const limit = 300e6;

/** Lines of words by Zipf's law, one after the other: nothing of them is kept. */
function* lines(megabytes) {
  let state = 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let bytes = 0; bytes < megabytes * 1e6;) {
    let line = '';
    for (let i = 0; i < 20; ++i) line += `w${Math.floor(60_000 ** random()).toString(36)} `;
    bytes += line.length + 1;
    yield line;
  }
}

const work = {
  async train(megabytes) {
    const options = { vectorSize: 20, window: 2, negative: 2, epochs: 2, sample: 1e-4, threads: 2 };
    const { vectors, report } = await Word2Vec.train(lines(megabytes), options); // can be read once
    const model = estimateMemory({ ...options, vocabularySize: vectors.size }).total;
    console.error(JSON.stringify({ words: report.words, vocabulary: vectors.size, model }));
  },
  async phrases(megabytes) {
    const bytes = Readable.from(
      (function* () {
        for (const line of lines(megabytes)) yield Buffer.from(`${line}\n`);
      })(),
    );
    const phrases = await Phrases.learn(bytes, { maxVocabSize: 1_000_000 });
    let joined = 0;
    for await (const line of phrases.apply(lines(megabytes))) joined += line.length;
    console.error(JSON.stringify({ words: phrases.corpusWords, joined, model: 0 }));
  },
};

const [, script, first, second] = process.argv;
if (first in work) {
  await work[first](Number(second));
} else if (!existsSync('/proc/self/status')) {
  console.log('skipped: there is no /proc here to read the memory of a process from');
} else {
  const megabytes = Number(first ?? 2048);
  for (const name of Object.keys(work)) {
    const { anonymousBytes, seconds, messages } = await runWatched(process.execPath, [
      script,
      name,
      megabytes,
    ]);
    const { model, words } = JSON.parse(messages.trim().split('\n').at(-1));
    const beyond = anonymousBytes - model;
    console.log(
      `${name}: ${megabytes} MB, ${(words / 1e6).toFixed(1)} M words in ${seconds.toFixed(0)} s; ${(beyond / 1e6).toFixed(0)} MB of anonymous memory beyond the model's ${(model / 1e6).toFixed(0)} MB`,
    );
    if (beyond > limit) {
      console.error(`expected at most ${limit / 1e6} MB`);
      process.exitCode = 1;
    }
  }
}
