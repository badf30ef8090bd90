// prebuildify drives node-gyp; this stands in its place with cmake-js. Called in the build folder, as
// `rebuild --target=… --devdir=… --arch=<arch> --release`; Node-API needs nothing of the rest.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..', '..');
const arch = process.argv.find((argument) => argument.startsWith('--arch='))?.slice('--arch='.length);
const shared = [
  '--directory',
  root,
  '--out',
  path.join(process.cwd(), 'build'),
  ...(arch ? ['--arch', arch] : []),
];
const steps = [
  [
    'configure',
    '--CDW2V_WERROR=ON',
    '--CDW2V_CUDA=OFF',
    `--CDW2V_LINK_STUBS=${process.env.W2V_LINK_STUBS ?? ''}`,
  ],
  ['build', '--parallel', String(availableParallelism())],
];
const program = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
for (const step of steps) {
  const { status } = spawnSync(process.execPath, [program, ...step, ...shared], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
