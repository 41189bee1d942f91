import type { EndpointSlice, Service } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { serviceRouting } from './routing.ts';

const service = (spec: Partial<Service['spec']>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { clusterIP: '10.96.4.2', ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
});

const slice = (endpoints: EndpointSlice['endpoints']): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', namespace: 'shop' },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  endpoints,
});

describe('serviceRouting', () => {
  test('a cluster IP leads to the ready endpoints, at their target port', () => {
    const routing = serviceRouting(
      service({}),
      [
        slice([
          { addresses: ['10.244.0.5'], conditions: { ready: true } },
          { addresses: ['10.244.1.6'], conditions: { ready: false } },
        ]),
      ],
      'cluster.local',
    );
    expect(routing.routes).toEqual([{ ip: '10.96.4.2', port: 80, backends: [{ ip: '10.244.0.5', port: 8080 }] }]);
    expect(routing.names).toEqual([{ name: 'web.shop.svc.cluster.local', ips: ['10.96.4.2'] }]);
  });

  test('a Service without endpoints keeps its address, and leads nowhere', () => {
    expect(serviceRouting(service({}), [], 'cluster.local').routes).toEqual([
      { ip: '10.96.4.2', port: 80, backends: [] },
    ]);
  });

  test("a headless Service's name is its Pods' addresses, and Pods with a hostname have names of their own", () => {
    const { routes, names } = serviceRouting(
      service({ clusterIP: 'None' }),
      [slice([{ addresses: ['10.244.1.6'], hostname: 'web-1' }, { addresses: ['10.244.0.5'] }])],
      'cluster.local',
    );
    expect(routes).toEqual([]);
    expect(names).toEqual([
      { name: 'web.shop.svc.cluster.local', ips: ['10.244.0.5', '10.244.1.6'] },
      { name: 'web-1.web.shop.svc.cluster.local', ips: ['10.244.1.6'] },
    ]);
  });

  test('an ExternalName has no address of its own', () => {
    const external = service({ type: 'ExternalName', externalName: 'example.org' });
    const { clusterIP: _, ...spec } = external.spec;
    expect(serviceRouting({ ...external, spec }, [], 'cluster.local')).toEqual({ routes: [], names: [] });
  });
});
