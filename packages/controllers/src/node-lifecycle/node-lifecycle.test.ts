import type { Node, Taint, Toleration } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { testNode, testPod } from '../workload/objects.fixture.ts';
import { evictionInterval, zoneState } from './eviction-rate.ts';
import { heartbeat, mayFallSilent, silentConditions } from './health.ts';
import { evictionTaints, readinessTaint, scheduleTaints } from './taints.ts';
import { tolerationTime } from './toleration-time.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const seconds = (count: number) => start + count * 1000;
type Conditions = { readonly [type: string]: 'True' | 'False' | 'Unknown' };

function node(conditions: Conditions, spec: Partial<Node['spec']> = {}) {
  const list = Object.entries(conditions).map(([type, status]) => ({ type, status }));
  return testNode('n', { spec, status: { conditions: list } });
}
const created = '2026-01-01T00:00:00Z';

describe('a sign of life', () => {
  test('is a new renew time of the lease or a new heartbeat, by our own clock', () => {
    const first = heartbeat(undefined, { renewTime: 'a', heartbeatTime: 'x' }, Date.parse(created), seconds(0));
    expect(heartbeat(first, { renewTime: 'a', heartbeatTime: 'x' }, Date.parse(created), seconds(30))).toBe(first);
    expect(heartbeat(first, { renewTime: 'b', heartbeatTime: 'x' }, Date.parse(created), seconds(30)).seen).toBe(
      seconds(30),
    );
    expect(heartbeat(first, { renewTime: 'a', heartbeatTime: 'y' }, Date.parse(created), seconds(30)).seen).toBe(
      seconds(30),
    );
  });
  test('of a node that has never spoken is its making', () => {
    const silent = { renewTime: undefined, heartbeatTime: undefined };
    expect(heartbeat(undefined, silent, Date.parse(created), seconds(30)).seen).toBe(start);
  });
});

