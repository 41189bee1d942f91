import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { kubernetesTools } from '../packages/cli/src/tools/kubernetes-tools.ts';
import { buildSuite, SuiteError } from './build-suite.ts';
import { startCluster } from './cluster.ts';
import { type ConformanceOptions, helpText, readCommandLine, UsageError } from './command-line.ts';
import { compare } from './compare.ts';
import { ginkgoArguments } from './ginkgo.ts';
import { parseNotYet, parsePassed, passedText } from './lists.ts';
import { parseReport, type SpecResult } from './report.ts';
import { failureList, subjectTable } from './table.ts';

/** `pnpm conformance`: runs Kubernetes' own conformance suite. docs/conformance.md explains it. */
const cache = resolve(import.meta.dirname, '../.orrery');
const passedFile = join(import.meta.dirname, 'passed.txt');
const notYetFile = join(import.meta.dirname, 'not-yet.txt');

try {
  const options = readCommandLine(process.argv.slice(2));
  if (options.help) process.stdout.write(helpText);
  else process.exitCode = await conformance(options);
} catch (error) {
  if (!(error instanceof UsageError || error instanceof SuiteError)) throw error;
  process.stderr.write(`conformance: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

/** Returns the exit code. */
async function conformance(options: ConformanceOptions): Promise<number> {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const suite = await buildSuite(join(cache, 'conformance'), say);
  if (options.build) return 0;
  const { kubectl } = await kubernetesTools(join(cache, 'tools'), say);
  const folder = mkdtempSync(join(tmpdir(), 'orrery-conformance-'));
  try {
    return report(await runSpecs(options, { ...suite, kubectl, folder }), options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Programs {
  readonly tests: string;
  readonly ginkgo: string;
  readonly kubectl: string;
  /** For the kubeconfig and the report. */
  readonly folder: string;
}

/** Runs the specs, on a cluster that ends with them. Ctrl-C reaches Ginkgo too, which still writes its report. */
async function runSpecs(options: ConformanceOptions, programs: Programs): Promise<readonly SpecResult[]> {
  const notYet = options.all ? [] : parseNotYet(readFileSync(notYetFile, 'utf8'));
  const kubeconfig = options.kubeconfig ?? join(programs.folder, 'kubeconfig');
  const report = join(programs.folder, 'report.json');
  await using _cluster = options.kubeconfig === undefined ? await startCluster(kubeconfig) : undefined;
  const skip = [...options.skip, ...notYet.map(({ pattern }) => pattern)];
  const args = ginkgoArguments({ ...programs, kubeconfig, report, focus: options.focus, skip, procs: options.procs });
  const child = spawn(programs.ginkgo, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const interrupted = () => undefined;
  process.on('SIGINT', interrupted);
  await once(child, 'exit');
  process.off('SIGINT', interrupted);
  if (!existsSync(report)) throw new SuiteError('the suite ended without a report');
  return parseReport(readFileSync(report, 'utf8'));
}

/** Prints the table, and how the run differs from what is recorded. Returns the exit code. */
function report(results: readonly SpecResult[], { update }: ConformanceOptions): number {
  const { lost, gained, unknown, passed } = compare(results, parsePassed(readFileSync(passedFile, 'utf8')));
  const print = (title: string, names: readonly string[]) => {
    if (names.length > 0) process.stdout.write(`\n${title}:\n${names.map((name) => `  ${name}\n`).join('')}`);
  };
  process.stdout.write(`\n${failureList(results)}\n${subjectTable(results)}`);
  print('Newly passed', gained);
  print('Recorded, but not in this suite', unknown);
  print('LOST', lost);
  if (update) writeFileSync(passedFile, passedText(passed));
  return lost.length + (update ? 0 : unknown.length) > 0 ? 1 : 0;
}
