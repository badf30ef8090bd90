import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileError } from '../errors.js';

/** Writes text to a temporary file beside `file`, then renames it. @throws ERR_W2V_FILE_WRITE */
export async function replaceFile(file: string, text: Iterable<string>): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await pipeline(Readable.from(inChunks(text)), createWriteStream(temporary));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError('write', file, error);
  }
}

function* inChunks(text: Iterable<string>): Iterable<string> {
  let chunk = '';
  for (const part of text) {
    chunk += part;
    if (chunk.length < 65536) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
