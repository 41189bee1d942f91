import { type DaemonSet, deepFreeze, type Pod, type Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { testPod } from '../workload/objects.fixture.ts';
import { nodeReport } from './node-report.ts';
import { NodeTally } from './node-tally.ts';
import { rolloutLimits, rolloutStep } from './rollout.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const here = { run: true, stay: true };
const tainted = { run: false, stay: true };
const elsewhere = { run: false, stay: false };

function setOf(rollingUpdate?: object, spec: object = {}): Stored<DaemonSet> {
  return deepFreeze({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'logs', namespace: 'default', uid: 'set', resourceVersion: '1', creationTimestamp: '' },
    spec: {
      selector: { matchLabels: { app: 'logs' } },
      template: { metadata: { labels: { app: 'logs' } }, spec: { containers: [] } },
      updateStrategy: { type: 'RollingUpdate', ...(rollingUpdate === undefined ? {} : { rollingUpdate }) },
      ...spec,
    },
  } as Stored<DaemonSet>);
}

type State = 'ready' | 'fresh' | 'starting' | 'Failed' | 'Succeeded' | 'deleting' | 'unscheduled';

/** A Pod called after its revision, of which `new` is the present one. */
function pod(name: string, state: State): Stored<Pod> {
  const [revision = ''] = name.split('-');
  const since = state === 'fresh' ? '2026-01-01T00:59:58Z' : '2026-01-01T00:30:00Z';
  const isReady = state === 'ready' || state === 'fresh';
  const ended = state === 'Failed' || state === 'Succeeded' ? state : undefined;
  return testPod(name, {
    metadata: {
      labels: { app: 'logs', 'controller-revision-hash': revision },
      ...(state === 'deleting' ? { deletionTimestamp: '2026-01-01T00:59:00Z' } : {}),
    },
    spec: state === 'unscheduled' ? {} : { nodeName: 'n' },
    status: {
      phase: ended ?? 'Running',
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: since }],
    },
  });
}

function report(pods: readonly Stored<Pod>[], eligibility: typeof here | undefined, surges = false, set = setOf()) {
  return nodeReport({ set, hash: 'new', surges, eligibility, pods, now });
}

const names = (pods: readonly Stored<Pod>[]) => pods.map(({ metadata }) => metadata.name);

describe('the Pods of one node', () => {
  test.each([
    ['one is created where none is', [], here, false, [true, [], []]],
    ['none is created where none should be', [], elsewhere, false, [false, [], []]],
    ['none is created where a taint keeps new ones away', [], tainted, false, [false, [], []]],
    ['one that runs is let be', [pod('new', 'ready')], here, false, [false, [], []]],
    ['one stays where a taint keeps new ones away', [pod('new', 'ready')], tainted, false, [false, [], []]],
    ['one goes where none should be', [pod('new', 'ready')], elsewhere, false, [false, ['new'], []]],
    ['one that is going is waited for', [pod('new', 'deleting')], here, false, [false, [], []]],
    ['one that is going is replaced at once with a surge', [pod('new', 'deleting')], here, true, [true, [], []]],
    ['one that failed is deleted', [pod('new', 'Failed')], here, false, [false, [], ['new']]],
    ['one that succeeded is deleted', [pod('new', 'Succeeded')], here, false, [false, [], ['new']]],
    [
      'of two, the first by name of equal age stays',
      [pod('new-b', 'ready'), pod('new-a', 'ready')],
      here,
      false,
      [false, ['new-b'], []],
    ],
    [
      'of two, the scheduled one stays',
      [pod('new-a', 'unscheduled'), pod('new-b', 'ready')],
      here,
      false,
      [false, ['new-a'], []],
    ],
    [
      'a ready old one stays beside a new one that starts',
      [pod('old', 'ready'), pod('new', 'starting')],
      here,
      true,
      [false, [], []],
    ],
    [
      'a ready old one goes when the new one is available',
      [pod('old', 'ready'), pod('new', 'ready')],
      here,
      true,
      [false, ['old'], []],
    ],
    [
      'an unready old one goes at once beside a new one',
      [pod('old', 'starting'), pod('new', 'starting')],
      here,
      true,
      [false, ['old'], []],
    ],
    [
      'an unscheduled one of a node that is gone is deleted',
      [pod('new', 'unscheduled')],
      undefined,
      false,
      [false, ['new'], []],
    ],
    [
      'a scheduled one of a node that is gone is not its own affair',
      [pod('new', 'ready')],
      undefined,
      false,
      [false, [], []],
    ],
  ] as const)('%s', (_, pods, eligibility, surges, [create, excess, ended]) => {
    const found = report(pods, eligibility, surges);
    expect([found.create, names(found.excess), names(found.ended)]).toEqual([create, excess, ended]);
  });

  test.each([
    ['nothing there', [], here, [1, 0, 0, 0, 0, 0]],
    ['an old one', [pod('old', 'ready')], here, [1, 1, 0, 1, 1, 0]],
    ['a new one', [pod('new', 'ready')], here, [1, 1, 0, 1, 1, 1]],
    ['one that is going, but ready', [pod('new', 'deleting')], here, [1, 1, 0, 0, 0, 1]],
    ['one where none should be', [pod('new', 'ready')], tainted, [0, 0, 1, 0, 0, 0]],
    ['a node that is gone', [pod('new', 'ready')], undefined, [0, 0, 0, 0, 0, 0]],
  ] as const)('are counted: %s', (_, pods, eligibility, counts) => {
    const { desired, current, misscheduled, ready, available, updated } = report(pods, eligibility).counts;
    expect([desired, current, misscheduled, ready, available, updated]).toEqual(counts);
  });

  test('are available once they were ready for minReadySeconds', () => {
    const found = report([pod('new', 'fresh')], here, false, setOf(undefined, { minReadySeconds: 10 }));
    expect(found.counts).toMatchObject({ ready: 1, available: 0 });
    expect(found.availableAt).toBe(now + 8000);
  });
});

