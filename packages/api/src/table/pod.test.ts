import { describe, expect, test } from 'vitest';
import { Pod } from '../kinds.ts';
import type { ContainerStatus } from '../parts.ts';
import { tableFor } from './table.ts';

const now = Date.parse('2026-01-01T01:00:00Z');

type Terminated = { exitCode: number; reason?: string; signal?: number };

function container(state: ContainerStatus['state'], more: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name: 'main', image: 'i', imageID: '', ready: false, restartCount: 0, state, ...more } as ContainerStatus;
}
const running = (more: Partial<ContainerStatus> = {}) => container({ running: {} }, { ready: true, ...more });
const waiting = (reason?: string) => container({ waiting: reason === undefined ? {} : { reason } });
const terminated = (how: Terminated) => container({ terminated: how });

interface Case {
  phase?: string;
  reason?: string;
  conditions?: { type: string; status: string; reason?: string }[];
  deleted?: boolean;
  init?: { name: string; sidecar?: boolean }[];
  initStatuses?: ContainerStatus[];
  statuses?: ContainerStatus[];
  containers?: number;
  spec?: object;
  status?: object;
}

function podOf(given: Case): Pod {
  const statuses = given.statuses ?? [];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      namespace: 'default',
      creationTimestamp: '2026-01-01T00:59:00Z',
      ...(given.deleted === true ? { deletionTimestamp: '2026-01-01T01:00:00Z' } : {}),
    },
    spec: {
      initContainers: (given.init ?? []).map(({ name, sidecar }) => ({
        name,
        ...(sidecar === true ? { restartPolicy: 'Always' } : {}),
      })),
      containers: Array.from({ length: given.containers ?? Math.max(1, statuses.length) }, (_, i) => ({
        name: `c${i}`,
        image: 'i',
      })),
      ...given.spec,
    },
    status: {
      phase: given.phase ?? 'Pending',
      ...(given.reason === undefined ? {} : { reason: given.reason }),
      conditions: given.conditions ?? [],
      initContainerStatuses: given.initStatuses ?? [],
      containerStatuses: statuses,
      ...given.status,
    },
  } as unknown as Pod;
}

function cells(given: Case): readonly unknown[] {
  const table = tableFor(Pod, [podOf(given)], { now, includeObject: 'None', version: 'v1', withColumns: true });
  return table.rows[0]?.cells ?? [];
}

const initialized = [{ type: 'Initialized', status: 'True' }];

