import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** All TypeScript below a folder, but what is installed or built there. */
export function typescriptFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ['node_modules', 'dist'].includes(entry.name) || entry.name.startsWith('.') ? [] : typescriptFiles(path);
    return entry.isFile() && entry.name.endsWith('.ts') ? [path] : [];
  });
}

/** Whether a file of a package is published: not the tests, nor what only they use (tsconfig.build.json leaves out the same). */
export function isProduct(file: string): boolean {
  return !/\.(test|test-d|fixture)\.ts$/.test(file);
}

/** What a module imports and exports again, as it is written there. */
export function importsOf(text: string): string[] {
  const statements = text.matchAll(/^\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*'([^']+)'/gm);
  const calls = text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g);
  return [...statements, ...calls].map((found) => found[1] ?? '');
}

/** The package that an import is of: `@orrery/core` of `@orrery/core/fixtures`; undefined for a path and for a module of Node. */
export function packageOf(imported: string): string | undefined {
  if (imported.startsWith('.') || imported.startsWith('node:')) return undefined;
  return imported
    .split('/')
    .slice(0, imported.startsWith('@') ? 2 : 1)
    .join('/');
}
