// npm run check:docs [-- PAGE.md ...]
//
// Runs the code of README.md and of every page below docs/. A page's blocks run from the top to the bottom in a folder of their own,
// in which the files of docs-fixtures.mjs are:
//
// - ```js and ```ts: one module. A block sees what the blocks before it declare, and may declare the same names anew. TypeScript
//   checks both, strictly.
// - ```js with require(): a program of its own, checked by TypeScript too.
// - ```js title=worker.mjs (any language): a file for the page's blocks.
// - ```sh, ```bash: ends at the first command that fails. w2v and Google's tools are there, and npx.
// - ```json: must parse. ```text, or no language: no code.
//
// What cannot run here is preceded by a line <!-- not run: the reason -->; these are listed with their reasons. A failure tells page and line.
import MarkdownIt from 'markdown-it';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { globSync } from 'tinyglobby';
import ts from 'typescript';
import { fixtureFiles, writeFixtureVectors } from './docs-fixtures.mjs';

const root = path.join(import.meta.dirname, '..');
const secondsPerPage = 120;
const problems = [];

// ---- what a page holds ----

/** The fenced blocks of a page; `line`, from 1, is that of the opening fence. */
function blocksOf(page) {
  const tokens = new MarkdownIt({ html: true }).parse(readFileSync(path.join(root, page), 'utf8'), {});
  return tokens.flatMap((token, i) => {
    if (token.type !== 'fence') return [];
    const [language = '', title] = token.info.trim().split(/\s+title=/);
    const before = tokens[i - 1]?.type === 'html_block' ? tokens[i - 1].content : '';
    const reason = /<!-- not run: ([^]+?) -->\s*$/.exec(before)?.[1];
    return [{ page, language, title, reason, line: token.map[0] + 1, code: token.content }];
  });
}

