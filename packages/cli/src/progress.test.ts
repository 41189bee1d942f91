import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createProgress, type ProgressItem } from './progress.ts';

const item = (name: string, more: Partial<ProgressItem> = {}): ProgressItem => ({
  name,
  state: 'waiting',
  reason: 'Pending',
  readyAfter: undefined,
  ...more,
});

function output(terminal?: { columns: number; rows: number }) {
  const written: string[] = [];
  return { written, isTTY: terminal !== undefined, ...terminal, write: (text: string) => written.push(text) };
}

test('without a terminal, each change is printed once, on its own line', () => {
  const out = output();
  const progress = createProgress(out);
  progress.update([item('pod/a'), item('pod/b', { state: 'skipped' })]);
  progress.update([item('pod/a'), item('pod/b', { state: 'skipped' })]);
  progress.update([
    item('pod/a', { state: 'ready', reason: '', readyAfter: 1234 }),
    item('pod/b', { state: 'skipped' }),
  ]);
  expect(out.written.join('')).toBe('  pod/a: Pending\n  pod/b: applied\n  pod/a: ready after 1.2s\n');
});

test('on a terminal, the list is redrawn in place', () => {
  const out = output({ columns: 80, rows: 24 });
  const progress = createProgress(out);
  progress.update([item('pod/a'), item('pod/bb')]);
  progress.update([item('pod/a', { state: 'ready', readyAfter: 500 }), item('pod/bb')]);
  expect(out.written[1]?.startsWith('\x1b[2A')).toBe(true);
  expect(stripVTControlCharacters(out.written[1] ?? '')).toBe('  ✔ pod/a   0.5s\n  … pod/bb  Pending\n');
});

test('a line is never wider than the terminal, and a list never taller', () => {
  const out = output({ columns: 30, rows: 6 });
  createProgress(out).update(
    Array.from({ length: 10 }, (_, i) => item(`pod/${i}`, { reason: 'a long reason that has no room here' })),
  );
  const lines = stripVTControlCharacters(out.written[0] ?? '')
    .trimEnd()
    .split('\n');
  expect(lines).toHaveLength(4);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(30);
  expect(lines.at(-1)).toContain('and 7 more, 10 not ready');
});
