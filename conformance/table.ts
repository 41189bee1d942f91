import type { SpecResult, SpecState } from './report.ts';

const columns = ['passed', 'failed', 'skipped', 'not run'] as const satisfies readonly SpecState[];

/** The results as a table: how many specs of each subject came to what, and the sums. */
export function subjectTable(results: readonly SpecResult[]): string {
  const subjects = [...new Set(results.map(({ subject }) => subject))].sort();
  const row = (title: string, of: readonly SpecResult[]) => [
    title,
    ...columns.map((column) => String(of.filter(({ state }) => state === column).length)),
  ];
  const rows = subjects.map((subject) =>
    row(
      subject,
      results.filter((result) => result.subject === subject),
    ),
  );
  return aligned([['SUBJECT', ...columns.map((column) => column.toUpperCase())], ...rows, row('all', results)]);
}

/** Why specs failed: the subject, the name and the first line of the reason of each. */
export function failureList(results: readonly SpecResult[]): string {
  return results
    .filter(({ state }) => state === 'failed')
    .map(({ subject, name, reason, seconds }) => `${subject}: ${name}\n    ${reason} (${Math.round(seconds)} s)\n`)
    .join('');
}

/** The first column starts, the others end at one position. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return rows.map((row) => `${line(row)}\n`).join('');
}
