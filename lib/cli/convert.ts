import { Command } from 'commander';
import {
  checkWritable,
  formatOption,
  jsonOption,
  loadVectors,
  printJson,
  withExamples,
  withProgress,
  vectorsHelp,
} from './common.js';
import { formatOfName, type VectorFormat } from '../vector-file.js';

export function convertCommand(): Command {
  const command = new Command('convert')
    .description('Writes vectors in another format.')
    .argument('<in>', vectorsHelp)
    .argument('<out>', 'the file to write')
    .addOption(formatOption())
    .addOption(jsonOption())
    .action(async (input: string, output: string, flags: { format?: VectorFormat; json?: boolean }) => {
      await checkWritable(output);
      const format = flags.format ?? formatOfName(output);
      const vectors = await loadVectors(input);
      await withProgress('saving', (onProgress) => vectors.save(output, { format, onProgress }));
      const { size, vectorSize } = vectors;
      if (flags.json) printJson({ words: size, vectorSize, format, output });
      else process.stderr.write(`Saved ${size} × ${vectorSize} vectors as '${output}' (${format}).\n`);
    });
  return withExamples(
    command,
    'w2v convert vectors.bin vectors.txt',
    'w2v convert glove.6B.300d.txt vectors.bin.gz',
  );
}
