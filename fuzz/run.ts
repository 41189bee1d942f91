import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Fuzzer } from './fuzzer.ts';

/**
 * `pnpm fuzz NAME [--seed N] [--minutes M]`: runs one fuzzer. Each is a folder here whose `fuzzer.ts` exports `fuzzer`. The seed is
 * printed first, so that a run that fails, or hangs, can be repeated; any failure makes the exit code 1.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, minutes: { type: 'string', default: '1' } },
});
const [name = ''] = positionals;
const path = join(import.meta.dirname, name, 'fuzzer.ts');
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const minutes = Number(values.minutes);
if (!/^[a-z]+$/.test(name) || !existsSync(path)) usage(`no such fuzzer: ${name || '(none given)'}`);
if (!Number.isSafeInteger(seed)) usage(`not a whole number: --seed ${values.seed}`);
if (!(minutes > 0)) usage(`not a positive number: --minutes ${values.minutes}`);

process.stdout.write(`${name}: seed ${seed}, ${minutes} min\n`);
const { fuzzer } = (await import(path)) as { readonly fuzzer: Fuzzer };
const end = performance.now() + minutes * 60_000;
const { cases, failures, figures } = await fuzzer({
  seed,
  over: () => performance.now() >= end,
  note: (line) => process.stdout.write(`  ${line}\n`),
});
process.stdout.write(`${cases} cases, ${failures.length} failures\n`);
for (const figure of figures) process.stdout.write(`  ${figure}\n`);
for (const { broken, example } of failures) process.stdout.write(`\nBROKEN: ${broken}\n${example}\n`);
process.exit(failures.length > 0 ? 1 : 0);

function usage(problem: string): never {
  const names = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const known = names.map((entry) => entry.name).join('|');
  process.stderr.write(`${problem}\nusage: pnpm fuzz ${known} [--seed N] [--minutes M]\n`);
  process.exit(2);
}
