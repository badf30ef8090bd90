// What require('word2vec-native') takes beyond an empty addon: the aim is 15 ms. Each in a process of its own, in turn.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { machine, median, root, run, today } from './common.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'bench-require-'));
try {
  const source = path.join(folder, 'empty.c');
  writeFileSync(source, '#include <node_api.h>\nNAPI_MODULE_INIT() { return exports; }\n');
  const addon = path.join(folder, 'empty.node');
  const headers = path.join(root, 'node_modules', 'node-api-headers', 'include');
  run('cc', ['-shared', '-fPIC', '-O2', '-DNODE_GYP_MODULE_NAME=empty', '-I', headers, '-o', addon, source]);
  const timed = (module) => `
    const cpu = process.cpuUsage(), start = performance.now();
    require(${JSON.stringify(module)});
    const seconds = performance.now() - start, { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ wall: seconds, cpu: (user + system) / 1000 }))`;
  const modules = { empty: addon, package: root };
  const samples = { empty: [], package: [] };
  for (let round = 0; round < 21; ++round) {
    for (const [name, module] of Object.entries(modules))
      samples[name].push(JSON.parse(run(process.execPath, ['-e', timed(module)])));
  }
  for (const measure of ['wall', 'cpu']) {
    const [empty, whole] = ['empty', 'package'].map((name) => median(samples[name].map((s) => s[measure])));
    console.log(
      `${measure}: ${whole.toFixed(1)} ms, empty addon ${empty.toFixed(1)} ms, beyond it ${(whole - empty).toFixed(1)} ms`,
    );
  }
  console.log(`${machine}, ${today}, medians of 21`);
} finally {
  rmSync(folder, { recursive: true });
}
