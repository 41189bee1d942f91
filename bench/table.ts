import type { FigureResult, RowResult } from './result.ts';
import type { Goal } from './row.ts';

/** The results as a table, a line of totals, and the errors of the rows that failed. */
export function resultTable(results: readonly RowResult[]): string {
  const heading = ['NAME', 'FIGURE', 'UNIT', 'CPU', 'GOAL', 'ANCHOR'];
  const lines = results.flatMap(({ row, figures, error }) =>
    error === undefined ? figures.map((figure) => cells(row, figure)) : [[`${row}: failed`, '', '', '', '', '']],
  );
  return [...aligned([heading, ...lines]), '', totals(results), ...errors(results), ''].join('\n');
}

function cells(row: string, { what, value, unit, cpuSeconds, goal, reached, anchor }: FigureResult): readonly string[] {
  return [
    `${row}: ${what}`,
    rounded(value),
    unit,
    cpuSeconds === undefined ? '' : `${rounded(cpuSeconds)} s`,
    goal === undefined ? '' : `${goalText(goal)}${reached === undefined ? '' : reached ? ', reached' : ', MISSED'}`,
    anchor === undefined ? '' : `${rounded(anchor.value)}: ${anchor.source}`,
  ];
}

function goalText(goal: Goal): string {
  return 'atMost' in goal ? `at most ${grouped(goal.atMost)}` : `at least ${grouped(goal.atLeast)}`;
}

/** Three significant digits, and thousands grouped. */
export function rounded(value: number): string {
  return Math.abs(value) >= 100 ? grouped(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** Columns as wide as their widest cell; numbers end at one column. */
function aligned(lines: readonly (readonly string[])[]): readonly string[] {
  const right = [1, 3];
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines.map((line) =>
    line
      .map((cell, column) =>
        right.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

function totals(results: readonly RowResult[]): string {
  const judged = results.flatMap(({ figures }) => figures.flatMap(({ reached }) => reached ?? []));
  const reached = judged.filter((isReached) => isReached).length;
  const failed = results.filter(({ error }) => error !== undefined).length;
  const goals = judged.length === 0 ? 'no goal judged' : `${reached} of ${judged.length} goals reached`;
  return `${results.length} ${results.length === 1 ? 'row' : 'rows'}, ${failed} failed; ${goals}`;
}

function errors(results: readonly RowResult[]): readonly string[] {
  return results.flatMap(({ row, error }) => (error === undefined ? [] : ['', `${row} failed:`, error]));
}
