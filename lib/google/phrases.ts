// What the command `word2phrase` and the npm package's function of that name do.
import { Phrases } from '../phrases.js';
import { checkOutputs, replaceByBytes } from '../output-file.js';

/** Options of word2phrase.c, under its names. */
export interface OriginalPhraseOptions {
  train: string;
  output: string;
  minCount: number;
  threshold: number;
  debug: number;
}

/** The defaults of word2phrase.c. */
export const originalPhraseDefaults = { minCount: 5, threshold: 100, debug: 2 } as const;

/** Joins the phrases of a file as word2phrase.c does, and writes what it writes: a space before each word. @throws as Phrases.learn() */
export async function joinAsOriginal(
  { train, output, minCount, threshold, debug }: OriginalPhraseOptions,
  print: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  await checkOutputs([output], [train]);
  print(`Starting training using file ${train}\n`);
  const corpus = { files: [train] };
  const phrases = await Phrases.learn(corpus, { scoring: 'word2phrase', minCount, threshold, signal });
  if (debug > 0) {
    print(`Vocab size (unigrams + bigrams): ${await phrases.countFrequent(minCount)}\n`);
    print(`Words in train file: ${phrases.corpusWords}\n`);
  }
  await replaceByBytes(output, async (write) => {
    let chunk = '';
    for await (const sentence of phrases.apply(corpus, { signal })) {
      chunk += sentence === '' ? '\n' : ` ${sentence as string}\n`;
      if (chunk.length < 1 << 20) continue;
      await write(Buffer.from(chunk));
      chunk = '';
    }
    await write(Buffer.from(chunk));
  });
}
