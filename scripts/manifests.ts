import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The workspace's root folder. */
export const root = resolve(import.meta.dirname, '..');

/** A package.json of the workspace. */
export interface Manifest {
  /** The package's folder, relative to the root; `.` for the root itself. */
  readonly folder: string;
  readonly name: string;
  readonly private?: boolean;
  readonly engines?: { readonly node?: string };
  readonly exports?: { readonly [door: string]: string };
  readonly publishConfig?: { readonly exports?: { readonly [door: string]: { readonly [condition: string]: string } } };
  readonly dependencies?: { readonly [name: string]: string };
  readonly devDependencies?: { readonly [name: string]: string };
}

/** Every package of the workspace, and its root. */
export const manifests: readonly Manifest[] = globSync(['package.json', '{packages,examples/*}/*/package.json'], {
  cwd: root,
})
  .sort()
  .map((path) => ({ folder: dirname(path), ...JSON.parse(readFileSync(join(root, path), 'utf8')) }) as Manifest);

/** What goes to the registry. */
export const published: readonly Manifest[] = manifests.filter((manifest) => manifest.private !== true);

/** A package's doors and the sources that they lead to; not those for the workspace's own tests, which are not published. */
export function publishedDoors({ exports = {} }: Manifest): readonly (readonly [door: string, source: string])[] {
  return Object.entries(exports).filter(([, source]) => !source.endsWith('.fixture.ts'));
}

/** The oldest Node that the published packages run on, as a version: `>=24` is 24.0.0. */
export function oldestNode(): string {
  const [, major, minor = '0', patch = '0'] =
    /^>=(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(published[0]?.engines?.node ?? '') ?? [];
  if (major === undefined) throw new Error('engines.node of a package is not of the form >=24');
  return `${major}.${minor}.${patch}`;
}
