// Link stubs: stand-ins of the system's shared libraries that know only what older systems have too. Linked
// against them, an addon that is built on a new distribution runs on those: every reference is to the newest version of a
// symbol within the limits; of what is newer in libstdc++, the static archive brings its own copy (as in
// Red Hat's gcc-toolset), and what is newer in glibc is in native/base/glibc_compat.cpp, or the link fails.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What the oldest systems have that a prebuilt addon is for: Node 20's own floor (Debian 10, RHEL 8). */
export const limits = { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11', GCC: '7.0.0' };

const libraries = ['libc.so.6', 'libm.so.6', 'libstdc++.so.6'];

export function compareVersions(a, b) {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(x.length, y.length); ++i) {
    if ((x[i] ?? 0) !== (y[i] ?? 0)) return (x[i] ?? 0) - (y[i] ?? 0);
  }
  return 0;
}

/** The dynamic symbols of a file: { name, version ('GLIBC_2.17'; undefined: none), defined, object (data, not a function), tls }. */
export function dynamicSymbols(file) {
  const lines = execFileSync('objdump', ['-T', file], { encoding: 'utf8', maxBuffer: 1 << 28 }).split('\n');
  return lines.flatMap((line) => {
    // address, flags (7 columns), section, size, (version), name
    const match =
      /^[0-9a-f]+ (.{7}) (\S+)\s+[0-9a-f]+\s+(?:\(?([A-Za-z][\w.]*)\)?\s+)?(?:\.\w+ )?(\S+)$/.exec(line);
    if (!match) return [];
    const [, flags, section, version, name] = match;
    if (section === '*ABS*') return []; // the versions' own names
    return [
      {
        name,
        version: version === 'Base' ? undefined : version,
        defined: section !== '*UND*',
        object: flags.includes('O'),
        tls: /^\.t(data|bss)$/.test(section),
      },
    ];
  });
}

/** Of 'GLIBC_2.17': the limit of its family was not passed; undefined for families without one. */
export function withinLimits(version) {
  const [, family, number] = /^([A-Z]+)_([\d.]+)$/.exec(version ?? '') ?? [];
  return limits[family] && compareVersions(number, limits[family]) <= 0;
}

function writeStub(compiler, library, folder) {
  const real = execFileSync(compiler, [`-print-file-name=${library}`], { encoding: 'utf8' }).trim();
  const newest = new Map();
  for (const symbol of dynamicSymbols(real)) {
    if (!symbol.defined || symbol.tls || !withinLimits(symbol.version)) continue;
    const known = newest.get(symbol.name);
    const number = ({ version }) => version.split('_')[1];
    if (!known || compareVersions(number(known), number(symbol)) < 0) newest.set(symbol.name, symbol);
  }
  const assembler = ['.text', 'nothing:'];
  const versions = new Set();
  for (const [i, { name, version, object }] of [...newest.values()].entries()) {
    versions.add(version);
    assembler.push(
      `.globl s${i}`,
      `.type s${i},@${object ? 'object' : 'function'}`,
      `s${i}:`,
      `.symver s${i},${name}@@${version}`,
    );
  }
  assembler.push('.byte 0', '.section .note.GNU-stack,"",@progbits', '');
  const file = (extension) => path.join(folder, `${library}${extension}`);
  writeFileSync(file('.s'), assembler.join('\n'));
  writeFileSync(file('.map'), [...versions].map((version) => `${version} {};\n`).join(''));
  execFileSync(
    compiler,
    [
      '-shared',
      '-nostdlib',
      `-Wl,-soname,${library}`,
      `-Wl,--version-script,${file('.map')}`,
      '-o',
      file(''),
      file('.s'),
    ],
    { stdio: 'inherit' },
  );
}

/** Writes the stubs; for CMake's option W2V_LINK_STUBS. */
export function writeLinkStubs(folder, compiler = process.env.CXX ?? 'c++') {
  mkdirSync(folder, { recursive: true });
  for (const library of libraries) writeStub(compiler, library, folder);
}
