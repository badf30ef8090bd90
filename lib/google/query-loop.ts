// The prompt of `distance` and `word-analogy`: a line of words, what they are, a table of 40 words.
import { createInterface } from 'node:readline';
import type { Combination } from '../query.js';
import { KeyedVectors } from '../keyed-vectors.js';
import { fixed, runTool } from './flags.js';

export interface QueryTool {
  name: string;
  prompt: string;
  header: string;
  /** What is said of the words, and the question, if there is one. */
  ask: (words: readonly string[], vectors: KeyedVectors) => { text: string; question?: Combination };
}

const rule = '-'.repeat(72);

export function runQueryTool({ name, prompt, header, ask }: QueryTool): void {
  runTool(async ([file]) => {
    if (file === undefined) {
      process.stdout.write(
        `Usage: ./${name} <FILE>\nwhere FILE contains word projections in the BINARY FORMAT\n`,
      );
      return;
    }
    const vectors = await KeyedVectors.load(file);
    const print = (text: string) => process.stdout.write(text);
    print(prompt);
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
      if (line === 'EXIT') return;
      const { text, question } = ask(
        line.split(' ').filter((word) => word !== ''),
        vectors,
      );
      print(text);
      if (question) {
        print(`\n${header}\n${rule}\n`);
        for (const { word, score } of await vectors.mostSimilar(question, { topN: 40 }))
          print(`${word.padStart(50)}\t\t${fixed(score)}\n`);
      }
      print(prompt);
    }
  });
}

/** "Word: king  Position in vocabulary: 609", as both tools say it. */
export function describeWord(word: string, vectors: KeyedVectors): string {
  return `\nWord: ${word}  Position in vocabulary: ${vectors.indexOf(word)}\n`;
}
