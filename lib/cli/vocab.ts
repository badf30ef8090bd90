import { Command } from 'commander';
import { estimateMemory } from '../memory.js';
import type { TrainingOptions } from '../options.js';
import { Word2Vec } from '../word2vec.js';
import { checkOutputs } from '../output-file.js';
import { ProgressBar, jsonOption, printJson, warn, withExamples } from './common.js';
import { addVocabularyOptions, readStopWords } from './train.js';

interface VocabFlags extends TrainingOptions {
  output?: string;
  stopWords?: string;
  json?: boolean;
}

const modelOptions = [
  'vectorSize',
  'negative',
  'negatives',
  'hs',
  'sample',
] as const satisfies readonly (keyof TrainingOptions)[];
const vocabularyOptions = [
  'minCount',
  'maxFinalVocab',
  'readVocab',
  'maxVocabMemory',
  'threads',
] as const satisfies readonly (keyof TrainingOptions)[];

export function vocabCommand(): Command {
  const command = new Command('vocab')
    .description('Counts the words of a corpus, and tells what a training on it would need: a dry run.')
    .argument('<inputs...>', 'files (plain or .gz), folders, globs, or - for standard input')
    .option('-o, --output <file>', 'save the vocabulary: lines of word and count, for --read-vocab');
  addVocabularyOptions(command, [...vocabularyOptions, ...modelOptions])
    .addOption(jsonOption())
    .action(vocab);
  return withExamples(
    command,
    'w2v vocab corpus.txt --min-count 10 --vector-size 300',
    'w2v vocab corpus.txt --output vocab.txt --stop-words stop.txt',
  );
}

async function vocab(inputs: string[], flags: VocabFlags): Promise<void> {
  const { output, stopWords, json, ...options } = flags;
  await checkOutputs([output], inputs);
  const bar = new ProgressBar();
  const counted = await Word2Vec.countWords(
    { files: inputs },
    {
      ...options,
      ...(await readStopWords(stopWords)),
      onProgress: ({ fraction }) => bar.show('counting', fraction ?? 0),
    },
  ).finally(() => bar.end());
  const { vectors, words, warnings } = counted;
  const sentences = vectors.count('</s>')!;
  if (output !== undefined) await vectors.saveVocabulary(output);
  let kept = 0;
  let wordBytes = 0;
  for (const word of vectors) {
    if (word !== '</s>') kept += vectors.count(word)!;
    wordBytes += Buffer.byteLength(word);
  }
  const vocabulary = vectors.size;
  const memory = estimateMemory({
    ...Object.fromEntries(modelOptions.map((name) => [name, options[name]])),
    vocabularySize: vocabulary,
    corpusWords: kept + sentences,
    wordBytes: wordBytes / vocabulary,
  });
  for (const warning of warnings) warn(warning);
  if (json) {
    printJson({ words, sentences, vocabulary, keptWords: kept, memory, ...(output && { output }) });
    return;
  }
  const number = (value: number) => value.toLocaleString('en');
  const bytes = (value: number) => `${(value / 2 ** 20).toFixed(1)} MiB`;
  const rows: [string, string][] = [
    ['words', number(words)],
    ['sentences', number(sentences)],
    ['vocabulary', `${number(vocabulary)} with </s>`],
    ['words in it', `${number(kept)} (${((100 * kept) / words).toFixed(2)}%)`],
    ['memory of a training', bytes(memory.total)],
    ['  input vectors', bytes(memory.inputs)],
    ['  targets', bytes(memory.targets)],
    ['  vocabulary, tables', bytes(memory.vocabulary + memory.tables)],
    ['  corpus (less with --spool)', bytes(memory.corpus)],
  ];
  for (const [name, value] of rows) process.stdout.write(`${name.padEnd(30)}${value}\n`);
  if (output !== undefined) process.stderr.write(`Saved the vocabulary as '${output}'.\n`);
}
