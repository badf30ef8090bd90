import { Command } from 'commander';
import { stat } from 'node:fs/promises';
import { jsonOption, loadVectors, printJson, withExamples } from './common.js';

export function infoCommand(): Command {
  const command = new Command('info')
    .description('Tells what a file of vectors holds.')
    .argument('<vectors>', "a file of Google's binary or text format")
    .addOption(jsonOption())
    .action(async (file: string, { json }: { json?: boolean }) => {
      const vectors = await loadVectors(file);
      const firstWords = Array.from({ length: Math.min(10, vectors.size) }, (_, i) => vectors.wordAt(i));
      const info = {
        words: vectors.size,
        vectorSize: vectors.vectorSize,
        format: vectors.loadedFrom?.format,
        bytes: (await stat(file)).size,
        duplicateWords: vectors.loadedFrom?.duplicateWords,
        firstWords,
      };
      if (json) {
        printJson(info);
      } else {
        for (const [name, value] of Object.entries(info)) {
          process.stdout.write(
            `${name.padEnd(16)}${Array.isArray(value) ? value.join(' ') : String(value)}\n`,
          );
        }
      }
    });
  return withExamples(command, 'w2v info vectors.bin', 'w2v info vectors.txt --json');
}
