import { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { W2VError, fileError } from '../errors.js';
import { drawChart, type Series } from '../plot/chart.js';
import { escaped } from '../plot/markup.js';
import { checkOutputs, replaceByText } from '../output-file.js';
import { jsonOption, printJson, withExamples } from './common.js';
import type { Metrics } from './metrics-log.js';

export function reportCommand(): Command {
  const command = new Command('report')
    .description('Draws what w2v train --log wrote: loss, learning rate and speed, as one file of HTML.')
    .argument('<metrics>', 'the file that --log wrote')
    .option('-o, --output <file>', 'the file to write (default: that of the metrics and .html)')
    .addOption(jsonOption())
    .action(async (file: string, { output = `${file}.html`, json }: { output?: string; json?: boolean }) => {
      await checkOutputs([output], [file]);
      const metrics = await readMetrics(file);
      await replaceByText(output, [await drawReport(metrics, path.basename(file))]);
      const progress = metrics.filter(({ event }) => event === 'progress').length;
      if (json) printJson({ output, lines: metrics.length, progress });
      else process.stderr.write(`Drew ${progress} moments of the training as '${output}'.\n`);
    });
  return withExamples(
    command,
    'w2v train corpus.txt --output vectors.bin --log metrics.jsonl && w2v report metrics.jsonl',
  );
}

async function readMetrics(file: string): Promise<Metrics[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw fileError('read', file, error);
  });
  const lines = text.split('\n');
  // A training that was killed leaves its last line cut.
  const last = lines.pop();
  const metrics = lines
    .filter((line) => line !== '')
    .map((line, i) => {
      try {
        const parsed: unknown = JSON.parse(line);
        if (typeof parsed === 'object' && parsed !== null && 'event' in parsed) return parsed as Metrics;
      } catch {
        // told below
      }
      throw new W2VError(
        'ERR_W2V_ARGUMENT',
        `Expected a line of JSON with an 'event', as w2v train --log writes, in line ${i + 1} of '${file}' but received '${line.slice(0, 100)}'`,
      );
    });
  if (metrics.length > 0) return metrics;
  throw new W2VError(
    'ERR_W2V_ARGUMENT',
    `Expected lines of JSON, as w2v train --log writes, in '${file}' but received ${last ? 'no whole line' : 'none'}`,
  );
}

async function drawReport(metrics: readonly Metrics[], title: string): Promise<string> {
  const progress = metrics.filter(
    (line) => line.event === 'progress' && line.phase === 'training',
  ) as Extract<Metrics, { event: 'progress' }>[];
  const epochs = metrics.filter((line) => line.event === 'epoch');
  const begin = metrics.find((line) => line.event === 'begin');
  const end = metrics.find((line) => line.event === 'end');
  const over = (name: string, value: (line: (typeof progress)[number]) => number | null): Series => ({
    name,
    points: progress.flatMap((line) => {
      const y = value(line);
      return y === null ? [] : [{ x: line.seconds, y }];
    }),
  });
  const charts = await Promise.all([
    drawChart({
      title: 'Loss of a prediction, mean of the epoch so far',
      xLabel: 'seconds',
      series: [over('running', ({ loss }) => loss)],
    }),
    drawChart({
      title: 'Loss by epoch',
      xLabel: 'epoch',
      series: [
        {
          name: 'epoch',
          points: epochs.flatMap(({ epoch, loss }) => (loss === null ? [] : [{ x: epoch, y: loss }])),
        },
      ],
    }),
    drawChart({
      title: 'Learning rate (alpha)',
      xLabel: 'seconds',
      fromZero: true,
      series: [over('alpha', ({ alpha }) => alpha)],
    }),
    drawChart({
      title: 'Words per second, since training began',
      xLabel: 'seconds',
      fromZero: true,
      series: [over('words/s', ({ wordsPerSecond }) => wordsPerSecond)],
    }),
  ]);
  const facts = [
    begin && `begun ${begin.time}`,
    end && `${end.trainedWords.toLocaleString('en')} words in ${end.seconds} s`,
    end?.stoppedEarly && 'ended early',
  ].filter(Boolean);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
:root { color-scheme: light dark }
body { font: 15px system-ui, sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em }
svg { width: 100%; height: auto; margin-bottom: 1em }
pre { overflow: auto; font-size: 13px }
</style>
<h1>${escaped(title)}</h1>
<p>${escaped(facts.join(', '))}</p>
${charts.join('\n')}
${begin ? `<h2>Options</h2>\n<pre>${escaped(JSON.stringify(begin.options, null, 2))}</pre>` : ''}
</html>
`;
}
