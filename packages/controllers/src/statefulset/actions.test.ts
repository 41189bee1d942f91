import { deepFreeze, type Pod, type StatefulSet, type Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { testPod } from '../workload/objects.fixture.ts';
import { nextActions } from './actions.ts';
import { claimOwners } from './claims.ts';

const now = Date.parse('2026-01-01T01:00:00Z');

function setOf(spec: object = {}): Stored<StatefulSet> {
  return deepFreeze({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default', uid: 'set', resourceVersion: '1', creationTimestamp: '' },
    spec: { serviceName: 'db', replicas: 3, selector: { matchLabels: { app: 'db' } }, template: {}, ...spec },
  } as Stored<StatefulSet>);
}

/** `2 ready old`: db-2, which is ready and of the revision `old`. Other states are phases, and `deleting`. */
function pod(text: string): Stored<Pod> {
  const [ordinal = '', state = 'ready', revision = 'new'] = text.split(' ');
  const isReady = state === 'ready' || state === 'deleting';
  return testPod(`db-${ordinal}`, {
    metadata: {
      labels: { app: 'db', 'controller-revision-hash': revision },
      ...(state === 'deleting' ? { deletionTimestamp: '2026-01-01T00:59:00Z' } : {}),
    },
    status: {
      phase: (['Pending', 'Failed', 'Succeeded'] as const).find((phase) => phase === state) ?? 'Running',
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:30:00Z' }],
    },
  });
}

/** What is done, but for `keep`: `+1` creates, `-1` deletes, `claim 1`. */
function actions(spec: object, pods: readonly string[]): string {
  return nextActions(setOf(spec), pods.map(pod), 'new', now)
    .map((action) => {
      if (action.type === 'create') return `+${action.ordinal}`;
      if (action.type === 'delete') return `-${action.pod.metadata.name.slice(3)}`;
      return action.type === 'claim' ? `claim ${action.ordinal}` : '';
    })
    .filter((text) => text !== '')
    .join(' ');
}

const parallel = { podManagementPolicy: 'Parallel' };
const partition = (count: number) => ({
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: count } },
});

describe('what a StatefulSet does next', () => {
  test.each([
    ['the first is created', {}, [], '+0'],
    ['the next is created when those before are ready', {}, ['0', '1'], '+2'],
    ['a missing one in the middle is created', {}, ['0', '2'], '+1'],
    ['one that starts is waited for', {}, ['0 starting'], ''],
    ['one that is going is waited for', {}, ['0 deleting', '1', '2'], ''],
    ['one that is Pending gets its claims', {}, ['0 Pending'], 'claim 0'],
    ['one that failed is deleted', {}, ['0', '1 Failed'], '-1'],
    ['one that succeeded is deleted', {}, ['0 Succeeded'], '-0'],
    ['all are there', {}, ['0', '1', '2'], ''],
    ['ordinals begin where it says', { ordinals: { start: 4 } }, ['4'], '+5'],
    ['those before the first ordinal are too many', { ordinals: { start: 1 } }, ['0', '1', '2', '3'], '-0'],
    ['of those that are too many the highest goes first', { replicas: 1 }, ['0', '1', '2'], '-2'],
    ['the next goes once it is gone', { replicas: 1 }, ['0', '1', '2 deleting'], ''],
    ['none goes while a lower one is not ready', { replicas: 1 }, ['0', '1 starting', '2 starting'], ''],
    ['the first that is not ready may go', { replicas: 1 }, ['0', '1', '2 starting'], '-2'],
    ['none goes while one that stays starts', { replicas: 1 }, ['0 starting', '1'], ''],
    ['in parallel all are created', parallel, [], '+0 +1 +2'],
    ['in parallel none is waited for', parallel, ['0 starting'], '+1 +2'],
    ['in parallel all that are too many go', { ...parallel, replicas: 1 }, ['0', '1 starting', '2'], '-2 -1'],
    ['the highest of an old revision is replaced', {}, ['0 ready old', '1 ready old', '2 ready old'], '-2'],
    ['the next one once that is ready', {}, ['0 ready old', '1 ready old', '2'], '-1'],
    ['none below the partition', partition(2), ['0 ready old', '1 ready old', '2'], ''],
    ['none with OnDelete', { updateStrategy: { type: 'OnDelete' } }, ['0', '1', '2 ready old'], ''],
    ['in parallel the update waits for a new one too', parallel, ['0 ready old', '1 ready old', '2 starting'], ''],
    ['a Pod that was ready too briefly is waited for', { minReadySeconds: 3600 }, ['0'], ''],
    ['Pods with other names are let be', { replicas: 0 }, ['x'], ''],
  ] as const)('%s', (_, spec, pods, expected) => {
    expect(actions(spec, pods)).toBe(expected);
  });
});

describe('the owners of a claim', () => {
  const owner = (kind: string, name: string, uid: string) => ({
    apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1',
    kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  });
  const bySet = owner('StatefulSet', 'db', 'set');
  const byPod = (ordinal: number) => owner('Pod', `db-${ordinal}`, `uid-db-${ordinal}`);

  test.each([
    ['are none by default', {}, 0, [], undefined, false],
    ['are taken back', {}, 0, [bySet], [], false],
    ['are the set', { whenDeleted: 'Delete' }, 0, [], [bySet], false],
    ['stay the set', { whenDeleted: 'Delete' }, 0, [bySet], undefined, false],
    ['are the Pod when it is one too many', { whenScaled: 'Delete' }, 3, [], [byPod(3)], false],
    ['are not the Pod while it is wanted', { whenScaled: 'Delete' }, 0, [byPod(0)], [], false],
    ['change from set to Pod', { whenScaled: 'Delete', whenDeleted: 'Delete' }, 3, [bySet], [byPod(3)], false],
    ['may be others', { whenDeleted: 'Delete' }, 0, [owner('Job', 'j', 'j')], undefined, true],
    ['may be an earlier set', { whenDeleted: 'Delete' }, 0, [owner('StatefulSet', 'db', 'old')], undefined, true],
  ] as const)('%s', (_, policy, ordinal, ownerReferences, references, conflict) => {
    const claim = testPod('claim', { metadata: { ownerReferences: [...ownerReferences] } });
    const set = setOf({ persistentVolumeClaimRetentionPolicy: policy });
    expect(claimOwners(set, pod(`${ordinal}`), ordinal, claim)).toEqual({ references, conflict });
  });
});
