import { controllerOf, type Pod, type Stored } from '@orrery/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testPod } from '../workload/objects.fixture.ts';
import { BudgetPods, isHealthy } from './budget-pods.ts';

interface Draw {
  readonly index: number;
  readonly owner: number;
  readonly ready: boolean;
  readonly deleted: boolean;
  readonly gone: boolean;
}

const change = fc.record<Draw>({
  index: fc.nat(6),
  owner: fc.nat(3),
  ready: fc.boolean(),
  deleted: fc.boolean(),
  gone: fc.boolean(),
});

test('what is kept is what a walk over all Pods finds', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const kept = new BudgetPods();
      const pods = new Map<string, Stored<Pod>>();
      for (const drawn of changes) {
        const uid = `uid-${drawn.index}`;
        const pod = drawn.gone ? undefined : podOf(uid, drawn);
        kept.set(uid, pod);
        if (pod === undefined) pods.delete(uid);
        else pods.set(uid, pod);
        const all = [...pods.values()];
        const owners = new Set(all.map((each) => controllerOf(each)?.uid));
        owners.delete(undefined);
        expect(kept.count).toBe(all.length);
        expect(kept.healthy).toBe(all.filter(isHealthy).length);
        expect(kept.unmanaged).toBe(all.filter((each) => controllerOf(each) === undefined).length);
        expect(new Set([...kept.owners].map(({ reference }) => reference.uid))).toEqual(owners);
      }
    }),
  );
});

function podOf(uid: string, { owner, ready, deleted }: Draw): Stored<Pod> {
  const controller = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: `rs-${owner}`,
    uid: `rs-${owner}`,
    controller: true,
  };
  return testPod(uid, {
    metadata: {
      uid,
      ...(owner === 0 ? {} : { ownerReferences: [controller] }),
      ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
}
