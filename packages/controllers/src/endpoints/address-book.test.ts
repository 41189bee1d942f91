import type { Pod, Service, Stored } from '@orrery/api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testPod } from '../workload/objects.fixture.ts';
import { AddressBook } from './address-book.ts';
import { endpointSubsets } from './subsets.ts';

interface State {
  readonly number: number;
  readonly gone: boolean;
  readonly ready: boolean;
  readonly deleting: boolean;
  /** Pods on the node's network have the same address. */
  readonly ip: string;
  readonly port: number;
}

const anyState: fc.Arbitrary<State> = fc.record({
  number: fc.nat({ max: 12 }),
  gone: fc.boolean(),
  ready: fc.boolean(),
  deleting: fc.boolean(),
  ip: fc.constantFrom('', '10.0.0.1', '10.0.0.1', '10.0.0.2', '10.9.9.9'),
  port: fc.constantFrom(0, 8080, 9090),
});

function podIn({ number, ready, deleting, ip, port }: State): Stored<Pod> {
  return testPod(`p${number}`, {
    metadata: deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {},
    spec: { containers: [{ name: 'main', ports: port === 0 ? [] : [{ name: 'http', containerPort: port }] }] },
    status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
}

function service(publishNotReadyAddresses: boolean): Stored<Service> {
  const ports = [{ name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' as const }];
  const spec = { clusterIP: '10.96.0.9', selector: { app: 'web' }, ports, publishNotReadyAddresses };
  return { apiVersion: 'v1', kind: 'Service', metadata: testPod('web').metadata, spec };
}

/** So many that a few more are too many. */
const many = Array.from({ length: 995 }, (_, i) =>
  podIn({
    number: 100 + i,
    gone: false,
    ready: i % 10 !== 0,
    deleting: false,
    ip: `10.1.${Math.floor(i / 250)}.${i % 250}`,
    port: 8080,
  }),
);

describe('addresses that are kept', () => {
  test.each([
    ['few Pods', []],
    ['as many as there is room for', many],
  ])('equal those that a walk over all Pods finds, after any changes: %s', (_, others) => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(anyState, { maxLength: 40 }), (publishAll, changes) => {
        const of = service(publishAll);
        const pods = new Map(others.map((pod) => [pod.metadata.name, pod]));
        const book = new AddressBook(of, [...pods.values()]);
        for (const state of changes) {
          const pod = podIn(state);
          if (state.gone) pods.delete(pod.metadata.name);
          else pods.set(pod.metadata.name, pod);
          book.set(pod.metadata.uid, state.gone ? undefined : pod);
        }
        const inKeyOrder = [...pods.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
        expect(book.subsets()).toEqual(endpointSubsets(of, inKeyOrder));
      }),
      { numRuns: others.length === 0 ? 500 : 40 },
    );
  });
});
