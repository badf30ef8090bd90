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
import { devices } from '../devices.js';
import { W2VError } from '../errors.js';
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

/** What a training can run on. */
async function describeDevices(json: boolean | undefined): Promise<void> {
  const found = await devices();
  if (json) {
    printJson({ ...found });
    return;
  }
  const print = (name: string, what: string) => process.stdout.write(`${name.padEnd(16)}${what}\n`);
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
  print('cpu', `${found.isa}, ${found.processors} threads`);
  for (const { index, name, computeCapability, multiprocessors, freeMemory, memory, usable } of found.cuda) {
    const state = usable
      ? `${gigabytes(freeMemory)} of ${gigabytes(memory)} GB free`
      : 'not usable: too old, or the library has no code for it';
    print(
      `cuda ${index}`,
      `${name}, compute capability ${computeCapability}, ${multiprocessors} multiprocessors, ${state}`,
    );
  }
  if (found.cudaProblem !== null) print('cuda', `none usable: ${found.cudaProblem}`);
}

export function infoCommand(): Command {
  const command = new Command('info')
    .description('Tells what a file of vectors holds, or what a training can run on.')
    .argument('[vectors]', vectorsHelp)
    .option('--devices', 'list the processor and the CUDA devices instead')
    .addOption(jsonOption())
    .action(async (file: string | undefined, flags: LoadingFlags & { json?: boolean; devices?: boolean }) => {
      if (flags.devices) {
        await describeDevices(flags.json);
        return;
      }
      if (file === undefined)
        throw new W2VError('ERR_W2V_ARGUMENT', 'Expected a file of vectors, or --devices');
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
  return withExamples(
    addLoadingOptions(command),
    'w2v info vectors.bin',
    'w2v info vectors.txt --json',
    'w2v info --devices',
  );
}