describe('the next step of a rolling update', () => {
  /** Nodes n0, n1, … with these Pods; all may run one but those named `elsewhere`. */
  function step(rollingUpdate: object, nodes: readonly (readonly Stored<Pod>[])[], misplaced: readonly number[] = []) {
    const set = setOf(rollingUpdate);
    const limits = rolloutLimits(set, nodes.length - misplaced.length);
    const tally = new NodeTally();
    nodes.forEach((pods, i) => {
      const eligibility = misplaced.includes(i) ? tainted : here;
      tally.set(`n${i}`, nodeReport({ set, hash: 'new', surges: limits.maxSurge > 0, eligibility, pods, now }));
    });
    const { create, remove } = rolloutStep(tally, limits);
    return [create, names(remove)];
  }
  const old = (n: number) => [pod(`old-${n}`, 'ready')];
  const oldStarting = (n: number) => [pod(`old-${n}`, 'starting')];
  const updated = [pod('new', 'ready')];
  const starting = [pod('new', 'starting')];
  const surge = { maxSurge: 1, maxUnavailable: 0 };

  test.each([
    ['one available Pod goes by default', {}, [old(0), old(1), old(2)], [[], ['old-0']]],
    ['as many as may be unavailable go', { maxUnavailable: 2 }, [old(0), old(1), old(2)], [[], ['old-0', 'old-1']]],
    ['percentages are rounded up', { maxUnavailable: '34%' }, [old(0), old(1), old(2)], [[], ['old-0', 'old-1']]],
    ['none goes while a new one starts', { maxUnavailable: 1 }, [starting, old(1)], [[], []]],
    ['none goes while a node has none', { maxUnavailable: 1 }, [[], old(1)], [[], []]],
    [
      'those that are not available go in any case',
      { maxUnavailable: 1 },
      [oldStarting(0), oldStarting(1), old(2)],
      [[], ['old-0', 'old-1']],
    ],
    ['nothing is left to do', { maxUnavailable: 1 }, [updated, updated], [[], []]],
    ['with a surge, a new one starts beside an old one', surge, [old(0), old(1)], [['n0'], []]],
    ['no more than the surge', surge, [[...old(0), ...starting], old(1)], [[], []]],
    [
      'a node whose old one is not available gets a new one in any case',
      surge,
      [[...old(0), ...starting], oldStarting(1)],
      [['n1'], []],
    ],
    ['an old one goes once the new one is available', surge, [[...old(0), ...updated], old(1)], [['n1'], ['old-0']]],
  ] as const)('%s', (_, rollingUpdate, nodes, expected) => {
    expect(step(rollingUpdate, nodes)).toEqual(expected);
  });

  test('an available Pod where none should be goes when there are others enough', () => {
    expect(step(surge, [updated, old(1)], [1])).toEqual([[], ['old-1']]);
    expect(step(surge, [starting, old(1)], [1])).toEqual([[], []]);
  });
});

test('a tally is the same as one that is built anew, whatever was there before', () => {
  const states = [[], [pod('old', 'ready')], [pod('new', 'starting')], [pod('old', 'ready'), pod('new', 'ready')]];
  const changed = new NodeTally();
  for (const surges of [false, true]) {
    for (const [i, from] of states.entries()) {
      for (const to of states) {
        const anew = new NodeTally();
        changed.set(`n${i}`, report(from, here, surges));
        changed.set(`n${i}`, report(to, here, surges));
        anew.set(`n${i}`, report(to, here, surges));
        expect(summary(changed)).toEqual(summary(anew));
        changed.set(`n${i}`, undefined);
        expect(summary(changed)).toEqual(summary(new NodeTally()));
      }
    }
  }
});

function summary(tally: NodeTally) {
  const { counts, work, unavailable, surging, serving } = tally;
  const states = (['replace', 'candidate', 'retire', 'misplaced'] as const).map((state) => [
    ...tally.inState(state).keys(),
  ]);
  return { counts: { ...counts }, work: [...work], unavailable, surging, serving, states };
}
