import { Command } from 'commander';
import { stat } from 'node:fs/promises';
import {
  addLoadingOptions,
  jsonOption,
  loadVectors,
  type LoadingFlags,
  printJson,
  withExamples,
  vectorsHelp,
} from './common.js';
import { Word2Vec } from '../word2vec.js';

/** What a model file holds beside its vectors; nothing for any other file. */
async function describeModel(file: string): Promise<Record<string, unknown>> {
  const model = await Word2Vec.load(file).catch(() => undefined);
  if (!model) return {};
  const { sg, hs, negative, window, seed } = model.options;
  return {
    epochsTrained: model.epochsTrained,
    wordsTrained: model.wordsTrained,
    checkpoint: model.isCheckpoint,
    ...{ sg, hs, negative, window, seed },
  };
}

export function infoCommand(): Command {
  const command = new Command('info')
    .description('Tells what a file of vectors holds.')
    .argument('<vectors>', vectorsHelp)
    .addOption(jsonOption())
    .action(async (file: string, flags: LoadingFlags & { json?: boolean }) => {
      const vectors = await loadVectors(file, flags);
      const firstWords = Array.from({ length: Math.min(10, vectors.size) }, (_, i) => vectors.wordAt(i));
      const { format, mapped, duplicateWords, invalidWords, nonFiniteRows } = vectors.loadedFrom!;
      const info = {
        words: vectors.size,
        vectorSize: vectors.vectorSize,
        format,
        precisions: vectors.precisions,
        mapped,
        bytes: (await stat(file)).size,
        duplicateWords,
        invalidWords,
        nonFiniteRows,
        firstWords,
        ...(await describeModel(file)),
      };
      if (flags.json) {
        printJson(info);
      } else {
        for (const [name, value] of Object.entries(info)) {
          process.stdout.write(
            `${name.padEnd(16)}${Array.isArray(value) ? value.join(' ') : String(value)}\n`,
          );
        }
      }
    });
  return withExamples(addLoadingOptions(command), 'w2v info vectors.bin', 'w2v info vectors.txt --json');
}
