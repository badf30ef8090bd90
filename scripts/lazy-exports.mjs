// The last step of npm run build:ts: dist/index.js loads a module when one of its exports is first asked for, not all of them
// with the first require(). Node.js cannot see the names of such exports, so dist/index.mjs lists them.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const dist = path.join(import.meta.dirname, '..', 'dist');
const names = [];
const modules = new Map();
const source = readFileSync(path.join(dist, 'index.js'), 'utf8')
  .replace(/^var (\w+) = (require\("\.[^"]+"\));\n/gm, (_, module, load) => {
    modules.set(module, load);
    return '';
  })
  .replace(
    /^(Object\.defineProperty\(exports, "(\w+)", .* return )(\w+)(\.\w+; \} \}\);)$/gm,
    (_, begin, name, module, end) => {
      names.push(name);
      return `${begin}${modules.get(module)}${end}`;
    },
  );
names.push(...Array.from(source.matchAll(/^exports\.(\w+) = \1;$/gm), ([, name]) => name));
if (modules.size === 0)
  throw new Error('dist/index.js: expected what tsc writes for `export … from` but found none');
writeFileSync(path.join(dist, 'index.js'), source);
writeFileSync(
  path.join(dist, 'index.mjs'),
  `// The classes of the CommonJS build: one implementation, one identity.
import library from './index.js';
export const { ${names.join(', ')} } = library;
`,
);
