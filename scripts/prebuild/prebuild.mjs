// `npm run prebuilds`: compiles the addon for this platform and puts it where node-gyp-build finds it,
// prebuilds/<platform>-<arch>. On glibc it is linked for old systems, whatever this one is. Its build folder is its own.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import prebuildify from 'prebuildify';
import { checkSymbols } from './check-symbols.mjs';
import { writeLinkStubs } from './link-stubs.mjs';

const root = path.join(import.meta.dirname, '..', '..');
const folder = path.join(root, 'build', 'prebuild');
const linux = process.platform === 'linux';
const glibc = linux && process.report.getReport().header.glibcVersionRuntime !== undefined;

mkdirSync(folder, { recursive: true });
if (glibc) {
  process.env.W2V_LINK_STUBS = path.join(folder, 'stubs');
  writeLinkStubs(process.env.W2V_LINK_STUBS);
}
await promisify(prebuildify)({
  name: 'word2vec-native',
  napi: true,
  tagLibc: linux,
  strip: true,
  cwd: folder,
  out: root,
  nodeGyp: `"${process.execPath}" "${path.join(import.meta.dirname, 'cmake-js.mjs')}"`,
  shell: true,
});
if (glibc) {
  const file = path.join(root, 'prebuilds', `linux-${process.arch}`, 'word2vec-native.glibc.node');
  checkSymbols(file);
}
