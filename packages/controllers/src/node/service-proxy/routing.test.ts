import type { EndpointSlice, Service } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { serviceRouting, sliceRouting } from './routing.ts';

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
  test('a cluster IP leads nowhere without endpoints', () => {
    expect(serviceRouting(service({}), 'cluster.local')).toEqual({
      routes: [{ ip: '10.96.4.2', port: 80, backends: [] }],
      names: [{ name: 'web.shop.svc.cluster.local', ips: ['10.96.4.2'] }],
    });
  });

  test('a headless Service has a name without addresses, until it has endpoints', () => {
    expect(serviceRouting(service({ clusterIP: 'None' }), 'cluster.local')).toEqual({
      routes: [],
      names: [{ name: 'web.shop.svc.cluster.local', ips: [] }],
    });
  });

  test('an ExternalName has no address of its own', () => {
    const external = service({ type: 'ExternalName', externalName: 'example.org' });
    const { clusterIP: _, ...spec } = external.spec;
    expect(serviceRouting({ ...external, spec }, 'cluster.local')).toEqual({ routes: [], names: [] });
    expect(sliceRouting({ ...external, spec }, slice([{ addresses: ['10.244.0.5'] }]), 'cluster.local')).toEqual({
      routes: [],
      names: [],
    });
  });
});

describe('sliceRouting', () => {
  test('a cluster IP leads to the ready endpoints, at their target port', () => {
    const endpoints = [
      { addresses: ['10.244.0.5'], conditions: { ready: true } },
      { addresses: ['10.244.1.6'], conditions: { ready: false } },
    ];
    expect(sliceRouting(service({}), slice(endpoints), 'cluster.local')).toEqual({
      routes: [{ ip: '10.96.4.2', port: 80, backends: [{ ip: '10.244.0.5', port: 8080 }] }],
      names: [],
    });
  });

  test('a slice without a port of the Service adds nothing to it', () => {
    const ports = [
      { name: 'http', port: 80 },
      { name: 'metrics', port: 9090 },
    ];
    const { routes } = sliceRouting(service({ ports }), slice([{ addresses: ['10.244.0.5'] }]), 'cluster.local');
    expect(routes.map(({ port }) => port)).toEqual([80]);
  });

  test("a headless Service's name is its Pods' addresses, and Pods with a hostname have names of their own", () => {
    const endpoints = [{ addresses: ['10.244.1.6'], hostname: 'web-1' }, { addresses: ['10.244.0.5'] }];
    expect(sliceRouting(service({ clusterIP: 'None' }), slice(endpoints), 'cluster.local')).toEqual({
      routes: [],
      names: [
        { name: 'web.shop.svc.cluster.local', ips: ['10.244.0.5', '10.244.1.6'] },
        { name: 'web-1.web.shop.svc.cluster.local', ips: ['10.244.1.6'] },
      ],
    });
  });
});
