// npm run bench:tasks [-- PART…] [--quick] [--docs]
//
// What embeddings are for, on the corpora of ../shared/data: each part of scripts/bench/tasks measures one task and gives
// tables, in Markdown on standard output; --docs also writes docs/benchmarks/tasks-<part>.json and the sections
// <!-- bench:tasks PART --> of the pages that have one. --quick: fewer folds, seeds and epochs, to see that it runs. Parts: the
// names of the files there; without any, all of them.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { machine, markdownTable, replaceSection, root, sharedData, today } from './common.mjs';

const folder = path.join(import.meta.dirname, 'tasks');
const parts = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs') && !file.startsWith('_'))
  .map((file) => path.basename(file, '.mjs'));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { docs: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
const unknown = positionals.find((name) => !parts.includes(name));
if (unknown !== undefined) {
  console.error(`bench:tasks: expected parts out of ${parts.join(', ')} but received '${unknown}'`);
  process.exit(2);
}
if (!existsSync(sharedData)) {
  console.error(
    `bench:tasks: the corpora are not here (${path.relative('.', sharedData)}): nothing to measure on`,
  );
  process.exit(1);
}

for (const name of positionals.length > 0 ? positionals : parts) {
  const part = await import(path.join(folder, `${name}.mjs`));
  const start = performance.now();
  const {
    title,
    columns,
    rows,
    notes = [],
    charts = {},
    tables = [],
  } = await part.run({ quick: values.quick });
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  const measured = `\`npm run bench:tasks -- ${name}\`, ${machine}, ${today}; ${minutes} minutes.`;
  const text = [
    `**${title}**`,
    measured,
    markdownTable(columns, rows),
    ...tables.map((table) => `**${table.title}**\n\n${markdownTable(table.columns, table.rows)}`),
    ...[notes].flat(),
  ].join('\n\n');
  console.log(`\n${text}\n`);
  if (!values.docs) continue;
  mkdirSync(path.join(root, 'docs', 'benchmarks'), { recursive: true });
  const results = { title, machine, date: today, columns, rows, tables, notes };
  writeFileSync(
    path.join(root, 'docs', 'benchmarks', `tasks-${name}.json`),
    `${JSON.stringify(results, null, 2)}\n`,
  );
  for (const [file, svg] of Object.entries(charts))
    writeFileSync(path.join(root, 'docs', 'benchmarks', file), svg);
  for (const page of readdirSync(path.join(root, 'docs')).filter((file) => file.endsWith('.md'))) {
    const file = path.join(root, 'docs', page);
    if (readFileSync(file, 'utf8').includes(`<!-- bench:tasks ${name} -->`))
      replaceSection(file, `bench:tasks ${name}`, text);
  }
}
