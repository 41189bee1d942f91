import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './row.ts';

const folder = join(import.meta.dirname, 'rows');

/** All rows, by name: the files of `bench/rows`. */
export const rowNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, ''))
  .sort(new Intl.Collator('en', { numeric: true }).compare);

/** Loads a row. @throws Error if its file does not export one */
export async function loadRow(name: string): Promise<Row> {
  const { default: row } = (await import(join(folder, `${name}.ts`))) as { readonly default?: Row };
  if (row === undefined) throw new Error(`bench/rows/${name}.ts has no row as its default export`);
  return row;
}
