import { deepFreeze, type EndpointSlice, type Pod, type Service, type Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { endpointSubsets } from '../endpoints/subsets.ts';
import { testPod } from '../workload/objects.fixture.ts';
import { sliceChanges } from './slices.ts';

function service(spec: Partial<Service['spec']> = {}): Stored<Service> {
  const metadata = { ...testPod('web').metadata, labels: { team: 'a' } };
  const ports = [{ port: 80, targetPort: 8080, protocol: 'TCP' as const }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { clusterIP: '10.0.0.1', selector: { app: 'web' }, ports, ...spec },
  };
}

interface Parts {
  readonly ready?: boolean;
  readonly deleting?: boolean;
  readonly phase?: 'Running' | 'Succeeded';
  readonly ip?: string;
  readonly port?: number;
  readonly spec?: Partial<Pod['spec']>;
}

let last = 0;
function pod(
  name: string,
  { ready = true, deleting = false, phase = 'Running', ip = `10.1.0.${++last}`, port = 8080, spec }: Parts = {},
): Stored<Pod> {
  return testPod(name, {
    metadata: deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {},
    spec: { nodeName: 'n1', containers: [{ name: 'main', ports: [{ name: 'http', containerPort: port }] }], ...spec },
    status: { phase, podIP: ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
}

const zone = () => 'zone-a';
const created = (of: Stored<Service>, ...pods: Stored<Pod>[]) => sliceChanges(of, pods, [], zone).create;

function stored(slice: EndpointSlice, name = 'web-1'): Stored<EndpointSlice> {
  return deepFreeze({
    ...slice,
    metadata: { ...testPod(name).metadata, ...slice.metadata, name },
  } as Stored<EndpointSlice>);
}

describe('endpoint slices', () => {
  test('an endpoint has address, state, Pod, node and zone', () => {
    const one = pod('a', { ip: '10.1.2.3' });
    expect(created(service(), one)).toEqual([
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          generateName: 'web-',
          namespace: 'default',
          labels: {
            team: 'a',
            'kubernetes.io/service-name': 'web',
            'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
          },
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'Service',
              name: 'web',
              uid: 'uid-web',
              controller: true,
              blockOwnerDeletion: true,
            },
          ],
        },
        addressType: 'IPv4',
        endpoints: [
          {
            addresses: ['10.1.2.3'],
            conditions: { ready: true, serving: true, terminating: false },
            targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: 'uid-a' },
            nodeName: 'n1',
            zone: 'zone-a',
          },
        ],
        ports: [{ name: '', port: 8080, protocol: 'TCP' }],
      },
    ]);
  });

  const rows: readonly [rule: string, parts: Parts, spec: Partial<Service['spec']>, conditions: string | undefined][] =
    [
      ['ready', {}, {}, 'true true false'],
      ['not ready', { ready: false }, {}, 'false false false'],
      ['going but still serving', { deleting: true }, {}, 'false true true'],
      ['published although not ready', { ready: false }, { publishNotReadyAddresses: true }, 'true false false'],
      ['ended: left out', { phase: 'Succeeded' }, {}, undefined],
      ['without an address: left out', { ip: '' }, {}, undefined],
    ];
  test.each(rows)('a Pod that is %s', (_, parts, spec, expected) => {
    const endpoint = created(service(spec), pod('a', parts))[0]?.endpoints?.[0];
    const shown = endpoint?.conditions;
    expect(shown === undefined ? undefined : `${shown.ready} ${shown.serving} ${shown.terminating}`).toBe(expected);
  });

  test('a named target port that differs from Pod to Pod makes a slice for each', () => {
    const named = service({ ports: [{ name: 'web', port: 80, targetPort: 'http' }] });
    const slices = created(named, pod('a', { port: 8080 }), pod('b', { port: 9090 }), pod('c', { port: 8080 }));
    expect(slices.map(({ ports, endpoints }) => `${ports?.[0]?.port}: ${endpoints?.length}`)).toEqual([
      '8080: 2',
      '9090: 1',
    ]);
  });

  test('100 endpoints make a slice', () => {
    const pods = Array.from({ length: 250 }, (_, i) => pod(`p${i}`));
    expect(created(service(), ...pods).map(({ endpoints }) => endpoints?.length)).toEqual([100, 100, 50]);
  });

  test('a Service without Pods has one empty slice, and a headless one says so', () => {
    const [slice, ...others] = created(service({ clusterIP: 'None' }));
    expect(others).toEqual([]);
    expect(slice?.endpoints).toEqual([]);
    expect(slice?.metadata.labels?.['service.kubernetes.io/headless']).toBe('');
  });

  test('a hostname is shown for Pods of the subdomain of that name', () => {
    const [slice] = created(
      service(),
      pod('a', { spec: { hostname: 'db-0', subdomain: 'web' } }),
      pod('b', { spec: { hostname: 'x' } }),
    );
    expect(slice?.endpoints?.map(({ hostname }) => hostname)).toEqual(['db-0', undefined]);
  });

  test('what two slices have, because the answer to a create was lost, stays in the fuller one alone', () => {
    const pods = Array.from({ length: 4 }, (_, i) => pod(`p${i}`));
    const [some] = created(service(), ...pods.slice(0, 2));
    const [all] = created(service(), ...pods);
    const existing = [some, all].flatMap((slice, index) =>
      slice === undefined ? [] : [stored(slice, `web-${index}`)],
    );
    const changes = sliceChanges(service(), pods, existing, zone);
    expect(changes.delete.map(({ metadata }) => metadata.name)).toEqual(['web-0']);
    expect([...changes.create, ...changes.update]).toEqual([]);
  });

  test('nothing is written when nothing changed, and only the slice of a changed Pod otherwise', () => {
    const pods = Array.from({ length: 150 }, (_, i) => pod(`p${i}`));
    const existing = created(service(), ...pods).map((slice, index) => stored(slice, `web-${index}`));
    expect(sliceChanges(service(), pods, existing, zone)).toEqual({ create: [], update: [], delete: [] });
    const changed = pods.map((one, i) =>
      i === 120 ? pod('p120', { ready: false, ip: one.status?.podIP ?? '' }) : one,
    );
    const changes = sliceChanges(service(), changed, existing, zone);
    expect(changes.update.map(({ metadata }) => metadata.name)).toEqual(['web-1']);
  });

  test('a slice whose Pods are gone is deleted when others are left, and new Pods fill gaps', () => {
    const pods = Array.from({ length: 150 }, (_, i) => pod(`p${i}`));
    const existing = created(service(), ...pods).map((slice, index) => stored(slice, `web-${index}`));
    const fewer = sliceChanges(service(), pods.slice(0, 100), existing, zone);
    expect(fewer.delete.map(({ metadata }) => metadata.name)).toEqual(['web-1']);
    const more = sliceChanges(service(), [...pods, pod('new')], existing, zone);
    expect(more.create).toEqual([]);
    expect(more.update.map(({ metadata, endpoints }) => `${metadata.name} ${endpoints?.length}`)).toEqual(['web-1 51']);
  });
});

describe('Endpoints, the older form', () => {
  test('ready and not ready addresses stand apart, Pods that are going are left out', () => {
    const pods = [
      pod('a', { ip: '10.1.0.1' }),
      pod('b', { ip: '10.1.0.2', ready: false }),
      pod('c', { ip: '10.1.0.3', deleting: true }),
    ];
    const { subsets } = endpointSubsets(service(), pods);
    expect(subsets).toHaveLength(1);
    expect(subsets[0]?.addresses?.map(({ ip }) => ip)).toEqual(['10.1.0.1']);
    expect(subsets[0]?.notReadyAddresses?.map(({ ip }) => ip)).toEqual(['10.1.0.2']);
    expect(subsets[0]?.ports).toEqual([{ port: 8080, protocol: 'TCP' }]);
  });

  test('a thousand addresses are kept, ready ones first', () => {
    const pods = Array.from({ length: 1001 }, (_, i) => pod(`p${i}`, { ready: i > 0 }));
    const { subsets, truncated } = endpointSubsets(service(), pods);
    expect(truncated).toBe(true);
    expect(subsets[0]?.addresses).toHaveLength(1000);
    expect(subsets[0]?.notReadyAddresses).toBeUndefined();
  });
});
