import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** Something that the person who runs the suite has to see to; the message says what. */
export class SuiteError extends Error {}

/** Paths of the built suite and of the command that runs it. */
export interface Suite {
  readonly tests: string;
  readonly ginkgo: string;
}

const folder = import.meta.dirname;

const noGo = `building the suite needs Go 1.25 or newer, and there is no \`go\` on the path.
Get it from https://go.dev/dl/ (unpack it, and put its bin folder on the path), or from your system's packages (golang).`;

/** How often the build says that it still runs, in milliseconds. */
const progressMs = 15_000;

/**
 * Builds the suite below `cache`, once for each content of its module: about 6 minutes of two processors the first time.
 * @throws SuiteError without Go, and when the build fails
 */
export async function buildSuite(cache: string, progress: (text: string) => void): Promise<Suite> {
  const built = join(cache, contentHash());
  const suite = { tests: join(built, 'e2e.test'), ginkgo: join(built, 'ginkgo') };
  if (existsSync(suite.tests) && existsSync(suite.ginkgo)) return suite;
  mkdirSync(built, { recursive: true });
  progress('building the suite of Kubernetes 1.35 (once; some minutes)');
  await build(['build', '-o'], suite.ginkgo, 'github.com/onsi/ginkgo/v2/ginkgo', progress);
  await build(['test', '-c', '-o'], suite.tests, '.', progress);
  return suite;
}

/** Changes when the suite must be built again. */
function contentHash(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'suite_test.go']) hash.update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

/** Builds one executable beside its place, and then moves it there, so that none is ever half there. */
async function build(
  command: readonly string[],
  output: string,
  target: string,
  progress: (text: string) => void,
): Promise<void> {
  const start = performance.now();
  const timer = setInterval(() => progress(`  still building, ${seconds(start)} s`), progressMs);
  try {
    await go([...command, `${output}.part`, target]);
  } finally {
    clearInterval(timer);
  }
  renameSync(`${output}.part`, output);
  progress(`  built ${target === '.' ? 'the specs' : 'ginkgo'} in ${seconds(start)} s`);
}

function seconds(start: number): number {
  return Math.round((performance.now() - start) / 1000);
}

function go(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new SuiteError(noGo) : error),
    );
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new SuiteError(`go ${args.join(' ')} ended with exit code ${code}`)),
    );
  });
}
