import { parseArgs } from 'node:util';

/** What the command line of `pnpm conformance` asks for. */
export interface ConformanceOptions {
  /** Regular expressions of Go; of the conformance specs, those run whose names match one of them. Empty: all. */
  readonly focus: readonly string[];
  /** Regular expressions of Go; specs whose names match one of them do not run. */
  readonly skip: readonly string[];
  /** How many specs run at the same time. */
  readonly procs: number;
  /** Another cluster to run against; undefined starts one. */
  readonly kubeconfig: string | undefined;
  /** Whether specs that conformance/not-yet.txt names run too. */
  readonly all: boolean;
  /** Whether conformance/passed.txt is rewritten. */
  readonly update: boolean;
  /** Whether the suite is only built. */
  readonly build: boolean;
  readonly help: boolean;
}

/** A command line that cannot be run; the message says why. */
export class UsageError extends Error {}

/** What `--help` prints. */
export const helpText = `Usage: pnpm conformance [options]

Runs Kubernetes' own conformance suite against a fresh cluster of three nodes, and compares what passes with conformance/passed.txt.

Options:
  --focus REGEXP     run only the specs whose names match (repeatable)
  --skip REGEXP      do not run the specs whose names match (repeatable)
  --procs N          how many specs run at the same time (default: 4)
  --kubeconfig FILE  run against this cluster instead of a fresh one
  --all              run the specs of conformance/not-yet.txt too
  --update           write what passed to conformance/passed.txt; of specs that did not run, it keeps what it has
  --build            only build the suite
  --help             print this text

Exit codes: 0 if no recorded spec was lost, 1 if one was, or the suite could not be built or run, 2 for a wrong command line.
`;

/** Reads the arguments. @throws UsageError */
export function readCommandLine(args: readonly string[]): ConformanceOptions {
  const values = parsed(args);
  const procs = Number(values.procs);
  if (!Number.isSafeInteger(procs) || procs < 1)
    throw new UsageError(`not a whole number above 0: --procs ${values.procs}`);
  return { ...values, procs, kubeconfig: values.kubeconfig };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      // pnpm passes the separator on.
      args: args.filter((argument) => argument !== '--'),
      options: {
        focus: { type: 'string', multiple: true, default: [] },
        skip: { type: 'string', multiple: true, default: [] },
        procs: { type: 'string', default: '4' },
        kubeconfig: { type: 'string' },
        all: { type: 'boolean', default: false },
        update: { type: 'boolean', default: false },
        build: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
