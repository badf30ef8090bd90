// Bytes from files and streams, inflated where they are gzip.
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { cancelled, fileError } from './errors.js';

const chunkBytes = 1 << 20;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
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
    const first = await untilAborted(bytes.next(), signal);
    const gzip = !first.done && isGzip(first.value);
    const watch = signal ? { signal } : {};
    if (gzip) await pipeline(count(first), createGunzip({ chunkSize: chunkBytes }), consumeAll, watch);
    else await pipeline(count(first), consumeAll, watch);
  } catch (error) {
    if (signal?.aborted) throw cancelled(signal.reason);
    if (state.enough) return; // streams complain of being left early
    const { code, syscall } = error as NodeJS.ErrnoException;
    throw code?.startsWith('Z_') || syscall ? fileError('read', name, error) : error;
  }
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
