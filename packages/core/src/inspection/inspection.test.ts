import { describe, expect, test } from 'vitest';
import { createSimulation } from '../clock/simulation.ts';
import type { Inspection } from '../inspection.ts';
import { formatInspection } from './format.ts';
import { createLogger } from './logger.ts';

const base = { time: Date.UTC(2026, 0, 1), actor: 'deployment' };
const cause = { type: 'modified', kind: 'v1/Pod', key: 'default/web', resourceVersion: '7' } as const;

test('an inspector is silent until somebody listens, and again afterwards', () => {
  const { inspector } = createSimulation().environment;
  expect(inspector.silent).toBe(true);
  const subscription = inspector.events.subscribe();
  expect(inspector.silent).toBe(false);
  subscription.unsubscribe();
  expect(inspector.silent).toBe(true);
});

test('log lines go to the inspection stream with time and actor', () => {
  const { inspector, clock } = createSimulation({ start: 5 }).environment;
  const seen: Inspection[] = [];
  const log = createLogger(inspector, clock, 'kubelet');
  log.info('nobody hears this');
  inspector.events.subscribe((event) => seen.push(event));
  log.warn('slow', { seconds: 3 });
  expect(seen).toEqual([
    { type: 'log', time: 5, actor: 'kubelet', level: 'warn', message: 'slow', fields: { seconds: 3 } },
  ]);
});

describe('a line of a log', () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  test.each<[Inspection, string]>([
    [
      { ...base, type: 'queued', key: 'default/web', cause },
      'DEBUG deployment queued default/web cause="modified v1/Pod default/web @7"',
    ],
    [{ ...base, type: 'merged', key: 'a', cause: { type: 'timer' } }, 'DEBUG deployment merged a cause=timer'],
    [{ ...base, type: 'started', key: 'a', causes: [] }, 'DEBUG deployment started a'],
    [
      { ...base, type: 'finished', key: 'a', causes: [cause, { type: 'retry' }] },
      'DEBUG deployment finished a causes="modified v1/Pod default/web @7, retry"',
    ],
    [
      { ...base, type: 'requeued', key: 'a', after: 5, reason: 'failed' },
      'DEBUG deployment requeued a after=5ms reason=failed',
    ],
    [
      { ...base, type: 'failed', key: 'a', causes: [], error: 'no quota', attempt: 2 },
      'WARN  deployment failed a attempt=2 error="no quota"',
    ],
    [{ ...base, type: 'read', verb: 'get', kind: 'v1/Pod', key: 'a' }, 'DEBUG deployment get kind=v1/Pod key=a'],
    [
      { ...base, type: 'wrote', verb: 'patch', kind: 'v1/Pod', key: 'a', subresource: 'status', resourceVersion: '8' },
      'INFO  deployment patch kind=v1/Pod key=a subresource=status resourceVersion=8',
    ],
    [
      { ...base, type: 'wrote', verb: 'create', kind: 'v1/Pod', key: 'a', subresource: '', error: 'it exists' },
      'WARN  deployment create kind=v1/Pod key=a error="it exists"',
    ],
    [
      {
        ...base,
        type: 'log',
        level: 'error',
        message: 'broken pipe',
        fields: { n: 1, list: ['a'], text: '', big: 5n, cycle, error: new Error('why not'), none: undefined },
      },
      'ERROR deployment broken pipe n=1 list=["a"] text="" big=5 cycle=[object Object] error="why not"',
    ],
  ])('%o', (event, line) => {
    expect(formatInspection(event)).toBe(`2026-01-01T00:00:00.000Z ${line}`);
  });
});
