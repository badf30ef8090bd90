// What a training can run on.
import { availableParallelism } from 'node:os';
import { binding, callNative, runJob } from './native.js';

/** An NVIDIA GPU. */
export interface CudaDevice {
  /** The number by which the option `devices` names it. */
  index: number;
  name: string;
  /** Its generation: `9.0` is Hopper. From 7.5 on, devices are usable. */
  computeCapability: string;
  multiprocessors: number;
  /** Bytes, in all and free now. */
  memory: number;
  freeMemory: number;
  usable: boolean;
}

export interface Devices {
  /** Of the processor: its instruction set (`isa()`), and how many of it this process may use. */
  isa: string;
  processors: number;
  /** In the order of their numbers. */
  cuda: CudaDevice[];
  /** Why none of them is usable: no library, no driver, no device, too old. Null where one is. */
  cudaProblem: string | null;
}

/** Lists what `backend` can be. */
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
