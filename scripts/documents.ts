import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** A document that people read. */
export interface Document {
  /** Relative to the workspace's root. */
  readonly path: string;
  readonly text: string;
}

/** All documents of the repository but the examples', which have a test of their own. */
export const documents: readonly Document[] = globSync(
  ['README.md', 'CONTRIBUTING.md', 'docs/**/*.md', 'packages/*/README.md'],
  { cwd: root },
)
  .sort()
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
