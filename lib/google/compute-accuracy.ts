#!/usr/bin/env node
// The command `compute-accuracy` of Google's tools: analogies from standard input, in capitals, the nearest word only.
import { text as readAll } from 'node:stream/consumers';
import { KeyedVectors, noAnswer } from '../keyed-vectors.js';
import { W2VError } from '../errors.js';
import { unit } from '../query.js';
import { fixed, runTool } from './flags.js';

const usage = `Usage: ./compute-accuracy <FILE> <threshold>
where FILE contains word projections, and threshold is used to reduce vocabulary of the model for fast approximate evaluation (0 = off, otherwise typical value is 30000)
`;
const semanticSections = 5; // the first so many

interface Section {
  name: string;
  questions: [string, string, string, string][];
}

/** Four words each, under names after a colon; up to EXIT, or the end. */
function readSections(text: string): Section[] {
  const tokens = text.split(/\s+/).filter((token) => token !== '');
  const sections: Section[] = [];
  for (let i = 0; i < tokens.length;) {
    const first = tokens[i]!.toUpperCase();
    if (first === ':' || first === 'EXIT') {
      const name = tokens[i + 1];
      if (name === undefined) break;
      sections.push({ name, questions: [] });
      i += 2;
      continue;
    }
    if (sections.length === 0 || tokens.length - i < 4) {
      throw new W2VError(
        'ERR_W2V_EVALUATION_FORMAT',
        `Expected ': name' and then questions of four words, but received '${tokens.slice(i, i + 4).join(' ')}'`,
      );
    }
    const question = tokens.slice(i, i + 4).map((word) => word.toUpperCase());
    sections.at(-1)!.questions.push(question as [string, string, string, string]);
    i += 4;
  }
  return sections;
}

runTool(async ([file, threshold = '0']) => {
  if (file === undefined) {
    process.stdout.write(usage);
    return;
  }
  const vectors = await KeyedVectors.load(file);
  const words = Number(threshold) > 0 ? Math.min(Number(threshold), vectors.size) : vectors.size;
  const byCapitals = new Map<string, number>(); // the first word that is so in capitals
  for (let i = 0; i < words; ++i) {
    const capitals = vectors.wordAt(i).toUpperCase();
    if (!byCapitals.has(capitals)) byCapitals.set(capitals, i);
  }
  const total = { correct: 0, asked: 0, seen: 0, all: 0 };
  const semantic = { correct: 0, asked: 0 };
  const syntactic = { correct: 0, asked: 0 };
  const percent = ({ correct, asked }: { correct: number; asked: number }) =>
    fixed((correct / asked) * 100, 2);
  for (const [i, { name, questions }] of readSections(await readAll(process.stdin)).entries()) {
    process.stdout.write(`${name}:\n`);
    const known = questions.filter((question) => question.every((word) => byCapitals.has(word)));
    const terms = known.map((question) => question.slice(0, 3).map((word) => byCapitals.get(word)!));
    const queries = new Float32Array(known.length * vectors.vectorSize);
    for (const [q, positions] of terms.entries()) {
      const [a, b, c] = positions.map((position) => unit(vectors.get(vectors.wordAt(position)))) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      queries.set(
        a.map((value, d) => b[d]! - value + c[d]!),
        q * vectors.vectorSize,
      );
    }
    // The nearest is one of the first four: three may be the question's own words.
    const { ids, topN } = await vectors.search(queries, { topN: 4, restrictVocab: words });
    const correct = known.filter(([, , , d], q) => {
      const found = ids.subarray(q * topN, (q + 1) * topN).find((id) => !terms[q]!.includes(id));
      return found !== undefined && found !== noAnswer && vectors.wordAt(found).toUpperCase() === d;
    }).length;
    const kind = i < semanticSections ? semantic : syntactic;
    for (const sums of [total, kind]) {
      sums.correct += correct;
      sums.asked += known.length;
    }
    total.seen += known.length;
    total.all += questions.length;
    const asked = Math.max(1, known.length);
    process.stdout.write(
      `ACCURACY TOP1: ${fixed((correct / asked) * 100, 2)} %  (${correct} / ${asked})\n` +
        `Total accuracy: ${percent(total)} %   Semantic accuracy: ${percent(semantic)} %   Syntactic accuracy: ${percent(syntactic)} % \n`,
    );
  }
  process.stdout.write(
    `Questions seen / total: ${total.seen} ${total.all}   ${fixed((total.seen / total.all) * 100, 2)} % \n`,
  );
});
