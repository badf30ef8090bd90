// Files that are to be written.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { W2VError, fileError } from './errors.js';

/**
 * Before hours of work, not after: the folder of the file must be there and writable, and the file no folder.
 *
 * @throws ERR_W2V_FILE_WRITE
 */
export async function checkWritable(file: string): Promise<void> {
  try {
    await access(`${path.dirname(file)}${path.sep}`, constants.W_OK);
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
