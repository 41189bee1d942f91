import { failures, Lease } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { aborted } from '../abort.ts';
import { createSimulation } from '../clock/simulation.ts';
import { openTestServer } from '../server.fixture.ts';
import { type LeaderElectionOptions, runLeaderElection } from './leader-election.ts';
import { candidacy, type LeaseState, leaseSpec } from './lease-decision.ts';

describe('a candidate may take a Lease', () => {
  const held = (by: string): LeaseState => ({ spec: { holderIdentity: by, leaseDurationSeconds: 15 }, since: 1000 });
  test.each<[string, LeaseState | undefined, number, 'take' | 'wait']>([
    ['that is not there', undefined, 0, 'take'],
    ['that nobody holds', held(''), 1000, 'take'],
    ['that it holds itself', held('me'), 1000, 'take'],
    ['not while its holder is fresh', held('other'), 16_000, 'wait'],
    ['once its holder was silent for longer than its duration', held('other'), 16_001, 'take'],
  ])('%s', (_, seen, now, decision) => {
    expect(candidacy(seen, 'me', now)).toBe(decision);
  });

  test('a renewal keeps the time of acquisition; a takeover is a transition', () => {
    const first = leaseSpec(undefined, 'a', 15_000, 0);
    expect(first).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '1970-01-01T00:00:00.000000Z',
      renewTime: '1970-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    const renewed = leaseSpec(first, 'a', 15_000, 5);
    expect(renewed).toEqual({ ...first, renewTime: '1970-01-01T00:00:00.005000Z' });
    expect(leaseSpec(renewed, 'b', 15_000, 9)).toMatchObject({
      holderIdentity: 'b',
      acquireTime: '1970-01-01T00:00:00.009000Z',
      leaseTransitions: 1,
    });
  });
});

async function setup(seed = 1) {
  const simulation = createSimulation({ seed });
  const { environment } = simulation;
  const server = await openTestServer(environment);
  const log: string[] = [];
  const leading = new Set<string>();
  const faults: string[] = [];
  const candidate = (identity: string, options: Partial<LeaderElectionOptions> = {}) => {
    const abort = new AbortController();
    const done = runLeaderElection({
      client: server.client,
      environment: { ...environment, random: environment.random.fork(identity) },
      lease: { namespace: 'kube-system', name: 'test' },
      identity,
      signal: abort.signal,
      lead: async (signal) => {
        leading.add(identity);
        if (leading.size > 1) faults.push(`${[...leading].join(' and ')} lead at once`);
        log.push(`${identity} leads`);
        await aborted(signal);
        leading.delete(identity);
        log.push(`${identity} ends`);
      },
      ...options,
    });
    return { abort, done };
  };
  return { simulation, server, log, candidate, faults, leading };
}

test('one of several leads, and when it stops another follows at once', async () => {
  const { simulation, log, candidate, server, faults } = await setup();
  const candidates = new Map(['a', 'b', 'c'].map((identity) => [identity, candidate(identity)]));
  await simulation.advance('10m');
  expect(log).toHaveLength(1);
  const first = log[0]?.split(' ')[0] ?? '';
  candidates.get(first)?.abort.abort();
  await candidates.get(first)?.done;
  await simulation.advance('3s');
  expect(log).toHaveLength(3);
  expect(faults).toEqual([]);
  expect(server.objects(Lease)[0]).toMatchObject({ spec: { leaseTransitions: 1 } });
});

test('a leader that cannot renew gives up before others may take over', async () => {
  const { simulation, log, candidate, server, faults } = await setup();
  let broken = false;
  const flaky = { ...server.client };
  flaky.get = (...call) => (broken ? Promise.reject(failures.internal('cut off')) : server.client.get(...call));
  flaky.update = (...call) => (broken ? Promise.reject(failures.internal('cut off')) : server.client.update(...call));
  const first = candidate('a', { client: flaky });
  await simulation.advance('1m');
  candidate('b');
  await simulation.advance('1m');
  expect(log).toEqual(['a leads']);
  broken = true;
  await simulation.advance('13s');
  expect(log).toEqual(['a leads', 'a ends']);
  await first.done;
  await simulation.advance('10s');
  expect(log).toEqual(['a leads', 'a ends', 'b leads']);
  expect(faults).toEqual([]);
});

test('a leader whose requests hang gives up in time', async () => {
  const { simulation, log, candidate, server } = await setup();
  let hangs = false;
  const slow = { ...server.client };
  slow.get = (...call) => (hangs ? new Promise(() => undefined) : server.client.get(...call));
  slow.update = () => new Promise(() => undefined);
  candidate('a', { client: { ...server.client, get: slow.get } });
  await simulation.advance('1m');
  hangs = true;
  await simulation.advance('13s');
  expect(log).toEqual(['a leads', 'a ends']);
});

test('what the leader throws ends its lead and is thrown', async () => {
  const { simulation, candidate, server } = await setup();
  const { done } = candidate('a', { lead: () => Promise.reject(new Error('broken')) });
  const thrown = expect(done).rejects.toThrow('broken');
  await simulation.advance('5s');
  await thrown;
  expect(server.objects(Lease)[0]).toMatchObject({ spec: { holderIdentity: '' } });
});

test('periods that do not fit each other are refused', async () => {
  const { candidate } = await setup();
  expect(() => candidate('a', { leaseDuration: '10s' })).toThrow(RangeError);
  expect(() => candidate('a', { retryPeriod: '9s' })).toThrow(RangeError);
});

test.each([3_600_000, -3_600_000])(
  'a clock that is set by %i ms takes the lead from nobody, and gives it to nobody early',
  async (off) => {
    const { simulation, log, candidate, faults } = await setup();
    const { clock } = simulation.environment;
    let set = 0;
    const environment = (identity: string) => ({
      ...simulation.environment,
      random: simulation.environment.random.fork(identity),
      clock: {
        now: () => clock.now() + set,
        monotonic: () => clock.monotonic(),
        sleep: (...call: Parameters<typeof clock.sleep>) => clock.sleep(...call),
        schedule: (...call: Parameters<typeof clock.schedule>) => clock.schedule(...call),
      },
    });
    candidate('a', { environment: environment('a') });
    await simulation.advance('5s');
    candidate('b', { environment: environment('b') });
    await simulation.advance('1m');
    set = off;
    await simulation.advance('1m');
    set = 0;
    await simulation.advance('1m');
    expect(log).toEqual(['a leads']);
    expect(faults).toEqual([]);
  },
);
