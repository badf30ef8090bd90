// How fast text is tokenised, by one thread: the CPU time of this process, the best of some rounds.
import { readFileSync, readdirSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Tokenizer, sentences } from '../../../dist/index.mjs';
import { run as runProgram, sharedData, temporaryFolder } from '../common.mjs';

export const name = 'tokenizing';

const rounds = 5;

/** The English of Reuters-21578 as it is and in Cyrillic letters, and Chinese paragraphs. */
function texts() {
  const archive = path.join(sharedData, 'reuters21578-apte.tar.gz');
  if (!existsSync(archive)) throw new Error(`Needs ${archive}, which is not here`);
  const folder = path.join(temporaryFolder(), 'reuters');
  mkdirSync(folder);
  runProgram('tar', ['xzf', archive, '-C', folder]);
  const training = path.join(folder, 'reuters21578-apte', 'training');
  const english = readdirSync(training).map((file) => readFileSync(path.join(training, file), 'utf8'));
  const chinese = gunzipSync(readFileSync(path.join(sharedData, 'zh-wiki.txt.gz')));
  const cyrillic = (letter) => String.fromCharCode(0x430 + letter.charCodeAt(0) - 97);
  return {
    english: english.join('').split('\n'),
    cyrillic: english.join('').replace(/[a-z]/g, cyrillic).split('\n'),
    chinese: chinese.subarray(0, 3_000_000).toString().split('\n').slice(0, -1),
  };
}

const bytesOf = (lines) => lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);

/** Megabytes (10⁶ bytes of UTF-8) per CPU second, and what came of a round. */
function speed(lines, cut) {
  let best = Infinity;
  let tokens = 0;
  for (let round = 0; round < rounds; ++round) {
    const before = process.cpuUsage();
    tokens = 0;
    for (const line of lines) tokens += cut(line).length;
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1e6);
  }
  return { megabytesPerSecond: bytesOf(lines) / 1e6 / best, tokens };
}

export async function run() {
  const { english, cyrillic, chinese } = texts();
  const cutter = (options) => {
    const tokenizer = new Tokenizer(options);
    return (line) => tokenizer.tokens(line);
  };
  const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
  const plain = (line) => Array.from(segmenter.segment(line)).filter(({ isWordLike }) => isWordLike);
  const cases = [
    ['English, word-punctuation', english, cutter({ tokenizer: 'word-punctuation' })],
    [
      'English, word-punctuation, lower case',
      english,
      cutter({ tokenizer: 'word-punctuation', lowercase: true }),
    ],
    ['English, segmenter', english, cutter({ locale: 'en' })],
    ['English, segmenter, without stop-words', english, cutter({ locale: 'en', stopWords: true })],
    ['English, Intl.Segmenter itself, line by line', english, plain],
    ['English, sentences', english, (line) => sentences(line)],
    ['Cyrillic letters, segmenter', cyrillic, cutter({ locale: 'ru' })],
    ['Cyrillic letters, Intl.Segmenter itself, line by line', cyrillic, plain],
    ['Cyrillic letters, sentences', cyrillic, (line) => sentences(line, { locale: 'ru' })],
    ['Chinese, segmenter', chinese, cutter({ locale: 'zh' })],
    ['Chinese, jieba', chinese, cutter({ locale: 'zh', tokenizer: 'jieba' })],
  ];
  const rows = cases.map(([title, lines, cut]) => {
    const { megabytesPerSecond, tokens } = speed(lines, cut);
    return [title, megabytesPerSecond.toFixed(1), tokens.toLocaleString('en')];
  });
  return {
    title: 'Tokenizing, one thread',
    columns: ['text and tokenizer', 'MB/s', 'tokens'],
    rows,
    notes: [
      `10⁶ bytes of UTF-8 per CPU second, the best of ${rounds} rounds; garbage is collected by threads beside, whose time counts too.`,
      `English: the training documents of Reuters-21578, ${(bytesOf(english) / 1e6).toFixed(1)} MB, line by line. Cyrillic: the same, each lower-case letter replaced. Chinese: paragraphs of Wikipedia, ${(bytesOf(chinese) / 1e6).toFixed(1)} MB.`,
    ],
  };
}
