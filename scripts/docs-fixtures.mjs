// The files that the code of README.md and docs/ mentions, small and made here: check-docs.mjs puts them into the folder in
// which a page's code runs. A page that needs another file adds a line to the list at the end.
import { gzipSync } from 'node:zlib';
import { KeyedVectors, Word2Vec } from '../dist/index.mjs';

/** The same numbers from 0 to 1 every time. */
function generator(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

const words = {
  royal: ['king', 'queen', 'prince', 'princess'],
  person: ['man', 'woman', 'boy', 'girl', 'doctor', 'teacher'],
  city: ['paris', 'berlin', 'rome', 'madrid', 'london'],
  country: ['france', 'germany', 'italy', 'spain', 'england'],
  drink: ['coffee', 'tea', 'milk', 'water'],
  heat: ['hot', 'warm', 'cold'],
  meal: ['breakfast', 'lunch', 'dinner'],
  food: ['cereal', 'bread', 'soup', 'rice'],
};
const templates = [
  'the {royal} and the {royal} wore the crown in {city}',
  'a {person} is no {royal} but the {person} saw the {royal} of {country}',
  '{city} is the capital of {country} and the {person} lives there',
  'the {drink} is {heat} and the {food} is {heat} at {meal}',
  'the {person} had {food} and {drink} for {meal}',
  'the {person} reads the new york times in new york',
  'the bank of america is in {city} said the {person}',
];

const syllables = ['ba', 'do', 'ki', 'lu', 'me', 'no', 'ra', 'si', 'ta'];
/** Words without a meaning, so that there are several hundred. */
const fillers = syllables.flatMap((a) => syllables.flatMap((b) => syllables.map((c) => a + b + c)));

/** Sentences of a small world, a line each. */
function text(lines, seed) {
  const random = generator(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const sentence = () =>
    `${pick(templates).replace(/\{(\w+)\}/g, (_, kind) => pick(words[kind]))} ${pick(fillers)} ${pick(fillers)}`;
  return Array.from({ length: lines }, () => `${sentence()}\n`).join('');
}

/** Random vectors under these words, as Google's binary format has them. */
function binaryVectors(names, vectorSize) {
  const random = generator(300);
  const row = () => Buffer.from(Float32Array.from({ length: vectorSize }, () => random() - 0.5).buffer);
  const rows = names.flatMap((name) => [Buffer.from(`${name} `), row(), Buffer.from('\n')]);
  return Buffer.concat([Buffer.from(`${names.length} ${vectorSize}\n`), ...rows]);
}

const corpus = text(4000, 1);
const googleNews = binaryVectors(
  [...Object.values(words).flat(), 'New_York', 'King', 'is', 'the', 'crown', 'Paris', 'France'],
  300,
);
const questions = `: family
king queen man woman
man woman boy girl
: capital-common-countries
paris france rome italy
berlin germany madrid spain
`;
const pairs = 'king\tqueen\t8.6\ncoffee\ttea\t7.9\nparis\tbread\t1.2\nman\twoman\t8.3\n';

const columns = 'the O\nking O\nof O\nfrance B-LOC\n\nnew B-LOC\nyork I-LOC\ntimes O\n\n'.repeat(20);

const chinese = ['北京是中国的首都', '东京是日本的首都', '医生和护士在医院工作', '老师和学生在学校学习'];
const chineseQuestions = ': 首都\n中国 北京 日本 东京\n日本 东京 中国 北京\n';

const files = {
  'corpus.txt': corpus,
  'corpus.txt.gz': gzipSync(corpus),
  'raw.txt': corpus,
  'reviews.txt': '__label__good a fine film\n__label__bad a dull film\n'.repeat(50),
  'reviews-test.txt': '__label__good a fine film\n__label__bad a dull film\n',
  'train.txt': columns,
  'dev.txt': columns,
  'test.txt': columns,
  'more.txt': text(500, 2),
  'more/a.txt.gz': gzipSync(text(200, 3)),
  'more/b.txt.gz': gzipSync(text(200, 4)),
  'held-out.txt': text(200, 5),
  'wikipedia.txt': corpus,
  'news.txt': text(500, 6),
  text8: corpus.replaceAll('\n', ' '),
  'GoogleNews-vectors-negative300.bin': googleNews,
  'GoogleNews-vectors-negative300.bin.gz': gzipSync(googleNews),
  'questions-words.txt': questions,
  'wordsim353.tsv': pairs,
  'words.tsv': pairs,
  'stop-words.txt': 'the\nof\n',
  'zh-wiki.txt': `${chinese.join('\n')}\n`.repeat(50),
  't2s-chars.tsv': '醫\t医\n學\t学\n',
  'ca8-semantic.txt': chineseQuestions,
  'wordsim-240.txt': '医生\t护士\t7.5\n老师\t学生\t6.8\n北京\t学校\t1.2\n',
};

/** Every file by its name: text, or bytes. */
export function fixtureFiles() {
  return files;
}

/** Writes what is made by training: vectors.bin, vectors.txt, vectors.w2v. */
export async function writeFixtureVectors(name) {
  const { vectors } = await Word2Vec.train(name('corpus.txt'), { vectorSize: 100, epochs: 2, threads: 1 });
  for (const file of ['vectors.bin', 'vectors.txt']) await vectors.save(name(file));
  const loaded = await KeyedVectors.load(name('vectors.bin'));
  await loaded.save(name('vectors.w2v'), { precision: ['float32', 'int8'] });
}
