import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface BenchOptions {
  readonly rows: readonly string[];
  readonly quick: boolean;
  /** JSON on standard output, instead of the table. */
  readonly json: boolean;
  /** A file for the JSON. */
  readonly output?: string;
  readonly help: boolean;
}

/** A command line that cannot be run; the message says why. */
export class UsageError extends Error {}

/** Reads the arguments, and finds the rows that they name: all of them if they name none. @throws UsageError */
export function readCommandLine(args: readonly string[], rows: readonly string[]): BenchOptions {
  const { values, positionals } = parsed(args);
  const unknown = positionals.filter((name) => !rows.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`there is no row ${unknown.map((name) => `"${name}"`).join(', ')}; rows: ${rows.join(', ')}`);
  return {
    rows: positionals.length === 0 ? rows : rows.filter((name) => positionals.includes(name)),
    quick: values.quick,
    json: values.json,
    help: values.help,
    ...(values.output === undefined ? {} : { output: values.output }),
  };
}

/** What `--help` prints. */
export function helpText(rows: readonly string[]): string {
  return `Usage: pnpm bench [options] [NAME...]

Measures speed and memory against their goals, and prints one table.

Options:
  --quick        small sizes, one round: shows only that the rows run; no goal is judged
  --json         print JSON on standard output instead of the table
  --output FILE  write the JSON to FILE too
  --help         print this text

Exit codes: 0 if all goals are reached, 1 if one is missed or a row has failed, 2 for a wrong command line.

Rows:
${rows.map((name) => `  ${name}`).join('\n')}
`;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      // pnpm passes the separator on.
      args: args.filter((argument) => argument !== '--'),
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        output: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