const isShell = ({ language }) => ['sh', 'bash'].includes(language);
const isProgram = ({ language, code }) => language === 'js' && /\brequire\(/.test(code);
const isModule = (block) => ['js', 'ts'].includes(block.language) && !isProgram(block);
const isRun = (block) => isShell(block) || isProgram(block) || isModule(block);

/** What is wrong with a block that is not to be run. */
function checkText({ page, line, language, title, code }) {
  if (title !== undefined || language === '' || language === 'text') return;
  if (language !== 'json') {
    problems.push(`${page}:${line}: nothing runs '${language}': say why by <!-- not run: ... --> before it`);
    return;
  }
  try {
    JSON.parse(code);
  } catch (error) {
    problems.push(`${page}:${line}: ${error.message}`);
  }
}

// ---- the module of a page ----

/** Imports of blocks stand at the top, once each; where they were, spaces keep lines and columns as they are. */
class Imports {
  #named = new Map();
  #others = new Set();

  take(code) {
    const source = ts.createSourceFile('block.ts', code, ts.ScriptTarget.Latest);
    let rest = code;
    for (const statement of source.statements.filter(ts.isImportDeclaration)) {
      const text = statement.getText(source);
      const from = statement.getStart(source);
      rest = rest.slice(0, from) + text.replace(/[^\n]/g, ' ') + rest.slice(statement.end);
      this.#add(statement, text.replace(/\s+/g, ' '), source);
    }
    return rest;
  }

  #add({ importClause: clause, moduleSpecifier }, text, source) {
    const bindings = clause?.namedBindings;
    if (clause?.name || !bindings || !ts.isNamedImports(bindings)) {
      this.#others.add(text);
      return;
    }
    const module = moduleSpecifier.getText(source);
    const type = clause.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type ' : '';
    if (!this.#named.has(module)) this.#named.set(module, new Set());
    for (const name of bindings.elements) this.#named.get(module).add(`${type}${name.getText(source)}`);
  }

  toString() {
    const named = [...this.#named].map(
      ([module, names]) => `import { ${[...names].join(', ')} } from ${module};`,
    );
    return [...this.#others, ...named].join(' ');
  }
}

/** Writes what runs a page; line n of each file is line n of the page. */
function writePage(page, blocks, folder) {
  const file = (name, lines) => writeFileSync(path.join(folder, name), `${lines.join('\n')}\n`);
  const lines = [];
  const put = (line, text) => (lines[line - 1] = text);
  const imports = new Imports();
  let open = 0;
  for (const block of blocks) {
    const { line, title, code } = block;
    const padded = [...Array(line).fill(''), ...code.trimEnd().split('\n')];
    if (title !== undefined) {
      file(title, code.trimEnd().split('\n'));
    } else if (isModule(block)) {
      // Each block is a scope within that of the one before.
      put(line, '{');
      ++open;
      for (const [i, text] of imports.take(code).split('\n').entries())
        if (text.trim() !== '') put(line + 1 + i, text);
    } else {
      const name = `${line}.${isShell(block) ? 'sh' : 'cjs'}`;
      if (isShell(block)) padded[0] = `trap 'echo "${page}:$LINENO" >&2' ERR; set -Eeuo pipefail`;
      file(name, padded);
      put(line, `await $run('${name}');`);
    }
  }
  const rest = Array.from(lines.slice(1), (text) => text ?? '');
  file('page.mts', [`${imports} export {};`, ...rest, '}'.repeat(open)]);
}

// ---- the check ----

const pages =
  process.argv.length > 2
    ? process.argv.slice(2)
    : ['README.md', ...globSync('docs/**/*.md', { cwd: root }).sort()];
const scratch = mkdtempSync(path.join(tmpdir(), 'check-docs-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(1));
const [sources, runs] = ['source', 'run'].map((name) => path.join(scratch, name));

/** node_modules as after an installation: the package, its commands, and the packages that blocks import. */
function install() {
  const modulesFolder = path.join(scratch, 'node_modules');
  mkdirSync(path.join(modulesFolder, '.bin'), { recursive: true });
  symlinkSync(root, path.join(modulesFolder, 'word2vec-native'), 'dir');
  const { bin } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  for (const [name, file] of Object.entries(bin)) {
    const command = `#!/bin/sh\nexec "${process.execPath}" "${path.join(root, file)}" "$@"\n`;
    writeFileSync(path.join(modulesFolder, '.bin', name), command, { mode: 0o755 });
  }
  writeFileSync(path.join(scratch, 'run.d.ts'), 'declare function $run(file: string): Promise<void>;\n');
  // A program of a page, or commands: to its end, with this process's output.
  writeFileSync(
    path.join(scratch, 'run.mjs'),
    `import { spawnSync } from 'node:child_process';
globalThis.$run = async (file) => {
  const [program, args] = file.endsWith('.sh') ? ['bash', []] : [process.execPath, ['--enable-source-maps']];
  const { status, signal } = spawnSync(program, [...args, file], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error('ended with ' + (status ?? signal));
};\n`,
  );
}

async function writeFixtures() {
  const folder = path.join(scratch, 'fixtures');
  for (const [name, content] of Object.entries(fixtureFiles())) {
    mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  await writeFixtureVectors((name) => path.join(folder, name));
  return folder;
}

/** Checks the types of all pages at once, and writes what Node runs. */
function compile() {
  const files = globSync('**/{*.cjs,page.mts}', { cwd: sources }).map((name) => path.join(sources, name));
  const program = ts.createProgram([...files, path.join(scratch, 'run.d.ts')], {
    strict: true,
    skipLibCheck: true,
    allowJs: true,
    checkJs: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2024.d.ts'],
    module: ts.ModuleKind.Node20,
    types: ['node'],
    typeRoots: [path.join(root, 'node_modules', '@types')],
    rootDir: sources,
    outDir: runs,
    inlineSourceMap: true, // so that a stack has the lines of the page
    inlineSources: true,
  });
  for (const { file, start, messageText } of ts.getPreEmitDiagnostics(program)) {
    const page = file ? path.relative(sources, path.dirname(file.fileName)) : '';
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    problems.push(`${page}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  }
  program.emit();
}

/** Runs a page; what fails is a problem. */
async function runPage(page) {
  const cwd = path.join(runs, page);
  const args = [
    '--enable-source-maps',
    '--import',
    pathToFileURL(path.join(scratch, 'run.mjs')).href,
    'page.mjs',
  ];
  const bin = path.join(scratch, 'node_modules', '.bin');
  const env = {
    ...process.env,
    PATH: `${bin}${path.delimiter}${process.env.PATH}`,
    npm_config_offline: 'true',
  };
  const child = spawn(process.execPath, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: secondsPerPage * 1000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const status = await new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
  if (status === 0) return;
  // The line: of a command that failed, or the innermost of the page in the stack.
  const escaped = page.replace(/[.]/g, '\\.');
  const [, line = '?'] =
    new RegExp(`^${escaped}:(\\d+)$`, 'm').exec(output) ??
    new RegExp(`${escaped}/(?:page\\.mts|\\d+\\.cjs):(\\d+)`).exec(output) ??
    [];
  const why = status === 'SIGTERM' ? `not done after ${secondsPerPage} s` : 'failed';
  problems.push(
    `${page}:${line}: ${why}\n${output.trimEnd().split('\n').slice(-25).join('\n').replace(/^/gm, '    ')}`,
  );
}

const start = performance.now();
install();
const fixtures = await writeFixtures();
let count = 0;
const left = [];
const runnable = [];
for (const page of pages) {
  const blocks = blocksOf(page);
  for (const block of blocks) {
    if (block.reason !== undefined) left.push(`${page}:${block.line}: ${block.reason}`);
    else if (!isRun(block)) checkText(block);
  }
  const used = blocks.filter(
    (block) => block.reason === undefined && (isRun(block) || block.title !== undefined),
  );
  if (used.length === 0) continue;
  count += used.length;
  runnable.push(page);
  mkdirSync(path.join(sources, page), { recursive: true });
  writePage(page, used, path.join(sources, page));
  cpSync(fixtures, path.join(runs, page), { recursive: true });
}
compile();
for (const page of runnable) {
  cpSync(path.join(sources, page), path.join(runs, page), { recursive: true, force: false });
}
const waiting = [...runnable];
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let page; (page = waiting.shift());) await runPage(page);
  }),
);
for (const line of left) console.log(`not run: ${line}`);
for (const problem of problems) console.error(problem);
const seconds = ((performance.now() - start) / 1000).toFixed(0);
console.log(
  `docs: ${count} blocks of ${pages.length} pages run, ${left.length} not, ${problems.length} problems (${seconds} s)`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
