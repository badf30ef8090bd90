import { Command, InvalidArgumentError, Option } from 'commander';
import { checkOutputs } from '../output-file.js';
import {
  addLoadingOptions,
  formatOption,
  interruption,
  jsonOption,
  loadVectors,
  printJson,
  withExamples,
  withProgress,
  vectorsHelp,
  type LoadingFlags,
} from './common.js';
import { formatOfName, precisions, type Precision, type VectorFormat } from '../vector-file.js';

interface ConvertFlags extends LoadingFlags {
  format?: VectorFormat;
  precision?: Precision[];
  json?: boolean;
}

export function convertCommand(): Command {
  const command = new Command('convert')
    .description('Writes vectors in another format.')
    .argument('<in>', vectorsHelp)
    .argument('<out>', 'the file to write')
    .addOption(formatOption())
    .addOption(precisionOption())
    .addOption(jsonOption())
    .action(async (input: string, output: string, flags: ConvertFlags) => {
      await checkOutputs([output], [input]);
      const format = flags.format ?? formatOfName(output);
      const vectors = await loadVectors(input, flags);
      const signal = interruption();
      await withProgress('saving', (onProgress) =>
        vectors.save(output, { format, precision: flags.precision, signal, onProgress }),
      );
      const { size, vectorSize } = vectors;
      if (flags.json) printJson({ words: size, vectorSize, format, output });
      else process.stderr.write(`Saved ${size} × ${vectorSize} vectors as '${output}' (${format}).\n`);
    });
  return withExamples(
    addLoadingOptions(command),
    'w2v convert vectors.bin vectors.txt',
    'w2v convert glove.6B.300d.txt vectors.bin.gz',
    'w2v convert GoogleNews-vectors-negative300.bin news.w2v --precision float32,int8',
  );
}

function precisionOption(): Option {
  return new Option(
    '--precision <list>',
    `rows of a .w2v file, of ${precisions.join(', ')}: int8 is a quarter of the size; with several, searches can look at few bits and then compare exactly`,
  ).argParser((text) => {
    const names = text.split(',') as Precision[];
    if (names.every((name) => precisions.includes(name))) return names;
    throw new InvalidArgumentError(`Expected some of ${precisions.join(', ')}, separated by commas.`);
  });
}
