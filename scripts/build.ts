import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Makes what the registry gets of every package: plain JavaScript with type declarations, in `packages/NAME/dist`. In the
 * workspace nothing needs it: there the packages' exports lead to the sources.
 */
const root = resolve(import.meta.dirname, '..');
const made = join(root, '.build');

rmSync(made, { recursive: true, force: true });
const tsc = join(root, 'node_modules', '.bin', 'tsc');
const { status } = spawnSync(tsc, ['-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
for (const name of readdirSync(join(root, 'packages'))) {
  const dist = join(root, 'packages', name, 'dist');
  rmSync(dist, { recursive: true, force: true });
  renameSync(join(made, name, 'src'), dist);
  for (const file of declarationsIn(dist)) {
    // The compiler turns `./x.ts` into `./x.js` in programs, but not in declarations.
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replaceAll(/((?:from|import)\s*\(?\s*['"]\.{1,2}\/[^'"]*)\.ts(['"])/g, '$1.js$2'),
    );
  }
  cpSync(join(root, 'LICENSE'), join(root, 'packages', name, 'LICENSE'));
}
rmSync(made, { recursive: true });

function declarationsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}
