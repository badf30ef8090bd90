import { Command } from 'commander';
import { loadVectors, printNeighbours, withExamples, vectorsHelp } from './common.js';
import { addSearchOptions, type SearchFlags } from './similar.js';

export function analogyCommand(): Command {
  const command = new Command('analogy')
    .description('Completes an analogy: a is to b as c is to ?')
    .argument('<vectors>', vectorsHelp)
    .argument('<a>')
    .argument('<b>')
    .argument('<c>')
    .action(
      async (file: string, a: string, b: string, c: string, { topN, restrictVocab, json }: SearchFlags) => {
        const vectors = await loadVectors(file);
        printNeighbours({ a, b, c }, await vectors.analogy(a, b, c, { topN, restrictVocab }), json);
      },
    );
  return withExamples(addSearchOptions(command), 'w2v analogy vectors.bin man king woman');
}
