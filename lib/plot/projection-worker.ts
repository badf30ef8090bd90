// Projects vectors to the plane, on a thread of its own: UMAP and PCA work for seconds.
import { PCA } from 'ml-pca';
import { UMAP } from 'umap-js';
import { parentPort, workerData } from 'node:worker_threads';

export type ProjectionMethod = 'umap' | 'pca';

export interface ProjectionTask {
  method: ProjectionMethod;
  /** n × dims, row after row, at unit length. */
  rows: Float32Array;
  dims: number;
  /** n × k: each word itself and its neighbours, the nearest first, and how far they are. */
  neighbours: Uint32Array;
  distances: Float32Array;
  k: number;
}

export type ProjectionMessage = { fraction: number } | { positions: Float64Array };

const send = (message: ProjectionMessage) => parentPort!.postMessage(message);

/** The same for each run, so that the same words make the same picture. */
function generator(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function inRows(values: ArrayLike<number>, size: number): number[][] {
  const all = Array.from(values);
  return Array.from({ length: all.length / size }, (_, i) => all.slice(i * size, (i + 1) * size));
}

function project({ method, rows, dims, neighbours, distances, k }: ProjectionTask): number[][] {
  const vectors = inRows(rows, dims);
  if (method === 'pca') {
    const pca = new PCA(vectors, { method: vectors.length > dims ? 'covarianceMatrix' : 'SVD' });
    return pca.predict(vectors, { nComponents: Math.min(2, dims) }).to2DArray();
  }
  const umap = new UMAP({ nComponents: 2, nNeighbors: k, random: generator() });
  umap.setPrecomputedKNN(inRows(neighbours, k), inRows(distances, k));
  const epochs = umap.initializeFit(vectors);
  for (let epoch = 0; epoch < epochs; ++epoch) {
    umap.step();
    if (epoch % 10 === 0) send({ fraction: epoch / epochs });
  }
  return umap.getEmbedding();
}

const positions = project(workerData as ProjectionTask);
send({ positions: Float64Array.from(positions.flatMap(([x, y]) => [x!, y ?? 0])) });
