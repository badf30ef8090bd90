// Fails when an import climbs: a native file that includes from its own height or above, a per-ISA source
// that includes more than it may, a platform header outside native/base, or a lib/ file other than
// lib/native.ts that reaches for the addon. Prints one line a finding.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** The floor of every folder of native/. A folder includes only itself and folders of lower floors. */
const floors = new Map(
  Object.entries({
    base: 0,
    corpus: 1,
    kernels: 1,
    model: 2,
    vectors: 2,
    train: 3,
    search: 3,
    tasks: 3,
    cuda: 4,
    node: 4,
  }),
);

/** The one sibling that another may include: corpus finds word boundaries with the separator kernel. */
const siblings = new Set(['corpus -> kernels']);

/** Headers that only some folders may include. */
const places = [
  {
    headers: /^(sys\/.*|(unistd|windows|fcntl|io|process|pthread|sched|dlfcn|malloc|poll)\.h)$/,
    folders: ['base'],
  },
  { headers: /^(.*mmintrin|immintrin|intrin|arm_neon|arm_sve)\.h$/, folders: ['kernels', 'base'] },
  { headers: /^cuda.*\.h$/, folders: ['cuda'] },
  { headers: /^(napi|node_api|js_native_api|uv|v8)\.h$/, folders: ['node'] },
];

/** Beside kernels/ headers, what a source compiled once per ISA may include: nothing with inline functions. */
const isaHeaders = /^(stddef|stdint|immintrin|arm_neon|arm_sve)\.h$/;

/** The modules that give the addon to TypeScript. */
const addonModule = /^node-gyp-build$|(^|\/)binding(\.js|\.d\.ts)?$|\.node$/;

const root = path.join(import.meta.dirname, '..');
const findings = [];

/** Paths under a folder with one of the endings, relative to the repository, with '/'. */
function files(folder, endings) {
  return readdirSync(path.join(root, folder), { recursive: true })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((name) => endings.test(name))
    .sort();
}

/** Why a file in `folder` may not include `header`; undefined when it may. */
function refusal(folder, fileName, header, quoted) {
  if (folder === 'kernels' && fileName !== 'dispatch.cpp') {
    const own = header.startsWith('kernels/');
    return own || isaHeaders.test(header)
      ? undefined
      : 'a per-ISA source includes kernels/ headers, intrinsics, <stddef.h> and <stdint.h> only';
  }
  const folders = places.find(({ headers }) => headers.test(header))?.folders ?? [folder];
  if (!folders.includes(folder)) return `only native/${folders.join(' and native/')} may`;
  if (!quoted) return undefined;

  const target = header.split('/')[0];
  if (!floors.has(target)) return 'write "folder/file.h", with a folder of native/ that has a floor';
  if (target === folder || floors.get(target) < floors.get(folder)) return undefined;
  if (siblings.has(`${folder} -> ${target}`)) return undefined;
  return `native/${folder} (floor ${floors.get(folder)}) may not include from native/${target} (floor ${floors.get(target)})`;
}

function checkNative(file) {
  const [, folder, ...rest] = file.split('/');
  if (['test', 'fuzz', 'bench'].includes(folder)) return; // they stand outside the house
  if (!floors.has(folder)) {
    findings.push(`${file}: native/${folder} has no floor; give it one in scripts/check-floors.mjs`);
    return;
  }
  const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    const [, bracket, header] = /^\s*#\s*include\s*([<"])([^>"]+)[>"]/.exec(line) ?? [];
    const reason = header && refusal(folder, rest.join('/'), header, bracket === '"');
    if (reason) findings.push(`${file}:${index + 1}: includes ${header}: ${reason}`);
  }
}

/** The module that a syntax node loads at run time, if it loads one. */
function loadedModule(node) {
  if (ts.isImportDeclaration(node)) {
    const clause = node.importClause;
    const bindings = clause?.namedBindings;
    const names = bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
    const onlyTypes = !clause?.name && names.length > 0 && names.every((name) => name.isTypeOnly);
    return clause?.isTypeOnly || onlyTypes ? undefined : node.moduleSpecifier;
  }
  if (ts.isExportDeclaration(node)) return node.isTypeOnly ? undefined : node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.parent.isTypeOnly ? undefined : node.expression;
  if (ts.isCallExpression(node)) {
    const { expression: callee } = node;
    const isRequire = ts.isIdentifier(callee) && callee.text === 'require';
    return isRequire || callee.kind === ts.SyntaxKind.ImportKeyword ? node.arguments[0] : undefined;
  }
  return undefined;
}

function checkLib(file) {
  if (file === 'lib/native.ts') return;
  const text = readFileSync(path.join(root, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const visit = (node) => {
    const module = loadedModule(node);
    if (module && ts.isStringLiteralLike(module) && addonModule.test(module.text)) {
      const line = source.getLineAndCharacterOfPosition(module.getStart(source)).line + 1;
      findings.push(
        `${file}:${line}: loads ${module.text}: only lib/native.ts may (import its types with import type)`,
      );
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

const nativeFiles = files('native', /\.(h|cpp|cu)$/);
const libFiles = files('lib', /(?<!\.d)\.m?ts$/);
nativeFiles.forEach(checkNative);
libFiles.forEach(checkLib);

for (const finding of findings) console.error(finding);
console.log(
  `floors: ${nativeFiles.length} native and ${libFiles.length} lib files, ${findings.length} findings`,
);
process.exitCode = findings.length > 0 ? 1 : 0;
