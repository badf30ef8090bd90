// What the tests share.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const root = path.join(__dirname, '..');

/** `describe`, or `describe.skip` with the reason printed where the folder of shared data is absent. */
export function describeWithShared(...folder: string[]): jest.Describe {
  const data = sharedData(...folder);
  if (existsSync(data)) return describe;
  console.log(`Skipped: needs ${data}, which is not here`);
  return describe.skip;
}

export function sharedData(...names: string[]): string {
  return path.join(root, '..', 'shared', 'data', ...names);
}

/** A folder of the test file's own, removed at its end. */
export function temporaryFolder(): (name: string) => string {
  const folder = mkdtempSync(path.join(tmpdir(), 'w2v-jest-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name) => path.join(folder, name);
}

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  env?: NodeJS.ProcessEnv;
  /** Standard input; 'stays open' never ends. @defaultValue empty */
  input?: string | Buffer;
  cwd?: string;
  /** Called with the running process. */
  onStart?: (child: ChildProcess) => void;
}

/** Runs node with arguments to its end. */
export async function runNode(
  args: readonly string[],
  { env, input, cwd, onStart }: CliOptions = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on('error', () => undefined); // a program may end before it has read everything
  if (input !== 'stays open') child.stdin.end(input);
  onStart?.(child);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

/** Runs the built command line `w2v` (npm test builds it first). */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return runNode([path.join(root, 'dist', 'cli', 'main.js'), ...args], options);
}

/** The object in the last line of standard output. */
export function lastJson<T>(result: CliResult): T {
  return JSON.parse(result.stdout.trimEnd().split('\n').at(-1)!) as T;
}

/** Sentences of words w0, w1 … with falling frequencies: the same ones every time. */
export function madeSentences(n: number, words = 200, seed = 1): string[][] {
  let state = seed;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return Array.from({ length: n }, () =>
    Array.from({ length: 5 + Math.floor(20 * random()) }, () => `w${Math.floor(words * random() ** 3)}`),
  );
}

/** Resolves with the error that the promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('Expected a rejection');
}

/** What a type forbids. */
export function wrong<T>(value: unknown): T {
  return value as T;
}

/** Code and message of the error that a call throws, rejects with, or gives when it is iterated. */
export async function refusalOf(
  call: () => unknown,
): Promise<{ name: string; code?: string; message: string }> {
  try {
    const result = await call();
    if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result)
      await (result as AsyncIterable<unknown>)[Symbol.asyncIterator]().next();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Expected an error');
}
