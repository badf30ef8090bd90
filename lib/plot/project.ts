// Where words lie on a map: similar ones near to each other.
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { W2VError, cancelled } from '../errors.js';
import type { JobOptions, KeyedVectors } from '../keyed-vectors.js';
import type { ProjectionMessage, ProjectionMethod, ProjectionTask } from './projection-worker.js';

export type { ProjectionMethod } from './projection-worker.js';

export interface PlacedWord {
  word: string;
  x: number;
  y: number;
}

const mostNeighbours = 15; // UMAP's default

/**
 * Places words in the plane, by UMAP (McInnes, Healy, Melville 2018, arXiv:1802.03426) with neighbours by cosine, or by the first two principal
 * components of the vectors at unit length. The same words give the same places. On a thread of its own.
 *
 * @throws ERR_W2V_UNKNOWN_WORD, ERR_W2V_ARGUMENT for fewer than three words, ERR_W2V_CANCELLED
 */
export async function projectWords(
  vectors: KeyedVectors,
  words: readonly string[],
  method: ProjectionMethod,
  { signal, onProgress }: JobOptions = {},
): Promise<PlacedWord[]> {
  const own = await vectors.vectorsForAll(words, { signal });
  if (own.size < 3) {
    throw new W2VError('ERR_W2V_ARGUMENT', `Expected three words or more for a map but received ${own.size}`);
  }
  await own.unitNormalizeAll({ signal });
  const different = [...own];
  const rows = own.getVectors(different);
  const k = Math.min(mostNeighbours, own.size - 1);
  const neighbours = new Uint32Array(own.size * k);
  const distances = new Float32Array(own.size * k);
  if (method === 'umap') {
    const found = await own.search(rows, { topN: k, signal });
    for (let i = 0; i < own.size; ++i) {
      // Itself first, whatever words of the same direction there are.
      const others = Array.from({ length: k }, (_, r) => i * k + r).filter(
        (at) => found.ids[at] !== i && found.ids[at]! < own.size,
      );
      neighbours.fill(i, i * k, (i + 1) * k);
      others.slice(0, k - 1).forEach((at, r) => {
        neighbours[i * k + r + 1] = found.ids[at]!;
        distances[i * k + r + 1] = Math.max(0, 1 - found.scores[at]!);
      });
    }
  }
  const task: ProjectionTask = { method, rows, dims: own.vectorSize, neighbours, distances, k };
  const positions = await inWorker(task, { signal, onProgress });
  return different.map((word, i) => ({ word, x: positions[2 * i]!, y: positions[2 * i + 1]! }));
}

function inWorker(task: ProjectionTask, { signal, onProgress }: JobOptions): Promise<Float64Array> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(cancelled(signal.reason));
      return;
    }
    // The compiled file, also for tests that run the sources.
    const worker = new Worker(path.join(__dirname, '..', '..', 'dist', 'plot', 'projection-worker.js'), {
      workerData: task,
    });
    const abort = () => end(() => reject(cancelled(signal?.reason)));
    const end = (settle: () => void) => {
      signal?.removeEventListener('abort', abort);
      void worker.terminate();
      settle();
    };
    signal?.addEventListener('abort', abort);
    worker.on('message', (message: ProjectionMessage) => {
      if ('positions' in message) end(() => resolve(message.positions));
      else onProgress?.(message);
    });
    worker.on('error', (error) => end(() => reject(error)));
  });
}
