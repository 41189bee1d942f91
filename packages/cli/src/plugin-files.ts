import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from '@orrery/core';
import { CommandError, oneLine } from './command-error.ts';
import { userPath } from './paths.ts';

/** Names of a folder's plugin file, in the order in which they are tried. */
const entryFiles = ['plugin.ts', 'plugin.js', 'index.ts', 'index.js'];

/** Loads plugins: modules whose default export comes from `definePlugin`. @throws CommandError in one line */
export async function loadPlugins(paths: readonly string[]): Promise<readonly Plugin[]> {
  const plugins: Plugin[] = [];
  for (const path of paths) plugins.push(await loadPlugin(path));
  return plugins;
}

async function loadPlugin(path: string): Promise<Plugin> {
  const file = await entryFile(userPath(path), path);
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    throw new CommandError(`plugin ${path} cannot be loaded: ${oneLine(error)}`);
  }
  const plugin = module.default as Plugin | undefined;
  if (typeof plugin !== 'object' || plugin === null || typeof plugin.name !== 'string') {
    throw new CommandError(`plugin ${path} has no default export made by definePlugin({ name: … })`);
  }
  return plugin;
}

async function entryFile(path: string, given: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new CommandError(`there is no plugin at ${given}`);
  if (!found.isDirectory()) return path;
  for (const name of entryFiles) {
    const file = join(path, name);
    if ((await stat(file).catch(() => undefined)) !== undefined) return file;
  }
  throw new CommandError(`plugin ${given} has none of ${entryFiles.join(', ')}`);
}
