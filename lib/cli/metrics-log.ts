// `w2v train --log`: a line of JSON a few times a second and after each epoch, for `w2v report` and other tools.
import { createWriteStream, type WriteStream } from 'node:fs';
import { fileError } from '../errors.js';
import type { TrainingProgress } from '../training-run.js';
import type { TrainingReport } from '../word2vec.js';

/** A line of the file. */
export type Metrics =
  | { event: 'begin'; time: string; options: object }
  | ({ event: 'progress'; seconds: number } & TrainingProgress)
  | { event: 'epoch'; epoch: number; loss: number | null }
  | ({ event: 'end'; seconds: number } & Pick<
      TrainingReport,
      'trainedWords' | 'wordsPerSecond' | 'alpha' | 'stoppedEarly'
    >);

export class MetricsLog {
  readonly #file: WriteStream;
  readonly #path: string;
  readonly #start = performance.now();
  #error: Error | undefined;

  constructor(path: string, options: object) {
    this.#path = path;
    this.#file = createWriteStream(path);
    this.#file.on('error', (error) => (this.#error = error));
    this.#write({ event: 'begin', time: new Date().toISOString(), options });
  }

  progress(progress: TrainingProgress): void {
    this.#write({ event: 'progress', seconds: this.#seconds(), ...progress });
  }

  /** @throws ERR_W2V_FILE_WRITE where a line could not be written */
  async end(report: TrainingReport | undefined): Promise<void> {
    for (const [i, loss] of report?.losses.entries() ?? [])
      this.#write({ event: 'epoch', epoch: i + 1, loss });
    if (report) {
      const { trainedWords, wordsPerSecond, alpha, stoppedEarly } = report;
      const seconds = this.#seconds();
      this.#write({ event: 'end', seconds, trainedWords, wordsPerSecond, alpha, stoppedEarly });
    }
    if (!this.#error) await new Promise<void>((resolve) => this.#file.end(resolve));
    if (this.#error) throw fileError('write', this.#path, this.#error);
  }

  #seconds(): number {
    return Math.round(performance.now() - this.#start) / 1000;
  }

  #write(metrics: Metrics): void {
    if (!this.#error) this.#file.write(`${JSON.stringify(metrics)}\n`);
  }
}
