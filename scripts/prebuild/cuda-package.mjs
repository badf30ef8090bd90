// `npm run prebuilds:cuda`: the library of the CUDA backend for all architectures, linked for old systems as the addon is, as
// the npm package word2vec-native-cuda: an optional peer of word2vec-native, which finds it there. Packed into build/cuda.
// Its version is that of word2vec-native, as the two speak one interface (native/train/gpu_abi.h).
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkSymbols } from './check-symbols.mjs';
import { writeLinkStubs } from './link-stubs.mjs';

const root = path.join(import.meta.dirname, '..', '..');
const build = path.join(root, 'build', 'cuda');
const folder = path.join(build, 'package');
const stubs = path.join(build, 'stubs');
const library = 'libword2vec_cuda.so';

writeLinkStubs(stubs);
execFileSync('bash', [path.join(root, 'scripts', 'build-cuda.sh'), `-DW2V_LINK_STUBS=${stubs}`], {
  stdio: 'inherit',
});

mkdirSync(folder, { recursive: true });
copyFileSync(path.join(build, 'native', 'cuda', library), path.join(folder, library));
execFileSync('strip', ['--strip-unneeded', path.join(folder, library)]);
checkSymbols(path.join(folder, library), ['w2v_gpu_entry']);

const { version, license, author } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const manifest = {
  name: 'word2vec-native-cuda',
  version,
  description: 'The CUDA backend of word2vec-native: trains on NVIDIA GPUs',
  license,
  author,
  os: ['linux'],
  cpu: [process.arch],
  libc: ['glibc'],
  peerDependencies: { 'word2vec-native': version },
  files: [library],
};
writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(
  path.join(folder, 'README.md'),
  `# word2vec-native-cuda

The library with which [word2vec-native](https://www.npmjs.com/package/word2vec-native) trains on NVIDIA GPUs of compute capability
7.5 and later. Install it beside word2vec-native of the same version; it is found there, and has no API of its own.
`,
);
copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
execFileSync('npm', ['pack', '--pack-destination', build], { cwd: folder, stdio: 'inherit' });
