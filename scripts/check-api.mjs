// npm run check:api: the public types of every entry point of the package beside the reports in etc/: a difference fails, as does a
// type that is not exported or an `any`. npm run update:api writes the reports anew: what changes there is what users notice.
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.join(import.meta.dirname, '..');
const update = process.argv.includes('--update');
const packageJson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const reports = path.join(root, 'etc');
const temporary = path.join(root, 'build', 'api');
mkdirSync(reports, { recursive: true });

/** The report of an entry point. */
function reportOf(entry, types) {
  const name = `${packageJson.name}${entry.slice(1).replaceAll('/', '.')}`;
  const report = path.join(reports, `${name}.api.md`);
  const config = ExtractorConfig.prepare({
    configObjectFullPath: path.join(root, 'package.json'),
    packageJsonFullPath: path.join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: path.join(root, types),
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: path.join(root, 'tsconfig.build.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: reports,
        reportTempFolder: temporary,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None }, // all that is exported is public
          'ae-unresolved-link': { logLevel: ExtractorLogLevel.None }, // typedoc checks them
          'ae-undocumented': { logLevel: ExtractorLogLevel.None, addToApiReportFile: false }, // their lines move with every change
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      },
    },
  });
  const { succeeded, apiReportChanged } = Extractor.invoke(config, { localBuild: update });
  if (apiReportChanged && !update)
    console.error(
      `api: etc/${name}.api.md is not what the types are: npm run update:api, and look at what changes`,
    );
  return succeeded && withoutAny(report);
}

/** Whether no type in a report is `any`. */
function withoutAny(report) {
  const [, code] = /```ts\n([^]*)```/.exec(readFileSync(report, 'utf8'));
  const source = ts.createSourceFile(report, code, ts.ScriptTarget.Latest, true);
  let found = 0;
  const visit = (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) {
      ++found;
      console.error(`api: ${path.relative(root, report)}: any in ${node.parent.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found === 0;
}

const entries = Object.entries(packageJson.exports).filter(([, conditions]) => conditions.require);
const good = entries.map(([entry, { require }]) => reportOf(entry, require.types));
rmSync(temporary, { recursive: true, force: true });
process.exitCode = good.every(Boolean) ? 0 : 1;
