// A file of text that is written as it comes.
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { fileError } from './errors.js';

/** A file that appears whole or not at all, opened with its first bytes. */
export class SentenceFile {
  readonly #path: string;
  readonly #temporary: string;
  #file: WriteStream | undefined;
  #stream: Writable | undefined;
  #done: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.${process.pid}.tmp`;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const stream = this.#opened();
    try {
      if (!stream.write(bytes)) await Promise.race([once(stream, 'drain'), this.#done]);
    } catch (error) {
      throw fileError('write', this.#path, error);
    }
  }

  async commit(): Promise<void> {
    this.#opened().end();
    try {
      await this.#done;
      await rename(this.#temporary, this.#path);
    } catch (error) {
      throw fileError('write', this.#path, error);
    }
    this.#file = undefined;
  }

  /** Of what was not committed. */
  async discard(): Promise<void> {
    if (!this.#file) return;
    this.#file.destroy();
    await this.#done?.catch(() => undefined);
    await rm(this.#temporary, { force: true });
  }

  #opened(): Writable {
    if (this.#stream) return this.#stream;
    this.#file = createWriteStream(this.#temporary);
    this.#stream = this.#file;
    if (this.#path.endsWith('.gz')) {
      const gzip = createGzip();
      gzip.pipe(this.#file);
      this.#file.on('error', (error) => gzip.destroy(error));
      this.#stream = gzip;
    }
    this.#done = finished(this.#file);
    this.#done.catch(() => undefined); // whoever writes or commits gets it
    return this.#stream;
  }
}
