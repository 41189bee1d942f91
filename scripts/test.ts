import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { kubernetesTools } from '../packages/cli/src/tools/kubernetes-tools.ts';

/** The README's test command: gets the real clients that the tests need, then runs every test. Arguments go to vitest. */
const root = resolve(import.meta.dirname, '..');
await kubernetesTools(join(root, '.orrery', 'tools'), (text) => process.stdout.write(`${text}\n`));
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
