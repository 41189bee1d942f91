import { writeSync } from 'node:fs';
import { reportMark } from './round-process.ts';
import { loadRow } from './rows.ts';

/** One round of one row: warms up, measures, and reports on standard output. Run by `round-process.ts`. */
const [name = '', mode] = process.argv.slice(2);
const row = await loadRow(name);
const quick = mode === '--quick';
const { warmUp = row.quick } = row;
if (!quick && warmUp !== false) await row.measure(warmUp);
globalThis.gc?.();
const measured = await row.measure(quick ? row.quick : row.full);
writeSync(1, `\n${reportMark}${JSON.stringify(measured)}\n`);
process.exit(0);
