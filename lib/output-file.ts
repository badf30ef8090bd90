// Files that are to be written, and appear whole or not at all.
import { constants, createWriteStream } from 'node:fs';
import { access, chmod, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { W2VError, fileError } from './errors.js';

let serial = 0;

/**
 * `write` writes a temporary file beside `path`, which then takes its place, with its permissions. Of a symbolic link the target is replaced. Errors that name
 * the temporary file name `path`.
 *
 * @throws ERR_W2V_FILE_WRITE, and what `write` throws
 */
export async function replaceFile(
  path: string,
  write: (temporary: string) => Promise<unknown>,
): Promise<void> {
  if (path.includes('\0'))
    throw new W2VError('ERR_W2V_FILE_WRITE', `Cannot write '${path}': expected a path without NUL`);
  const target = await realpath(path).catch(() => path);
  const replaced = await stat(target).catch(() => undefined);
  if (replaced && !replaced.isFile()) {
    throw new W2VError(
      'ERR_W2V_FILE_WRITE',
      `Cannot write '${path}': expected a regular file or a new name (this is a folder or a device)`,
    );
  }
  const temporary = `${target}.${process.pid}-js${++serial}.tmp`;
  try {
    await write(temporary);
    try {
      if (replaced) await chmod(temporary, replaced.mode & 0o7777);
      const file = await open(temporary, 'r+');
      await file.sync().finally(() => file.close());
      await rename(temporary, target);
    } catch (error) {
      throw fileError('write', path, error);
    }
  } catch (error) {
    if (!(error instanceof W2VError) || !error.message.includes(temporary)) throw error;
    throw new W2VError(error.code, error.message.replaceAll(temporary, path), { cause: error });
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Replaces a file by the bytes that `body` writes, compressed where its name ends in .gz.
 *
 * @throws ERR_W2V_FILE_WRITE, and what `body` throws
 */
export function replaceByBytes(
  path: string,
  body: (write: (bytes: Uint8Array) => Promise<void>) => Promise<unknown>,
): Promise<void> {
  return replaceFile(path, async (temporary) => {
    const bytes = new PassThrough();
    const file = createWriteStream(temporary);
    const written = path.endsWith('.gz') ? pipeline(bytes, createGzip(), file) : pipeline(bytes, file);
    const failed = written.catch((error: unknown) => {
      throw fileError('write', path, error);
    });
    failed.catch(() => undefined); // whoever writes gets it
    try {
      await body(async (chunk) => {
        if (bytes.write(chunk)) return;
        await Promise.race([new Promise((resolve) => bytes.once('drain', resolve)), failed]);
      });
      bytes.end();
    } catch (error) {
      bytes.destroy();
      await failed.catch(() => undefined);
      throw error;
    }
    await failed;
  });
}

/** Replaces a file by text. @throws ERR_W2V_FILE_WRITE */
export function replaceByText(path: string, text: Iterable<string>): Promise<void> {
  return replaceByBytes(path, async (write) => {
    let chunk = '';
    for (const part of text) {
      chunk += part;
      if (chunk.length < 65536) continue;
      await write(Buffer.from(chunk));
      chunk = '';
    }
    await write(Buffer.from(chunk));
  });
}

/**
 * Before hours of work, not after: the folder of each output must be there and writable, the output no folder, no input and no other output.
 *
 * @throws ERR_W2V_FILE_WRITE, ERR_W2V_ARGUMENT
 */
export async function checkOutputs(
  outputs: readonly (string | undefined)[],
  inputs: readonly (string | undefined)[],
): Promise<void> {
  const taken = new Map<string, string>();
  for (const input of inputs) {
    const { file, found } = await fileOf(input);
    if (file !== undefined && found) taken.set(file, `is read: '${input}'`);
  }
  for (const output of outputs) {
    if (output === undefined) continue;
    await checkWritable(output);
    const { file } = await fileOf(output);
    if (file === undefined) continue;
    const use = taken.get(file);
    if (use !== undefined)
      throw new W2VError('ERR_W2V_ARGUMENT', `Expected a file of its own to write but '${output}' ${use}`);
    taken.set(file, 'is written already');
  }
}

/**
 * Before hours of work, not after: the folder of the file must be there and writable, and the file no folder.
 *
 * @throws ERR_W2V_FILE_WRITE
 */
async function checkWritable(file: string): Promise<void> {
  try {
    await access(`${dirname(file)}${sep}`, constants.W_OK);
  } catch (error) {
    throw fileError('write', file, error);
  }
  const found = await stat(file).catch(() => undefined);
  if (!found?.isDirectory()) return;
  throw new W2VError(
    'ERR_W2V_FILE_WRITE',
    `Cannot write '${file}': expected the name of a file but it is a folder`,
  );
}

/** What tells files apart, whatever they are called; devices and pipes are all the same. */
async function fileOf(name: string | undefined) {
  const found = name === undefined ? undefined : await stat(name).catch(() => undefined);
  if (name === undefined || (found && !found.isFile())) return { file: undefined, found };
  return { file: found ? `${found.dev}:${found.ino}` : resolve(name), found };
}
