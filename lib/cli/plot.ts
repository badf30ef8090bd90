import { Command, Option } from 'commander';
import path from 'node:path';
import { W2VError } from '../errors.js';
import { drawHtml, drawSvg, layOut } from '../plot/map.js';
import { projectWords, type ProjectionMethod } from '../plot/project.js';
import { checkOutputs, replaceByText } from '../output-file.js';
import {
  addLoadingOptions,
  countOption,
  jsonOption,
  loadVectors,
  printJson,
  vectorsHelp,
  warn,
  withExamples,
  withProgress,
  type LoadingFlags,
} from './common.js';

interface PlotFlags extends LoadingFlags {
  output: string;
  top?: number;
  method: ProjectionMethod;
  json?: boolean;
}

const mostWords = 5000; // more cannot be read

export function plotCommand(): Command {
  const command = new Command('plot')
    .description('Draws a map of words, similar ones near to each other, as a picture in one file.')
    .argument('<vectors>', vectorsHelp)
    .argument('[words...]', 'the words to draw')
    .requiredOption('-o, --output <file>', 'the picture: .svg, or .html to zoom and search in')
    .addOption(
      countOption(
        '--top <number>',
        `the first so many words, up to ${mostWords} (default: 500, where no words are given)`,
      ),
    )
    .addOption(new Option('--method <name>', 'how words are placed').choices(['umap', 'pca']).default('umap'))
    .addOption(jsonOption())
    .action(plot);
  return withExamples(
    addLoadingOptions(command),
    'w2v plot vectors.bin --top 300 --output map.html',
    'w2v plot vectors.bin king queen man woman apple pear --method pca --output map.svg',
  );
}

async function plot(file: string, given: string[], flags: PlotFlags): Promise<void> {
  const { output, method, json } = flags;
  const ending = path.extname(output).toLowerCase();
  if (ending !== '.svg' && ending !== '.html') {
    throw new W2VError(
      'ERR_W2V_ARGUMENT',
      `Expected --output to end in .svg or .html but received '${output}'`,
    );
  }
  const top = flags.top ?? (given.length === 0 ? 500 : 0);
  if (top > mostWords) {
    throw new W2VError('ERR_W2V_OPTION', `Expected --top to be at most ${mostWords} but received ${top}`);
  }
  await checkOutputs([output], [file]);
  const vectors = await loadVectors(file, flags);
  const unknown = given.filter((word) => !vectors.has(word));
  if (unknown.length > 0) warn(`not in the vectors, left out: ${unknown.join(' ')}`);
  const first = Array.from({ length: Math.min(top, vectors.size) }, (_, i) => vectors.wordAt(i));
  const words = await withProgress('placing', (onProgress) =>
    projectWords(vectors, [...given, ...first], method, { onProgress }),
  );
  const layout = layOut(words);
  const title = path.basename(file);
  await replaceByText(output, [ending === '.svg' ? drawSvg(layout) : drawHtml(layout, title)]);
  const { points, labels } = layout;
  if (json) printJson({ output, words: points.length, labels: labels.length, unknown, method });
  else process.stderr.write(`Drew ${points.length} words, ${labels.length} with labels, as '${output}'.\n`);
}
