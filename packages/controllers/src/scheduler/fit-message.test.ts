import { describe, expect, test } from 'vitest';
import { eventMessage, fitMessage } from './fit-message.ts';

describe('the FailedScheduling message', () => {
  test('reasons, counted and sorted as texts, then what preemption said', () => {
    expect(
      fitMessage({
        nodes: 12,
        reasons: [...Array<string>(2).fill('Too many pods'), ...Array<string>(10).fill('Insufficient cpu')],
        preemption: 'preemption: not eligible due to preemptionPolicy=Never.',
      }),
    ).toBe(
      '0/12 nodes are available: 10 Insufficient cpu, 2 Too many pods. preemption: not eligible due to preemptionPolicy=Never.',
    );
  });

  test('a rejection before any node was looked at stands alone', () => {
    const rejection = 'persistentvolumeclaim "x" not found';
    expect(fitMessage({ nodes: 3, rejection, reasons: [] })).toBe(`0/3 nodes are available: ${rejection}.`);
  });

  test('an event holds 1024 characters', () => {
    expect(eventMessage('x'.repeat(2000))).toHaveLength(1024);
    expect(eventMessage('short')).toBe('short');
  });
});
