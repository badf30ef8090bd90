// A training under way: its epochs one after the other, what is told of it, its checkpoints, and how it ends.
import { copyFile, link, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { expectOption, expectOptions, isPath, isWhole } from './arguments.js';
import { W2VError, cancelled, describe, fileError } from './errors.js';
import { runJob, type JobProgress, type NativeTraining, type TrainingStatus } from './native.js';
import { checkNames } from './options.js';
import { checkOutputs } from './output-file.js';
import type { Word2Vec } from './word2vec.js';

/** Where a training is. */
export interface TrainingProgress {
  /** `vocabulary`: the corpus is read, counted and encoded; then `training`. */
  phase: 'vocabulary' | 'training';
  /** Of the phase, from 0 to 1; null where the size of the corpus is unknown (standard input, iterables). */
  fraction: number | null;
  /** Since the phase began. */
  wordsPerSecond: number;
  /** Until the phase ends; null where that is not known yet. */
  etaSeconds: number | null;
  /** Current learning rate. */
  alpha: number;
  /** The epoch, from 1; 0 before the first. */
  epoch: number;
  /** The mean loss of a prediction in this epoch so far; null where it is not measured (yet). */
  loss: number | null;
}

/** What callbacks get. */
export interface TrainingEvent {
  /** The model as it is now: training waits until the callback is done, and the model can be asked and saved. */
  model: Word2Vec;
  /** The epoch, from 1. Of onTrainBegin: the first; of onTrainEnd: the last. */
  epoch: number;
  /** How many there are to be in this training. */
  epochs: number;
  /** The mean loss of a prediction in this epoch, or null where it was not measured; before an epoch: in the last one. */
  loss: number | null;
  /** Current learning rate. */
  alpha: number;
  /** Words gone through so far. */
  trainedWords: number;
}

/** What is called in the course of a training, which waits for what it returns. */
export type TrainingCallback<Result = unknown> = (event: TrainingEvent) => Result | Promise<Result>;

/** Ends a training that has ceased to get better. */
export interface EarlyStopping {
  /** Measures the model after each epoch. */
  metric: (model: Word2Vec) => number | Promise<number>;
  /** Whether more is better, or less. @defaultValue max */
  mode?: 'max' | 'min' | undefined;
  /** Epochs without a better value than the best before, after which it ends. @defaultValue 1 */
  patience?: number | undefined;
  /** By which a value must be better to count. @defaultValue 0 */
  minDelta?: number | undefined;
}

/** Saves the model with where its training is, so that it can be resumed ({@link Word2Vec.resume}). */
export interface CheckpointOptions {
  /** The file, replaced at once each time: there is always a complete one. */
  path: string;
  /** Every so many seconds, between two sentences of each thread; training waits while it is written. */
  everySeconds?: number | undefined;
  /** After every so many epochs. */
  everyEpochs?: number | undefined;
  /** How many are kept: `path`, and those before as `path.1`, `path.2` … @defaultValue 1 */
  keep?: number | undefined;
}

/** How a training runs, whatever it computes. */
export interface RunOptions {
  /**
   * Cancels: the promise rejects with ERR_W2V_CANCELLED within half a second and everything is freed; with `checkpoint`, once that
   * is saved.
   */
  signal?: AbortSignal | undefined;
  /** Ends the training early: the promise resolves with what is learned so far (and rejects if that is nothing yet). */
  stopSignal?: AbortSignal | undefined;
  /** Called a few times a second. What it throws cancels the training and becomes the rejection. */
  onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** Called before the first epoch. Training waits for what callbacks return. */
  onTrainBegin?: TrainingCallback | undefined;
  /** Called after the last epoch. */
  onTrainEnd?: TrainingCallback | undefined;
  /** Called before each epoch, for which all threads come together. */
  onEpochBegin?: TrainingCallback | undefined;
  /** Called after each epoch; false ends the training. */
  onEpochEnd?: TrainingCallback | undefined;
  /** Ends the training when it has ceased to get better. @defaultValue none */
  earlyStopping?: EarlyStopping | undefined;
  /** Saves it now and then, to be resumed. @defaultValue none */
  checkpoint?: CheckpointOptions | undefined;
}

export const runOptionNames = [
  'signal',
  'stopSignal',
  'onProgress',
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'earlyStopping',
  'checkpoint',
] as const satisfies readonly (keyof RunOptions)[];

const checkpointNames = ['path', 'everySeconds', 'everyEpochs', 'keep'];
const earlyStoppingNames = ['metric', 'mode', 'patience', 'minDelta'];

/** Also where names are checked elsewhere. @throws ERR_W2V_OPTION, ERR_W2V_ARGUMENT (a checkpoint in the place of an input), ERR_W2V_FILE_WRITE (one that cannot be written) */
export async function checkRunOptions(options: RunOptions, inputs: readonly string[] = []): Promise<void> {
  expectOptions(options);
  const { checkpoint, earlyStopping } = options;
  const isCount = (value: unknown) => value === undefined || isWhole(value, 1);
  if (earlyStopping !== undefined) {
    checkNames(earlyStopping, earlyStoppingNames, { of: 'earlyStopping' });
    const { metric, mode, patience, minDelta = 0 } = earlyStopping;
    expectOption(typeof metric === 'function', 'earlyStopping.metric to be a function', metric);
    expectOption(
      mode === undefined || ['max', 'min'].includes(mode),
      "earlyStopping.mode to be 'max' or 'min'",
      mode,
    );
    expectOption(isCount(patience), 'earlyStopping.patience to be a whole number from 1', patience);
    const isDifference = typeof minDelta === 'number' && minDelta >= 0;
    expectOption(isDifference, 'earlyStopping.minDelta to be a number from 0', minDelta);
  }
  if (checkpoint !== undefined) {
    checkNames(checkpoint, checkpointNames, { of: 'checkpoint' });
    const { path: file, everySeconds, everyEpochs, keep } = checkpoint;
    expectOption(isPath(file), 'checkpoint.path to be the path of a file', file);
    expectOption(
      everySeconds === undefined || (Number.isFinite(everySeconds) && everySeconds > 0),
      'checkpoint.everySeconds to be a number above 0',
      everySeconds,
    );
    expectOption(isCount(everyEpochs), 'checkpoint.everyEpochs to be a whole number from 1', everyEpochs);
    expectOption(isCount(keep), 'checkpoint.keep to be a whole number from 1', keep);
    await checkOutputs([file], inputs);
  }
}

/** What a run needs of the model. */
export interface RunningModel {
  model: Word2Vec;
  training: NativeTraining;
  epochs: number;
  alpha: number;
  /** Runs natively, while nothing else may touch the model; its vectors are those learned so far afterwards. */
  exclusively: (run: () => Promise<TrainingStatus>) => Promise<TrainingStatus>;
  /** Saves the model with where the training is. */
  save: (path: string) => Promise<void>;
}

export interface RunResult {
  status: TrainingStatus;
  stoppedEarly: boolean;
}

/** Runs a training to its end. @throws ERR_W2V_CANCELLED, and what callbacks throw */
export async function runTraining(running: RunningModel, options: RunOptions): Promise<RunResult> {
  return new TrainingRun(running, options).run();
}

class TrainingRun {
  readonly #running: RunningModel;
  readonly #options: RunOptions;
  #status: TrainingStatus | undefined;
  #ranSeconds = 0;
  #wordsAtStart = 0;
  #best: number | undefined;
  #epochsSinceBest = 0;
  #lastCheckpoint = performance.now();

  constructor(running: RunningModel, options: RunOptions) {
    this.#running = running;
    this.#options = options;
  }

  async run(): Promise<RunResult> {
    const { onTrainBegin, onTrainEnd, onEpochBegin, onEpochEnd, earlyStopping, checkpoint } = this.#options;
    const { epochs } = this.#running;
    const byEpochs = (onEpochBegin ?? onEpochEnd ?? earlyStopping ?? checkpoint?.everyEpochs) !== undefined;
    // A training that is resumed begins in mid-course: the first run, to epoch 0, tells where.
    let status = await this.#runUntil(0);
    this.#wordsAtStart = status.trainedWords;
    let epoch = byEpochs ? status.epochs : epochs - 1; // whole ones before the next run's end
    await onTrainBegin?.(this.#event(status.epochs + 1));
    let stoppedEarly = false;
    for (; epoch < epochs && !stoppedEarly; ++epoch) {
      await onEpochBegin?.(this.#event(epoch + 1));
      status = await this.#runUntil(epoch + 1);
      if (!status.reached) {
        stoppedEarly = true;
        break;
      }
      if (byEpochs) {
        const goOn = (await onEpochEnd?.(this.#event(epoch + 1))) !== false;
        stoppedEarly = (await this.#ceasedToImprove()) || !goOn;
        const every = checkpoint?.everyEpochs;
        if (every !== undefined && (epoch + 1) % every === 0) await this.#saveCheckpoint();
        if (stoppedEarly && epoch + 1 === epochs) stoppedEarly = false;
      }
    }
    await onTrainEnd?.(this.#event(Math.min(epoch + 1, epochs)));
    return { status, stoppedEarly };
  }

  /** To the end of an epoch, with checkpoints in between; or to where a signal ends it. */
  async #runUntil(until: number): Promise<TrainingStatus> {
    const { signal, stopSignal, checkpoint } = this.#options;
    for (;;) {
      const pause = new AbortController();
      const due = checkpoint?.everySeconds;
      const wait = due && Math.max(0, this.#lastCheckpoint + due * 1000 - performance.now());
      const stopTimer = wait === undefined ? undefined : startTimer(wait, () => pause.abort());
      const start = performance.now();
      // With checkpoints, to cancel is to end between two sentences as well: for the checkpoint.
      const ends = [pause.signal, stopSignal, checkpoint && signal].filter((s) => s !== undefined);
      try {
        this.#status = await this.#running.exclusively(() =>
          runJob(() => this.#running.training.run(until), {
            signal: checkpoint ? undefined : signal,
            stopSignal: AbortSignal.any(ends),
            onProgress: until === 0 ? undefined : (progress) => this.#report(progress, start),
          }),
        );
      } finally {
        stopTimer?.();
      }
      this.#ranSeconds += (performance.now() - start) / 1000;
      const ended = signal?.aborted ?? false;
      const stopped = stopSignal?.aborted ?? false;
      if (checkpoint && (ended || stopped || pause.signal.aborted)) await this.#saveCheckpoint();
      if (ended) throw cancelled(signal?.reason);
      if (this.#status.reached || stopped) return this.#status;
    }
  }

  #event(epoch: number): TrainingEvent {
    const { model, epochs } = this.#running;
    const { losses, learningRate: alpha, trainedWords } = this.#status!;
    const measured = losses.subarray(0, epoch).filter((loss) => !Number.isNaN(loss));
    return { model, epoch, epochs, loss: measured.at(-1) ?? null, alpha, trainedWords };
  }

  async #ceasedToImprove(): Promise<boolean> {
    if (!this.#options.earlyStopping) return false;
    const { metric, mode = 'max', patience = 1, minDelta = 0 } = this.#options.earlyStopping;
    const value = await metric(this.#running.model);
    if (typeof value !== 'number' || Number.isNaN(value)) {
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected earlyStopping.metric to return a number but received ${describe(value)}`,
      );
    }
    const score = mode === 'max' ? value : -value;
    if (this.#best === undefined || score > this.#best + minDelta) {
      this.#best = score;
      this.#epochsSinceBest = 0;
      return false;
    }
    return ++this.#epochsSinceBest >= patience;
  }

  #report({ phase, done, total, learningRate, epoch, loss }: JobProgress, start: number): void {
    if (phase !== 'training' || !this.#options.onProgress) return;
    const seconds = this.#ranSeconds + (performance.now() - start) / 1000;
    const wordsPerSecond = (done - this.#wordsAtStart) / Math.max(1e-3, seconds);
    this.#options.onProgress({
      phase,
      fraction: total === 0 ? 0 : Math.min(1, done / total),
      wordsPerSecond,
      etaSeconds: wordsPerSecond === 0 ? null : Math.max(0, total - done) / wordsPerSecond,
      alpha: learningRate,
      epoch: epoch + 1,
      loss: Number.isNaN(loss) ? null : loss,
    });
  }

  async #saveCheckpoint(): Promise<void> {
    const { path: file, keep = 1 } = this.#options.checkpoint!;
    try {
      await removeLeftovers(file);
      await keepPrevious(file, keep);
    } catch (error) {
      throw fileError('write', file, error);
    }
    await this.#running.save(file);
    this.#lastCheckpoint = performance.now();
  }
}

const longestTimeout = 2 ** 31 - 1; // ms: what is longer is taken for 1

/** A timeout of any length. @returns what ends it */
function startTimer(milliseconds: number, f: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number) => {
    const then = left > longestTimeout ? () => wait(left - longestTimeout) : f;
    timer = setTimeout(then, Math.min(left, longestTimeout));
  };
  wait(milliseconds);
  return () => clearTimeout(timer);
}

/** Temporary files of processes that are no more: they were killed while they saved. */
async function removeLeftovers(file: string): Promise<void> {
  const [folder, base] = [path.dirname(file), path.basename(file)];
  for (const name of await readdir(folder)) {
    const process_ = name.startsWith(`${base}.`) && /^\.(\d+)-\d+\.tmp$/.exec(name.slice(base.length));
    if (process_ && !isAlive(Number(process_[1]))) await rm(path.join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** path.1 becomes path.2 and so on, and `path` gets the second name path.1: it is never away. */
async function keepPrevious(file: string, keep: number): Promise<void> {
  const missing = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  };
  for (let i = keep - 1; i > 1; --i) await rename(`${file}.${i - 1}`, `${file}.${i}`).catch(missing);
  if (keep < 2) return;
  await rm(`${file}.1`, { force: true });
  // Where the file system has no links, a copy.
  await link(file, `${file}.1`).catch(() => copyFile(file, `${file}.1`).catch(missing));
}
