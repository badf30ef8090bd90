// npm run demo [-- PATH]: trains on real text, saves Google binary vectors and shows what they know.
//
// Without a path the text is what every machine has after `npm ci`: the Markdown documentation and the doc comments
// of the type definitions under node_modules. A path (file, folder, glob, .gz) trains on your own text.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KeyedVectors, Word2Vec } from '../dist/index.mjs';

const root = path.join(import.meta.dirname, '..');
const output = 'demo-vectors.bin';

/** Prose without the parts that are not English: code, tags, links, addresses. */
function prose(markdown) {
  return markdown
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, '\n\n')
    .replace(/`[^`\n]*`/g, ' ')
    .replace(/<[^>\n]*>/g, ' ')
    .replace(/\]\([^)\n]*\)/g, ' ')
    .replace(/\{@\w+\s+([^}\s|]*)[^}]*\}/g, ' $1 ')
    .replace(/\b\w+:\/\/\S+|\S+@\S+|\S+[/\\_=]\S+/g, ' ');
}

function docComments(source) {
  const comments = source.match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  return comments.map((comment) => comment.slice(3, -2).replace(/^\s*\*/gm, '')).join('\n\n');
}

/** Sentences of the documentation below a folder; those that occur again (licences, say) only once. */
class Documentation {
  constructor(folder) {
    this.folder = folder;
  }

  *[Symbol.iterator]() {
    const seen = new Set();
    const files = readdirSync(this.folder, { recursive: true }).sort();
    for (const file of files) {
      const text = /\.(md|markdown)$/i.test(file)
        ? (name) => readFileSync(name, 'utf8')
        : /\.d\.[cm]?ts$/.test(file)
          ? (name) => docComments(readFileSync(name, 'utf8'))
          : undefined;
      if (!text) continue;
      for (const sentence of prose(text(path.join(this.folder, file))).split(/[.!?:;|]\s|\n\s*\n/)) {
        const words = sentence.toLowerCase().match(/[a-z]+(?:'[a-z]+)?/g) ?? [];
        const line = words.join(' ');
        if (words.length < 4 || seen.has(line)) continue;
        seen.add(line);
        yield line;
      }
    }
  }
}

function showProgress({ phase, fraction, wordsPerSecond, etaSeconds, alpha }) {
  const line =
    phase === 'training'
      ? `training ${(100 * fraction).toFixed(0).padStart(3)}%  ` +
        `${Math.round(wordsPerSecond).toLocaleString('en')} words/s  ` +
        `${Math.ceil(etaSeconds ?? 0)} s left  learning rate ${alpha.toFixed(4)}`
      : `reading text: ${Math.round(wordsPerSecond).toLocaleString('en')} words/s`;
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
}

const given = process.argv[2];
console.log(`Training on ${given ?? 'the documentation of the packages in node_modules'}`);
const text = given === undefined ? new Documentation(path.join(root, 'node_modules')) : { files: [given] };
const model = await Word2Vec.train(text, { sg: true, epochs: 10, onProgress: showProgress }).catch(
  (error) => {
    console.error(`demo: ${error.message}`);
    process.exit(1);
  },
);
if (process.stderr.isTTY) process.stderr.write('\n');
const { words, vocabulary, trainSeconds, wordsPerSecond, threads, isa } = model.report;
console.log(
  `${words.toLocaleString('en')} words, a vocabulary of ${vocabulary.toLocaleString('en')}; 10 epochs in ` +
    `${trainSeconds.toFixed(1)} s: ${Math.round(wordsPerSecond).toLocaleString('en')} words/s on ${threads} threads (${isa})`,
);

await model.vectors.save(output);
console.log(`Saved ${output} (Google's binary format)\n`);

// Frequent words of some length say something; "the" and "of" do not.
const vectors = await KeyedVectors.load(output);
const frequent = [];
for (const word of vectors) {
  if (word.length >= 6 && !word.includes("'")) frequent.push(word);
  if (frequent.length === 10) break;
}
for (const word of frequent) {
  const neighbours = await vectors.mostSimilar(word, { topN: 6 });
  console.log(
    `${word.padEnd(14)}${neighbours.map((n) => `${n.word} ${n.score.toFixed(2)}`.padEnd(18)).join(' ')}`,
  );
}
