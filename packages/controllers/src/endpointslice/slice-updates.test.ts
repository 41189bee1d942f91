import { deepFreeze, type EndpointSlice, type Pod, type Service, type Stored } from '@orrery/api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testPod } from '../workload/objects.fixture.ts';
import { SliceBook } from './slice-book.ts';
import { sliceUpdates } from './slice-updates.ts';
import { type SliceChanges, sliceChanges } from './slices.ts';

const service: Stored<Service> = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: testPod('web').metadata,
  spec: {
    clusterIP: '10.0.0.1',
    ipFamilies: ['IPv4', 'IPv6'],
    selector: { app: 'web' },
    ports: [{ name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' }],
  },
};
const zone = (node: string) => `zone of ${node}`;

interface State {
  readonly number: number;
  readonly gone: boolean;
  readonly ready: boolean;
  readonly port: number;
  /** It has an address of the second family, too. */
  readonly dual: boolean;
}

const podCount = 230;
const anyState: fc.Arbitrary<State> = fc.record({
  number: fc.nat({ max: podCount }),
  gone: fc.boolean(),
  ready: fc.boolean(),
  port: fc.constantFrom(8080, 8080, 8080, 9090),
  dual: fc.boolean(),
});

function podIn({ number, ready, port, dual }: State): Stored<Pod> {
  const ips = [`10.1.0.${number}`, ...(dual ? [`fd00::${number}`] : [])];
  return testPod(`p${number}`, {
    spec: {
      nodeName: `n${number % 3}`,
      containers: [{ name: 'main', ports: [{ name: 'http', containerPort: port }] }],
    },
    status: {
      phase: 'Running',
      podIP: ips[0] ?? '',
      podIPs: ips.map((ip) => ({ ip })),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  });
}

/** Slices as a server stores them, and the book that is kept of them. */
class Server {
  readonly slices = new Map<string, Stored<EndpointSlice>>();
  readonly book = new SliceBook();
  #revision = 0;

  write({ create, update, delete: gone }: SliceChanges): void {
    for (const slice of create) this.#put({ ...slice, metadata: { ...slice.metadata, name: `web-${this.#revision}` } });
    for (const slice of update) this.#put(slice);
    for (const { metadata } of gone) this.#remove(metadata.name);
  }

  list(): readonly Stored<EndpointSlice>[] {
    return [...this.slices.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  #put(slice: EndpointSlice): void {
    const metadata = { ...testPod('x').metadata, ...slice.metadata, resourceVersion: String(++this.#revision) };
    const stored = deepFreeze({ ...slice, metadata } as Stored<EndpointSlice>);
    this.#remove(stored.metadata.name);
    this.slices.set(stored.metadata.name, stored);
    this.book.add(stored);
  }

  #remove(name: string): void {
    const before = this.slices.get(name);
    if (before === undefined) return;
    this.slices.delete(name);
    this.book.remove(before);
  }
}

const inKeyOrder = (pods: ReadonlyMap<string, Stored<Pod>>) =>
  [...pods.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
const nothing: SliceChanges = { create: [], update: [], delete: [] };

describe('slices that are kept up to date Pod by Pod', () => {
  test('are those that a walk over all Pods leaves alone, after any changes', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: podCount }),
        fc.array(fc.array(anyState, { minLength: 1, maxLength: 20 }), { maxLength: 12 }),
        (atFirst, batches) => {
          const pods = new Map<string, Stored<Pod>>();
          for (let number = 0; number < atFirst; number++) {
            const pod = podIn({ number, gone: false, ready: true, port: 8080, dual: number % 2 === 0 });
            pods.set(pod.metadata.uid, pod);
          }
          const server = new Server();
          server.write(sliceChanges(service, inKeyOrder(pods), [], zone));
          for (const batch of batches) {
            const changed = new Map<string, Stored<Pod> | undefined>();
            for (const state of batch) {
              const pod = podIn(state);
              changed.set(pod.metadata.uid, state.gone ? undefined : pod);
            }
            for (const [uid, pod] of changed) {
              if (pod === undefined) pods.delete(uid);
              else pods.set(uid, pod);
            }
            const updates = sliceUpdates(service, changed, server.book, zone);
            server.write(updates ?? sliceChanges(service, inKeyOrder(pods), server.list(), zone));
            expect(sliceChanges(service, inKeyOrder(pods), server.list(), zone)).toEqual(nothing);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('cost the slice of the Pod that changed', () => {
    const pods = Array.from({ length: 250 }, (_, number) =>
      podIn({ number, gone: false, ready: true, port: 8080, dual: false }),
    );
    const server = new Server();
    server.write(sliceChanges(service, pods, [], zone));
    const changed = podIn({ number: 120, gone: false, ready: false, port: 8080, dual: false });
    const updates = sliceUpdates(service, new Map([[changed.metadata.uid, changed]]), server.book, zone);
    expect(updates?.update.map(({ endpoints }) => endpoints?.length)).toEqual([100]);
    expect(updates).toMatchObject({ create: [], delete: [] });
  });

  test('are told from slices that somebody else has changed', () => {
    const server = new Server();
    const pod = podIn({ number: 1, gone: false, ready: true, port: 8080, dual: false });
    server.write(sliceChanges(service, [pod], [], zone));
    const before = server.book.version;
    const [slice] = server.list();
    server.write({ create: [], update: slice === undefined ? [] : [{ ...slice, endpoints: [] }], delete: [] });
    expect(server.book.version).not.toEqual(before);
    expect(server.book.version.count).toBe(before.count);
  });
});
