// What a training can run on.
import { availableParallelism } from 'node:os';
import { binding, callNative, runJob } from './native.js';

/** An NVIDIA GPU. */
export interface CudaDevice {
  /** The number by which the option `devices` names it. */
  index: number;
  /** As its driver calls it; empty where the driver could not tell of it. */
  name: string;
  /** Its generation: `9.0` is Hopper. From 7.5 on, devices are usable. */
  computeCapability: string;
  /** Streaming multiprocessors (SMs): each trains at a number of places of the corpus at the same time. */
  multiprocessors: number;
  /** Bytes in all. */
  memory: number;
  /** Bytes that are free now; 0 of a device that is not usable, which is not asked. */
  freeMemory: number;
  /** Whether it can train, by its compute capability; false, too, where the driver could not tell of it. */
  usable: boolean;
}

/** What `backend` can be here: the processor, and the GPUs that there are. */
export interface Devices {
  /** The instruction set that the processor's kernels run on, as {@link isa} tells it. */
  isa: string;
  /** Processors that this process may use: the default of `threads`. */
  processors: number;
  /** In the order of their numbers. */
  cuda: CudaDevice[];
  /** Why none of them is usable: no library, no driver, no device, too old. Null where one is. */
  cudaProblem: string | null;
}

/** Lists what `backend` can be. @throws ERR_W2V_ISA, as {@link isa} */
export async function devices(): Promise<Devices> {
  const { devices: cuda, problem } = await runJob(() => binding.cudaDevices());
  return {
    isa: callNative(() => binding.isa()),
    processors: availableParallelism(),
    cuda,
    cudaProblem: problem === '' ? null : problem,
  };
}

/**
 * Before a corpus is read, not after.
 *
 * @throws ERR_W2V_DEVICE with `backend: 'cuda'` where the devices (by default, any) are not there or not usable
 */
export async function checkBackend(options: {
  backend: string;
  devices?: readonly number[] | undefined;
}): Promise<void> {
  if (options.backend !== 'cuda') return;
  const wanted = Uint32Array.from(options.devices ?? []);
  await runJob(() => binding.checkCudaDevices(wanted));
}
