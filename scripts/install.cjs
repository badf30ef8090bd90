'use strict';

// npm's install script, and with --build-from-source `npm run build:native`. A prebuilt addon that loads on
// this machine is enough; else one is compiled into build/Release, where node-gyp-build looks first.
// Compiling once more only brings build/ up to date.
const { spawnSync } = require('node:child_process');
const { accessSync, constants } = require('node:fs');
const { availableParallelism } = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const fromSource =
  process.argv.includes('--build-from-source') ||
  ['true', 'word2vec-native'].includes(process.env.npm_config_build_from_source);

/** Tried in a child process: a prebuild for another libc or processor may end the process that loads it. */
function prebuiltLoads() {
  const child = spawnSync(process.execPath, ['-e', 'require("node-gyp-build")(process.argv[1])', root], {
    cwd: root,
    env: { ...process.env, PREBUILDS_ONLY: '1' },
    stdio: 'ignore',
  });
  return child.status === 0;
}

function runs(...programs) {
  return programs.some((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** What cmake-js will look for and not find. On Windows it finds Visual Studio by itself. */
function missingTools() {
  const windows = process.platform === 'win32';
  return [
    !runs('cmake') && 'CMake 3.18 or later (cmake)',
    !windows && !runs('g++', 'clang++') && 'a C++20 compiler (g++ or clang++)',
    !windows && !runs('make', 'ninja') && 'a build tool (make or ninja)',
  ].filter(Boolean);
}

function fail(message) {
  console.error(`\nword2vec-native: ${message}\n`);
  process.exit(1);
}

function compile() {
  const missing = missingTools();
  if (missing.length > 0) {
    fail(
      `no prebuilt addon fits this machine (${process.platform}-${process.arch}), and to compile one it lacks ` +
        `${new Intl.ListFormat('en').format(missing)}.\nInstall what is missing, then run npm again. ` +
        'Debian, Ubuntu: apt-get install cmake g++ make. macOS: xcode-select --install; brew install cmake. ' +
        'Windows: Visual Studio Build Tools with C++ and CMake.',
    );
  }
  try {
    accessSync(root, constants.W_OK);
  } catch {
    fail(
      `no prebuilt addon fits this machine, and one cannot be compiled into ${root}: the folder is read-only.`,
    );
  }
  // Not `cmake-js compile`: when the build fails, that one deletes build/ and does it all again.
  // W2V_CUDA=OFF: without the CUDA library, which takes as long as all the rest (docs/cuda.md).
  const cuda = process.env.W2V_CUDA === undefined ? [] : [`--CDW2V_CUDA=${process.env.W2V_CUDA}`];
  for (const step of [
    ['configure', ...cuda],
    ['build', '--parallel', String(availableParallelism())],
  ]) {
    const args = [require.resolve('cmake-js/bin/cmake-js'), ...step, '--directory', root];
    if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0) {
      fail(`the addon did not compile (cmake-js ${step[0]}); the messages above say why.`);
    }
  }
}

if (fromSource || !prebuiltLoads()) compile();
