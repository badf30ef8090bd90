import { setImmediate } from 'node:timers/promises';
import { turnMs } from '../text-source.js';

/** Time on the JavaScript thread, before others get their turn. */
export class Turn {
  #began = performance.now();

  get isOver(): boolean {
    return performance.now() - this.#began > turnMs;
  }

  async next(): Promise<void> {
    await setImmediate();
    this.#began = performance.now();
  }
}