describe('a silent node', () => {
  const seen = { renewTime: 'a', heartbeatTime: undefined, seen: start };
  test('is reported after 50 s, all four conditions at once', () => {
    const silent = node({ Ready: 'True', MemoryPressure: 'False' });
    expect(silentConditions(silent, seen, seconds(50))).toEqual([]);
    const recorded = silentConditions(silent, seen, seconds(51));
    expect(recorded.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`)).toEqual([
      'Ready=Unknown NodeStatusUnknown: Kubelet stopped posting node status.',
      'MemoryPressure=Unknown NodeStatusUnknown: Kubelet stopped posting node status.',
      'DiskPressure=Unknown NodeStatusNeverUpdated: Kubelet never posted node status.',
      'PIDPressure=Unknown NodeStatusNeverUpdated: Kubelet never posted node status.',
    ]);
  });
  test('that has never spoken gets 60 s', () => {
    expect(silentConditions(testNode('n'), seen, seconds(60))).toEqual([]);
    expect(silentConditions(testNode('n'), seen, seconds(61))).toHaveLength(4);
  });
  test('is reported once', () => {
    const recorded = node({
      Ready: 'Unknown',
      MemoryPressure: 'Unknown',
      DiskPressure: 'Unknown',
      PIDPressure: 'Unknown',
    });
    expect(silentConditions(recorded, seen, seconds(600))).toEqual([]);
    expect(mayFallSilent(recorded)).toBe(false);
    expect(mayFallSilent(node({ Ready: 'True' }))).toBe(true);
  });
});

describe('NoSchedule taints follow the conditions', () => {
  const prefix = 'node.kubernetes.io/';
  const rows: readonly [
    rule: string,
    conditions: Conditions,
    spec: Partial<Node['spec']>,
    keys: string[] | undefined,
  ][] = [
    ['none for a healthy node', { Ready: 'True' }, {}, undefined],
    ['not-ready', { Ready: 'False' }, {}, ['not-ready']],
    ['unreachable', { Ready: 'Unknown' }, {}, ['unreachable']],
    [
      'pressures',
      { Ready: 'True', MemoryPressure: 'True', DiskPressure: 'True', PIDPressure: 'True' },
      {},
      ['memory-pressure', 'disk-pressure', 'pid-pressure'],
    ],
    ['network', { Ready: 'True', NetworkUnavailable: 'True' }, {}, ['network-unavailable']],
    ['cordoned', { Ready: 'True' }, { unschedulable: true }, ['unschedulable']],
    ['taken away again', { Ready: 'True' }, { taints: [{ key: `${prefix}not-ready`, effect: 'NoSchedule' }] }, []],
    [
      'left alone before the node has spoken',
      {},
      { taints: [{ key: `${prefix}not-ready`, effect: 'NoSchedule' }] },
      undefined,
    ],
  ];
  test.each(rows)('%s', (_, conditions, spec, keys) => {
    const taints = scheduleTaints(node(conditions, spec), start);
    expect(taints?.map(({ key }) => key)).toEqual(keys?.map((key) => prefix + key));
  });
  test("others' taints stay", () => {
    const own: Taint = { key: 'mine', effect: 'NoSchedule' };
    expect(scheduleTaints(node({ Ready: 'False' }, { taints: [own] }), start)?.[0]).toEqual(own);
  });
});

describe('the NoExecute taint', () => {
  test('says how the node is not ready, and replaces the other one', () => {
    const unreachable = node(
      { Ready: 'Unknown' },
      { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] },
    );
    const taints = evictionTaints(unreachable, readinessTaint(unreachable), start);
    expect(taints).toEqual([
      { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' },
    ]);
  });
  test('goes when the node is ready, and only it', () => {
    const own: Taint = { key: 'mine', effect: 'NoExecute' };
    const ready = node(
      { Ready: 'True' },
      { taints: [own, { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] },
    );
    expect(evictionTaints(ready, undefined, start)).toEqual([own]);
  });
});

describe('how fast nodes are given up', () => {
  test.each([
    [2, 1, 'normal'],
    [1, 2, 'normal'],
    [2, 3, 'partialDisruption'],
    [0, 1, 'fullDisruption'],
    [100, 50, 'normal'],
  ])('a zone of %i ready and %i other nodes is in the state %s', (ready, notReady, state) => {
    expect(zoneState(ready, notReady)).toBe(state);
  });
  test('one in ten seconds; one in a hundred in a large zone mostly down; none in a small one or when all is down', () => {
    expect(evictionInterval('normal', 3, false)).toBe(10_000);
    expect(evictionInterval('partialDisruption', 51, false)).toBe(100_000);
    expect(evictionInterval('partialDisruption', 50, false)).toBe(Number.POSITIVE_INFINITY);
    expect(evictionInterval('fullDisruption', 3, true)).toBe(Number.POSITIVE_INFINITY);
    expect(evictionInterval('fullDisruption', 3, false)).toBe(10_000);
  });
});

describe('how long a Pod may stay on a tainted node', () => {
  const taint: Taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
  const tolerated = (tolerationSeconds?: number): Toleration => ({
    key: taint.key,
    operator: 'Exists',
    effect: 'NoExecute',
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  });
  const forever = Number.POSITIVE_INFINITY;
  const rows: readonly [rule: string, tolerations: Toleration[], time: number][] = [
    ['not at all without a toleration', [], 0],
    ['for good when nothing limits it', [tolerated()], forever],
    ['as long as the toleration says', [tolerated(300)], 300_000],
    ['the shortest of those that are used', [tolerated(300), tolerated(20)], 20_000],
    ['not at all when the time is below 0', [tolerated(-5)], 0],
  ];
  test.each(rows)('%s', (_, tolerations, time) => {
    expect(tolerationTime(testPod('p', { spec: { tolerations } }), [taint])).toBe(time);
  });
  test('not at all when one of several taints is not tolerated', () => {
    const other: Taint = { key: 'other', effect: 'NoExecute' };
    expect(tolerationTime(testPod('p', { spec: { tolerations: [tolerated(300)] } }), [taint, other])).toBe(0);
  });
});
