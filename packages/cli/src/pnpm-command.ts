import { existsSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';

/**
 * How the user calls pnpm: by its name if it is installed, else through npx, as the README's commands do. npx adds what it
 * fetched to the path of its child processes; that does not count.
 */
export function pnpmCommand(
  env: { readonly PATH?: string | undefined } = process.env,
  exists: (path: string) => boolean = existsSync,
): string {
  const installed = (env.PATH ?? '')
    .split(delimiter)
    .filter(
      (folder) => folder !== '' && !folder.includes(`${sep}_npx${sep}`) && !folder.includes(`${sep}node_modules${sep}`),
    )
    .some((folder) => exists(join(folder, 'pnpm')));
  return installed ? 'pnpm' : 'npx pnpm@12';
}