describe('STATUS and READY', () => {
  const cases: [rule: string, given: Case, ready: string, status: string][] = [
    ['not scheduled: the phase', { phase: 'Pending' }, '0/1', 'Pending'],
    [
      'held back by scheduling gates',
      { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
      '0/1',
      'SchedulingGated',
    ],
    ['the reason of the Pod beats its phase', { phase: 'Failed', reason: 'Evicted' }, '0/1', 'Evicted'],
    ['making containers', { statuses: [waiting('ContainerCreating')] }, '0/1', 'ContainerCreating'],
    ['waiting without a reason keeps the phase', { statuses: [waiting()] }, '0/1', 'Pending'],
    ['running', { phase: 'Running', statuses: [running()] }, '1/1', 'Running'],
    ['running but not ready', { phase: 'Running', statuses: [running({ ready: false })] }, '0/1', 'Running'],
    ['image is refused', { statuses: [waiting('ErrImagePull')] }, '0/1', 'ErrImagePull'],
    ['image is tried again later', { statuses: [waiting('ImagePullBackOff')] }, '0/1', 'ImagePullBackOff'],
    ['crashing', { phase: 'Running', statuses: [waiting('CrashLoopBackOff')] }, '0/1', 'CrashLoopBackOff'],
    [
      'configuration is missing',
      { statuses: [waiting('CreateContainerConfigError')] },
      '0/1',
      'CreateContainerConfigError',
    ],
    ['done', { phase: 'Succeeded', statuses: [terminated({ exitCode: 0, reason: 'Completed' })] }, '0/1', 'Completed'],
    ['failed', { phase: 'Failed', statuses: [terminated({ exitCode: 1, reason: 'Error' })] }, '0/1', 'Error'],
    [
      'out of memory',
      { phase: 'Failed', statuses: [terminated({ exitCode: 137, reason: 'OOMKilled' })] },
      '0/1',
      'OOMKilled',
    ],
    ['ended by exit code only', { phase: 'Failed', statuses: [terminated({ exitCode: 3 })] }, '0/1', 'ExitCode:3'],
    [
      'ended by signal only',
      { phase: 'Failed', statuses: [terminated({ exitCode: 137, signal: 9 })] },
      '0/1',
      'Signal:9',
    ],
    [
      "the first container's reason wins",
      { phase: 'Running', statuses: [waiting('CrashLoopBackOff'), waiting('ErrImagePull'), running()] },
      '1/3',
      'CrashLoopBackOff',
    ],
    [
      'one done, one running and the Pod ready',
      {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        statuses: [terminated({ exitCode: 0, reason: 'Completed' }), running()],
      },
      '1/2',
      'Running',
    ],
    [
      'one done, one running and the Pod not ready',
      { phase: 'Running', statuses: [terminated({ exitCode: 0, reason: 'Completed' }), running()] },
      '1/2',
      'NotReady',
    ],
    ['being deleted', { phase: 'Running', deleted: true, statuses: [running()] }, '1/1', 'Terminating'],
    [
      'being deleted after the end keeps how it ended',
      { phase: 'Failed', deleted: true, statuses: [terminated({ exitCode: 1, reason: 'Error' })] },
      '0/1',
      'Error',
    ],
    ['on a lost node, and not being deleted', { phase: 'Running', reason: 'NodeLost' }, '0/1', 'NodeLost'],
    [
      'one done, one running that is not ready',
      { phase: 'Running', statuses: [terminated({ exitCode: 0, reason: 'Completed' }), running({ ready: false })] },
      '0/2',
      'Completed',
    ],
    [
      'scheduling gates before all that containers say, unless they say something',
      {
        reason: 'Anything',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
        statuses: [waiting()],
      },
      '0/1',
      'SchedulingGated',
    ],
    [
      'being deleted before it has started',
      { deleted: true, statuses: [waiting('ContainerCreating')] },
      '0/1',
      'Terminating',
    ],
    [
      'being deleted after a good end keeps that',
      { phase: 'Succeeded', deleted: true, statuses: [terminated({ exitCode: 0, reason: 'Completed' })] },
      '0/1',
      'Completed',
    ],
    [
      'init container out of memory',
      { init: [{ name: 'a' }], initStatuses: [terminated({ exitCode: 137, reason: 'OOMKilled' })] },
      '0/1',
      'Init:OOMKilled',
    ],
    ['init container waits without a reason', { init: [{ name: 'a' }], initStatuses: [waiting()] }, '0/1', 'Init:0/1'],
    [
      'a sidecar that has started but is not ready lets the next run, and does not count as ready',
      {
        phase: 'Running',
        conditions: initialized,
        init: [{ name: 'side', sidecar: true }],
        initStatuses: [running({ name: 'side', started: true, ready: false })],
        statuses: [running()],
      },
      '1/2',
      'Running',
    ],
    ['being deleted on a lost node', { phase: 'Running', reason: 'NodeLost', deleted: true }, '0/1', 'Unknown'],
    [
      'first of two init containers runs',
      { init: [{ name: 'a' }, { name: 'b' }], initStatuses: [running({ name: 'a', ready: false })] },
      '0/1',
      'Init:0/2',
    ],
    [
      'second of two init containers waits for its turn',
      {
        init: [{ name: 'a' }, { name: 'b' }],
        initStatuses: [terminated({ exitCode: 0, reason: 'Completed' }), waiting('PodInitializing')],
        statuses: [waiting('PodInitializing')],
      },
      '0/1',
      'Init:1/2',
    ],
    [
      'init containers done: the main ones are next',
      {
        init: [{ name: 'a' }],
        initStatuses: [terminated({ exitCode: 0, reason: 'Completed' })],
        statuses: [waiting('PodInitializing')],
      },
      '0/1',
      'PodInitializing',
    ],
    [
      'init container failed',
      { init: [{ name: 'a' }], initStatuses: [terminated({ exitCode: 1, reason: 'Error' })] },
      '0/1',
      'Init:Error',
    ],
    [
      'init container failed by code',
      { init: [{ name: 'a' }], initStatuses: [terminated({ exitCode: 7 })] },
      '0/1',
      'Init:ExitCode:7',
    ],
    [
      'init container failed by signal',
      { init: [{ name: 'a' }], initStatuses: [terminated({ exitCode: 143, signal: 15 })] },
      '0/1',
      'Init:Signal:15',
    ],
    [
      'init container crashes',
      { init: [{ name: 'a' }], initStatuses: [waiting('CrashLoopBackOff')] },
      '0/1',
      'Init:CrashLoopBackOff',
    ],
    [
      "init container's image",
      { init: [{ name: 'a' }], initStatuses: [waiting('ImagePullBackOff')] },
      '0/1',
      'Init:ImagePullBackOff',
    ],
    [
      'a started sidecar counts as ready while a later init container runs',
      {
        init: [{ name: 'side', sidecar: true }, { name: 'b' }],
        initStatuses: [running({ name: 'side', started: true }), running({ name: 'b', ready: false })],
      },
      '1/2',
      'Init:1/2',
    ],
    [
      'a sidecar that has not started holds the Pod back',
      {
        init: [{ name: 'side', sidecar: true }],
        initStatuses: [running({ name: 'side', started: false, ready: false })],
      },
      '0/2',
      'Init:0/1',
    ],
    [
      'sidecar and main container run',
      {
        phase: 'Running',
        conditions: initialized,
        init: [{ name: 'side', sidecar: true }],
        initStatuses: [running({ name: 'side', started: true })],
        statuses: [running()],
      },
      '2/2',
      'Running',
    ],
    [
      'a sidecar that crashes later shows, and the main containers still count',
      {
        phase: 'Running',
        conditions: initialized,
        init: [{ name: 'side', sidecar: true }],
        initStatuses: [{ ...waiting('CrashLoopBackOff'), name: 'side' }],
        statuses: [running()],
      },
      '1/2',
      'Init:CrashLoopBackOff',
    ],
  ];
  test.each(cases)('%s', (_rule, given, ready, status) => {
    expect(cells(given).slice(1, 3)).toEqual([ready, status]);
  });
});

describe('RESTARTS', () => {
  const ended = (finishedAt: string): ContainerStatus['lastState'] => ({ terminated: { exitCode: 1, finishedAt } });

  test('none', () => {
    expect(cells({ phase: 'Running', statuses: [running()] })[3]).toBe('0');
  });
  test('the sum over containers, and the age of the last one', () => {
    const statuses = [
      running({ restartCount: 2, lastState: ended('2026-01-01T00:55:00Z') }),
      running({ restartCount: 3, lastState: ended('2026-01-01T00:40:00Z') }),
    ];
    expect(cells({ phase: 'Running', statuses })[3]).toBe('5 (5m ago)');
  });
  test('no age when the last end is unknown', () => {
    expect(cells({ phase: 'Running', statuses: [running({ restartCount: 1 })] })[3]).toBe('1');
  });
  test('of init containers while they run', () => {
    const initStatuses = [
      { ...waiting('CrashLoopBackOff'), restartCount: 4, lastState: ended('2026-01-01T00:59:30Z') },
    ];
    expect(cells({ init: [{ name: 'main' }], initStatuses, statuses: [waiting('PodInitializing')] })[3]).toBe(
      '4 (30s ago)',
    );
  });
  test('of init containers stop counting once they are done, those of sidecars still count', () => {
    const initStatuses = [
      { ...terminated({ exitCode: 0 }), name: 'once', restartCount: 7 },
      running({ name: 'side', started: true, restartCount: 1 }),
    ];
    const init = [{ name: 'once' }, { name: 'side', sidecar: true }];
    expect(cells({ phase: 'Running', init, initStatuses, statuses: [running({ restartCount: 2 })] })[3]).toBe('3');
  });
});

describe('wide cells', () => {
  test('nothing known', () => {
    expect(cells({}).slice(5)).toEqual(['<none>', '<none>', '<none>', '<none>']);
  });
  test('address, node, nominated node and readiness gates', () => {
    const given: Case = {
      spec: { nodeName: 'node-1', readinessGates: [{ conditionType: 'x/a' }, { conditionType: 'x/b' }] },
      status: { podIPs: [{ ip: '10.1.0.2' }, { ip: 'fd00::2' }], nominatedNodeName: 'node-2' },
      conditions: [
        { type: 'x/a', status: 'True' },
        { type: 'x/b', status: 'False' },
      ],
    };
    expect(cells(given).slice(5)).toEqual(['10.1.0.2', 'node-1', 'node-2', '1/2']);
  });
});

test('a Pod that ended marks its row as completed', () => {
  const options = { now, includeObject: 'None', version: 'v1', withColumns: false } as const;
  const table = tableFor(Pod, [podOf({ phase: 'Succeeded' }), podOf({ phase: 'Failed' }), podOf({})], options);
  expect(table.rows.map((row) => row.conditions?.[0]?.reason)).toEqual(['Succeeded', 'Failed', undefined]);
});
