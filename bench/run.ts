import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { type BenchOptions, helpText, readCommandLine, UsageError } from './command-line.ts';
import { measureRow } from './measure-row.ts';
import { startProgress } from './progress.ts';
import type { RowResult } from './result.ts';
import { killRounds, measureRound } from './round-process.ts';
import { loadRow, rowNames } from './rows.ts';
import { resultTable } from './table.ts';

/** `pnpm bench`: measures every row, or those that are named, and prints the table. docs/bench.md explains it. */
try {
  const options = readCommandLine(process.argv.slice(2), rowNames);
  if (options.help) process.stdout.write(helpText(rowNames));
  else process.exitCode = await run(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 2;
}

/** Returns the exit code. */
async function run(options: BenchOptions): Promise<number> {
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const)
    process.once(signal, () => {
      killRounds();
      process.exit(128 + number);
    });
  const progress = startProgress();
  const results: RowResult[] = [];
  for (const [index, name] of options.rows.entries()) {
    const title = `${index + 1}/${options.rows.length} ${name}`;
    const result = await measureRow(name, {
      quick: options.quick,
      load: loadRow,
      round: (row, limits) => measureRound({ row, quick: options.quick }, limits),
      progress: (round, rounds) => progress.next(rounds === 1 ? title : `${title}, round ${round} of ${rounds}`),
    });
    results.push(result);
  }
  progress.stop();

  const json = `${JSON.stringify({ ...machine(), quick: options.quick, rows: results }, undefined, 2)}\n`;
  if (options.output !== undefined) writeFileSync(options.output, json);
  process.stdout.write(options.json ? json : resultTable(results));
  const bad = results.some(
    ({ error, figures }) => error !== undefined || figures.some(({ reached }) => reached === false),
  );
  return bad ? 1 : 0;
}

function machine() {
  const processors = cpus();
  return { node: process.version, processors: processors.length, processor: processors[0]?.model ?? 'unknown' };
}
