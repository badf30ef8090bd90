// Bytes from files and streams, inflated where they are gzip.
import { open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { cancelled, fileError } from './errors.js';

const chunkBytes = 1 << 20;

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What a file is, by its first bytes; a pipe or device, whose size is null, is not opened: what is written to it would be lost. @throws ERR_W2V_FILE_READ, ERR_W2V_FILE_NOT_FOUND */
export async function inspectFile(path: string): Promise<{ size: number | null; gzip: boolean }> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return { size: null, gzip: false };
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return { size: found.size, gzip: isGzip(buffer.subarray(0, bytesRead)) };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError('read', path, error);
  }
}

export interface ByteConsumer {
  /** For messages. */
  name: string;
  signal?: AbortSignal | undefined;
  /** Gets each chunk, inflated, and how many bytes have been read in all, as they come. True: enough, nothing more is read. */
  consume: (chunk: Uint8Array, bytesRead: number) => Promise<unknown>;
}

/**
 * Reads to the end; what a stream holds is known from its first bytes.
 *
 * @throws ERR_W2V_FILE_READ (the source fails, corrupt gzip), ERR_W2V_CANCELLED, and what `consume` throws
 */
export async function readBytes(
  source: AsyncIterable<Uint8Array>,
  { name, signal, consume }: ByteConsumer,
): Promise<void> {
  const bytes = source[Symbol.asyncIterator]();
  let bytesRead = 0;
  const state = { enough: false };
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  const count = async function* (first: IteratorResult<Uint8Array>) {
    for (let item = first; !item.done && !state.enough; item = await bytes.next()) {
      bytesRead += item.value.length;
      yield item.value;
    }
  };
  const consumeAll = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) {
      state.enough = (await consume(chunk, bytesRead)) === true;
      if (state.enough) return;
    }
  };
  try {
    const first = await untilAborted(firstOf(bytes), signal);
    const watch = signal ? { signal } : {};
    if (!first.done && isGzip(first.value)) await pipeline(count(first), gunzip, consumeAll, watch);
    else await pipeline(count(first), consumeAll, watch);
  } catch (error) {
    if (signal?.aborted) throw cancelled(signal.reason);
    if (state.enough || gunzip.readableEnded) return; // streams complain of being left early: of zeros after the last member, too
    const { code, syscall } = error as NodeJS.ErrnoException;
    throw code?.startsWith('Z_') || syscall ? fileError('read', name, error) : error;
  }
}

/** What a stream begins with: at least two bytes, where it has so many. */
async function firstOf(bytes: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
  const first = await bytes.next();
  while (!first.done && first.value.length < 2) {
    const next = await bytes.next();
    if (next.done) break;
    first.value = Buffer.concat([first.value, next.value]);
  }
  return first;
}

/** The promise's result; or, as soon as the signal says so, the rejection: nothing that hangs holds it up. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const settled = new AbortController(); // takes the listener off again
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = () => reject(cancelled(signal.reason));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { signal: settled.signal });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    settled.abort();
  }
}
