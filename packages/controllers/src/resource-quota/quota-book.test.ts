import type { Pod } from '@orrery/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testContainer, testPod } from '../workload/objects.fixture.ts';
import { QuotaBook } from './quota-book.ts';

const kind = { group: '', resource: 'pods' };
const spec = { hard: { pods: '9', 'requests.cpu': '9', 'count/pods': '9' } };
const start = Date.parse('2026-01-01T00:00:00Z');

const change = fc.record({
  index: fc.nat(6),
  milliCpu: fc.integer({ min: 1, max: 2000 }),
  phase: fc.constantFrom('Running' as const, 'Failed' as const),
  gone: fc.boolean(),
});

test('what is kept is what a walk over all objects finds', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const kept = new QuotaBook(spec);
      const pods = new Map<string, Pod>();
      for (const { index, milliCpu, phase, gone } of changes) {
        const id = `pod-${index}`;
        const pod = testPod(id, { spec: { containers: [testContainer({ cpu: `${milliCpu}m` })] }, status: { phase } });
        if (gone) pods.delete(id);
        else pods.set(id, pod);
        kept.set(id, kind, gone ? undefined : pod, start);
        const walked = new QuotaBook(spec);
        for (const [each, object] of pods) walked.set(each, kind, object, start);
        expect(kept.used()).toEqual(walked.used());
      }
    }),
  );
});

test('a Pod that should have gone is no longer counted', () => {
  const book = new QuotaBook(spec);
  const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 };
  book.set('a', kind, testPod('a', { metadata }), start);
  expect(book.used()).toMatchObject({ pods: '1', 'count/pods': '1' });
  expect(book.expire(start + 10_000)).toBe(20_001);
  expect(book.used()).toMatchObject({ pods: '1' });
  expect(book.expire(start + 30_001)).toBeUndefined();
  expect(book.used()).toMatchObject({ pods: '0', 'count/pods': '1' });
});

test('what nobody counts stays as it was said to be', () => {
  const book = new QuotaBook({ hard: { 'count/widgets.example.com': '3', pods: '1' } });
  const isCounted = (name: string) => name === 'pods';
  expect(book.used({ 'count/widgets.example.com': '2' }, isCounted)).toEqual({
    'count/widgets.example.com': '2',
    pods: '0',
  });
  expect(book.used(undefined, isCounted)).toEqual({ pods: '0' });
});
