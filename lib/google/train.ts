// What the command `word2vec` and the npm package's function of that name do: a training with the original's options.
import { checkOutputs, replaceByText, replaceFile } from '../output-file.js';
import { Word2Vec } from '../word2vec.js';

/** Options of word2vec.c, under its names. */
export interface OriginalOptions {
  train: string;
  output?: string | undefined;
  size: number;
  window: number;
  sample: number;
  hs: number;
  negative: number;
  threads: number;
  iter: number;
  minCount: number;
  /** 0.025; CBOW 0.05 */
  alpha?: number | undefined;
  /** Above 0: classes of words are written in place of vectors. */
  classes: number;
  debug: number;
  binary: number;
  saveVocab?: string | undefined;
  readVocab?: string | undefined;
  cbow: number;
}

/** The defaults of word2vec.c. */
export const originalDefaults = {
  size: 100,
  window: 5,
  sample: 1e-3,
  hs: 0,
  negative: 5,
  threads: 12,
  iter: 5,
  minCount: 5,
  classes: 0,
  debug: 2,
  binary: 0,
  cbow: 1,
} as const;

/** Trains with the loop of word2vec.c and writes what it writes; `print` gets what it prints. @throws as Word2Vec.train() */
export async function trainAsOriginal(
  options: OriginalOptions,
  print: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { debug, output, classes, threads } = options;
  await checkOutputs([output, options.saveVocab], [options.train, options.readVocab]);
  const say = (text: string, level = 1) => {
    if (debug >= level) print(text);
  };
  const training = {
    backend: 'cpu', // to the letter
    vectorSize: options.size,
    window: options.window,
    sample: options.sample,
    hs: options.hs !== 0,
    negative: options.negative,
    negatives: 'per-pair',
    threads,
    epochs: options.iter,
    minCount: options.minCount,
    sg: options.cbow === 0,
    alpha: options.alpha,
    readVocab: options.readVocab,
    computeLoss: false,
  } as const;
  const corpus = { files: [options.train] };
  print(`Starting training using file ${options.train}\n`);
  const tellVocabulary = ({ vectors }: Word2Vec) => {
    const words = [...vectors].reduce((sum, word) => sum + vectors.count(word)!, 0);
    say(`Vocab size: ${vectors.size}\nWords in train file: ${words}\n`);
  };
  if (output === undefined) {
    // Without an output the original counts, saves the vocabulary, and trains nothing.
    const model = await Word2Vec.buildVocabulary(corpus, { ...training, vectorSize: 1, signal });
    tellVocabulary(model);
    if (options.saveVocab !== undefined) await model.vectors.saveVocabulary(options.saveVocab);
    return;
  }
  const { vectors } = await Word2Vec.train(corpus, {
    ...training,
    signal,
    onTrainBegin: async ({ model }) => {
      tellVocabulary(model);
      if (options.saveVocab !== undefined) await model.vectors.saveVocabulary(options.saveVocab);
    },
    onProgress: ({ phase, alpha, fraction, wordsPerSecond }) => {
      if (phase !== 'training') return;
      const progress = (100 * (fraction ?? 0)).toFixed(2);
      const speed = (wordsPerSecond / threads / 1000).toFixed(2);
      say(`\rAlpha: ${alpha.toFixed(6)}  Progress: ${progress}%  Words/thread/sec: ${speed}k  `, 2);
    },
  });
  if (classes > 0) {
    const found = await vectors.cluster(classes, { init: 'word2vec', threads, signal });
    let i = 0;
    await replaceByText(
      output,
      (function* () {
        for (const word of vectors) yield `${word} ${found.classes[i++]}\n`;
      })(),
    );
    return;
  }
  // The format is the flag's, whatever the name ends in.
  const format = options.binary === 0 ? 'text' : 'bin';
  await replaceFile(output, (temporary) => vectors.save(temporary, { format, signal }));
}
