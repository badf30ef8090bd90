// npm run docs: the guides of docs/ and the reference of the API as pages in build/docs. A warning is an error.
import { readdirSync } from 'node:fs';
import { Converter, ReflectionKind } from 'typedoc';

// In the order in which they are read; pages that are not named here follow.
const order = [
  'first-model',
  'installing',
  'google-news',
  'from-gensim',
  'compat',
  'from-npm-word2vec',
  'tuning',
  'models',
  'text',
  'classification',
  'tagging',
  'chinese',
  'chinese.zh',
  'adaptation',
  'cuda',
  'formats',
  'format',
  'performance',
  'benchmarks',
  'reproducibility',
  'troubleshooting',
];
const pages = readdirSync('docs').filter((name) => name.endsWith('.md'));
const place = (page) => (order.includes(page.slice(0, -3)) ? order.indexOf(page.slice(0, -3)) : order.length);

const modules = { index: 'word2vec-native', 'npm-word2vec': 'word2vec-native/word2vec' };

/** Guides are called as their first headings say, modules as they are imported. */
function names({ converter }) {
  converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const text = document.content.map((part) => part.text).join('');
    const [, title] = /^# (.+)\n/.exec(text) ?? [];
    if (title === undefined) throw new Error(`Expected a heading in the first line of ${document.name}.md`);
    document.name = title.replaceAll('`', '');
  });
  converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
    if (reflection.kindOf(ReflectionKind.Module))
      reflection.name = modules[reflection.name] ?? reflection.name;
  });
}

/** @type {import('typedoc').TypeDocOptions} */
export default {
  name: 'word2vec-native',
  entryPoints: ['lib/index.ts', 'lib/npm-word2vec.ts'],
  tsconfig: 'tsconfig.build.json',
  readme: 'README.md',
  projectDocuments: [
    ...pages.sort((a, b) => place(a) - place(b)).map((page) => `docs/${page}`),
    ...['CONTRIBUTING.md', 'CHANGELOG.md'],
  ],
  plugin: [names],
  out: 'build/docs',
  excludeInternal: true,
  highlightLanguages: ['bash', 'cpp', 'dockerfile', 'javascript', 'json', 'python', 'typescript', 'yaml'],
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: true },
  requiredToBeDocumented: [
    'Class',
    'Interface',
    'TypeAlias',
    'Function',
    'Variable',
    'Property',
    'Method',
    'Accessor',
  ],
  disableSources: true,
  hideGenerator: true,
};
