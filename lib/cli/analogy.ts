import { Command } from 'commander';
import { W2VError } from '../errors.js';
import { printNeighbours, withExamples, vectorsHelp } from './common.js';
import { prompt, spelled } from './prompt.js';
import { addSearchOptions, loadToSearch, searchOptions, type SearchFlags } from './similar.js';

export function analogyCommand(): Command {
  const command = new Command('analogy')
    .description('Completes an analogy: a is to b as c is to ?')
    .argument('<vectors>', vectorsHelp)
    .argument(
      '[words...]',
      'a, b and c; without them, three words a line are read from standard input: at a prompt on a terminal',
    )
    .action(async (file: string, words: string[], flags: SearchFlags) => {
      if (words.length > 0) checkThree(words);
      const vectors = await loadToSearch(file, flags);
      const answer = async ([a, b, c]: Three, signal?: AbortSignal) => {
        const neighbours = await vectors.analogy(a, b, c, { ...searchOptions(flags), signal });
        printNeighbours({ a, b, c }, neighbours, flags.json);
      };
      if (words.length > 0) {
        await answer(checkThree(words));
        return;
      }
      const allAnswered = await prompt(vectors, "Three words: 'man king woman'.", async (line, signal) => {
        const three = checkThree(line.split(/\s+/));
        await answer(three.map((word) => spelled(vectors, word)) as Three, signal);
      });
      if (!allAnswered) process.exitCode = 1;
    });
  return withExamples(
    addSearchOptions(command),
    'w2v analogy vectors.bin man king woman',
    'w2v analogy vectors.bin',
  );
}

type Three = [a: string, b: string, c: string];

function checkThree(words: string[]): Three {
  if (words.length === 3) return words as Three;
  throw new W2VError(
    'ERR_W2V_ARGUMENT',
    `Expected three words (a is to b as c is to ?) but received ${words.length}`,
  );
}
