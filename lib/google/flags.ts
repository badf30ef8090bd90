// The command lines of Google's tools: `-name value`, in any order; what is not known is ignored, as there.
import { W2VError } from '../errors.js';

export class Flags {
  readonly #args: readonly string[];

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  /** @throws ERR_W2V_OPTION where the flag is the last argument: the originals say so too, and exit with 1 */
  text(name: string): string | undefined {
    const at = this.#args.indexOf(name);
    if (at < 0) return undefined;
    const value = this.#args[at + 1];
    if (value === undefined) throw new W2VError('ERR_W2V_OPTION', `Argument missing for ${name}`);
    return value;
  }

  /** Where the originals' atoi() and atof() make 0 of any text, this is an error. */
  number(name: string, byDefault: number): number {
    const text = this.text(name);
    if (text === undefined) return byDefault;
    const value = Number(text);
    if (text.trim() !== '' && !Number.isNaN(value)) return value;
    throw new W2VError('ERR_W2V_OPTION', `Expected a number for ${name} but received '${text}'`);
  }
}

/** Runs a tool; what goes wrong is told on stderr, with exit code 1. */
export function runTool(tool: (args: readonly string[]) => Promise<void>): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0); // the reader of a pipe has left
    throw error;
  });
  tool(process.argv.slice(2)).catch((error: unknown) => {
    const message =
      error instanceof W2VError ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`${message}\n`);
    process.exitCode = 1;
  });
}

/** As printf's %f, and %.2f: NaN is -nan, as glibc writes what 0 / 0 gives. */
export function fixed(value: number, digits = 6): string {
  return Number.isNaN(value) ? '-nan' : value.toFixed(digits);
}
