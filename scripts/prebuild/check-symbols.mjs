// What a prebuilt addon or library for glibc asks of the system, and what it shows of itself.
import path from 'node:path';
import { compareVersions, dynamicSymbols, limits, withinLimits } from './link-stubs.mjs';

/** What an addon shows of itself. */
const addonExports = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
// Of the dynamic loader; weak references of the compiler's start files.
const withoutVersion = [
  '__tls_get_addr',
  '__gmon_start__',
  '_ITM_registerTMCloneTable',
  '_ITM_deregisterTMCloneTable',
];
// Where V8 has a sandbox (Electron), memory from outside of it is refused: results are copied into V8's own.
const notInElectron = ['napi_create_external_arraybuffer', 'napi_create_external_buffer'];

/** Prints the newest versions that are asked for. @throws on what goes beyond the limits */
export function checkSymbols(file, exported = addonExports) {
  const symbols = dynamicSymbols(file);
  const needed = symbols.filter(({ defined }) => !defined);
  const faults = [];
  for (const { name, version } of needed) {
    if (version ? !withinLimits(version) : !name.startsWith('napi_') && !withoutVersion.includes(name)) {
      faults.push(`needs ${name} ${version ?? 'of no version'}`);
    }
    if (notInElectron.includes(name)) faults.push(`uses ${name}, which Electron refuses`);
  }
  const shown = symbols.filter(({ defined }) => defined).map(({ name }) => name);
  for (const name of shown) if (!exported.includes(name)) faults.push(`exports ${name}`);
  for (const name of exported) if (!shown.includes(name)) faults.push(`does not export ${name}`);
  if (faults.length > 0) {
    const allowed = Object.entries(limits).map((limit) => limit.join(' ≤ '));
    throw new Error(`${path.basename(file)} (expected ${allowed.join(', ')}):\n  ${faults.join('\n  ')}`);
  }
  const newest = Object.keys(limits).map((family) => {
    const numbers = needed.flatMap(({ version }) =>
      version?.startsWith(`${family}_`) ? [version.split('_')[1]] : [],
    );
    return `${family} ${numbers.sort(compareVersions).at(-1)}`;
  });
  console.log(`symbols: ${path.basename(file)} needs ${newest.join(', ')}, exports ${shown.length}`);
}
