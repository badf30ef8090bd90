// Work on the JavaScript thread, in turns of a few milliseconds with others in between.
import { setImmediate } from 'node:timers/promises';
import { cancelled } from './errors.js';

const turnMs = 3;
let began = -Infinity; // of all work on this thread: what runs one after the other in the same turn shares its time

/** Whether it is time to let others have their turn. */
export function turnIsOver(): boolean {
  return performance.now() - began > turnMs;
}

let next = Promise.resolve();

/** One after the other: those that wait at the same time do not get their turns at the same time. */
export function nextTurn(): Promise<void> {
  next = next.then(async () => {
    await setImmediate();
    began = performance.now();
  });
  return next;
}

const itemsBetweenLooks = 16; // at the clock: an item may take tens of microseconds

/** Calls f for 0 … n − 1, in turns. @throws ERR_W2V_CANCELLED, and what f throws */
export async function inTurns(n: number, f: (index: number) => unknown, signal?: AbortSignal): Promise<void> {
  for (let i = 0; i < n; ++i) {
    const waits = f(i);
    if (waits instanceof Promise) await waits;
    if ((i + 1) % itemsBetweenLooks !== 0 || !turnIsOver()) continue;
    if (signal?.aborted) throw cancelled(signal.reason);
    await nextTurn();
  }
}

/** Calls f for each of them, in turns; what is iterated is not to be changed meanwhile. @throws as inTurns() */
export async function eachInTurns<T>(
  items: Iterable<T>,
  f: (item: T, index: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  let i = 0;
  for (const item of items) {
    f(item, i++);
    if (i % itemsBetweenLooks !== 0 || !turnIsOver()) continue;
    if (signal?.aborted) throw cancelled(signal.reason);
    await nextTurn();
  }
}

const runLength = 1024; // short enough to sort at a time

/** A sorted copy of the list, made in turns: runs are sorted, then merged. */
export async function sortedInTurns<T>(list: readonly T[], compare: (a: T, b: T) => number): Promise<T[]> {
  let runs: T[][] = [];
  for (let from = 0; from < list.length; from += runLength) {
    runs.push(list.slice(from, from + runLength).sort(compare));
    if (turnIsOver()) await nextTurn();
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2)
      merged.push(await mergedInTurns(runs[i]!, runs[i + 1] ?? [], compare));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function mergedInTurns<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T, b: T) => number,
): Promise<T[]> {
  const merged: T[] = [];
  let [i, j] = [0, 0];
  await inTurns(a.length + b.length, () => {
    const fromFirst = j === b.length || (i < a.length && compare(a[i]!, b[j]!) <= 0);
    merged.push(fromFirst ? a[i++]! : b[j++]!);
  });
  return merged;
}
