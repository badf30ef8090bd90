// Questions one after the other: at a prompt with history and completion on a terminal, else line by line.
import { createInterface } from 'node:readline';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { W2VError } from '../errors.js';
import type { KeyedVectors } from '../keyed-vectors.js';
import { nextTurn, turnIsOver } from '../turn.js';
import { warn } from './common.js';

export interface PromptStreams {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  /** For the prompt and what is typed; answers go to standard output. */
  output: NodeJS.WritableStream;
  /** Where typed lines are kept for the next time. */
  historyFile: string;
}

const standardStreams = (): PromptStreams => ({
  input: process.stdin,
  output: process.stderr,
  historyFile: path.join(stateFolder(), 'w2v', 'history'),
});

function stateFolder(): string {
  const { LOCALAPPDATA, XDG_STATE_HOME } = process.env;
  return (
    (process.platform === 'win32' ? LOCALAPPDATA : XDG_STATE_HOME) ?? path.join(homedir(), '.local', 'state')
  );
}

const longestHistory = 1000; // lines

/**
 * Gives every line to `answer`, until the input ends or `exit` is typed. What a line is wrong about is told, and the next one
 * asked for. Ctrl-C abandons an answer, or else the line; on an empty line it ends, as Ctrl-D does.
 *
 * @returns whether all lines were answered
 */
export async function prompt(
  vectors: KeyedVectors,
  hint: string,
  answer: (line: string, signal: AbortSignal) => Promise<void>,
  { input, output, historyFile }: PromptStreams = standardStreams(),
): Promise<boolean> {
  const terminal = input.isTTY === true;
  const history = terminal ? await readHistory(historyFile) : [];
  const reader = createInterface({
    input,
    terminal,
    ...(terminal && { output, history, historySize: longestHistory, prompt: '> ' }),
    completer: (line: string, callback: (error: Error | null, result: [string[], string]) => void) => {
      const start = /\S*$/.exec(line)![0];
      completions(vectors, start).then(
        (words) => callback(null, [words, start]),
        () => callback(null, [[], start]),
      );
    },
  });
  let running: AbortController | undefined;
  let allAnswered = true;
  reader.on('SIGINT', () => {
    if (running) running.abort();
    else if (reader.line === '') reader.close();
    else reader.write(null, { ctrl: true, name: 'u' });
  });
  reader.on('history', (lines) => history.splice(0, history.length, ...lines));
  if (terminal) {
    output.write(`${hint} Tab completes, Ctrl-D ends.\n`);
    reader.prompt();
  }
  for await (const line of reader) {
    const question = line.trim();
    if (terminal && question === 'exit') break;
    if (question !== '') {
      running = new AbortController();
      try {
        await answer(question, running.signal);
      } catch (error) {
        if (!(error instanceof W2VError)) throw error;
        allAnswered = false;
        warn(`${error.message} (${error.code})`);
      }
      running = undefined;
    }
    if (terminal) reader.prompt();
  }
  reader.close();
  if (terminal) {
    output.write('\n');
    await writeHistory(historyFile, history);
  }
  return allAnswered || terminal;
}

/** The first words with that beginning: the most frequent ones where words go by frequency. */
export async function completions(vectors: KeyedVectors, start: string): Promise<string[]> {
  const most = 40;
  const searched = 500_000; // words
  const found: string[] = [];
  let seen = 0;
  for (const word of vectors) {
    if (word.startsWith(start) && !/\s/.test(word)) found.push(word);
    seen += 1;
    if (found.length === most || seen === searched) break;
    if (seen % 256 === 0 && turnIsOver()) await nextTurn();
  }
  return found;
}

/** Lines as readline wants them, the last one first. A history that cannot be read is none. */
async function readHistory(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean).reverse();
}

async function writeHistory(file: string, history: readonly string[]): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, [...history].reverse().map((line) => `${line}\n`).join(''), { mode: 0o600 }); // prettier-ignore
  } catch {
    // A read-only home is no reason to fail: the next prompt begins without a history.
  }
}

/**
 * The words of `king - man + woman`: words between the signs belong together if the vectors have them as one ('new york' →
 * New_York), else each is one. Words that are not there are taken in the spelling that is.
 */
export function parseQuestion(
  vectors: KeyedVectors,
  line: string,
): { positive: string[]; negative: string[] } {
  const groups = [{ sign: '+', words: [] as string[] }];
  for (const token of line.trim().split(/\s+/)) {
    if (token === '+' || token === '-') groups.push({ sign: token, words: [] });
    else groups.at(-1)!.words.push(token);
  }
  const found = (wanted: string) =>
    groups
      .filter(({ sign }) => sign === wanted)
      .flatMap(({ words }) => {
        const whole = words.length > 1 ? vectors.resolve(words.join(' ')) : undefined;
        return whole === undefined ? words.map((word) => spelled(vectors, word)) : [whole];
      });
  return { positive: found('+'), negative: found('-') };
}

/** The word as the vectors spell it; as it is where they have it in no spelling. */
export function spelled(vectors: KeyedVectors, word: string): string {
  const known = vectors.resolve(word);
  if (known === undefined || known === word) return word;
  warn(`'${word}' is taken as '${known}'`);
  return known;
}
