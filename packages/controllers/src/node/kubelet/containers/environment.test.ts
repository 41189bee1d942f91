import { type Container, failures, type Pod, type Service } from '@orrery/api';
import type { Client } from '@orrery/core';
import { describe, expect, test } from 'vitest';
import { containerEnvironment } from './environment.ts';
import { expand } from './expansion.ts';
import { serviceVariables, visibleServices } from './service-environment.ts';

describe('$(VAR)', () => {
  const variables = new Map([
    ['A', 'a'],
    ['B', '$(A)'],
  ]);
  test.each([
    ['$(A)', 'a', 'a known name'],
    ['x$(A)y$(A)', 'xaya', 'in the middle, more than once'],
    ['$(NONE)', '$(NONE)', 'an unknown name stays'],
    ['$$(A)', '$(A)', '$$ is a plain $'],
    ['$$$(A)', '$a', 'and then a variable'],
    ['$$', '$', '$$ alone'],
    ['$A', '$A', '$ before another character stays'],
    ['$(A', '$(A', 'without an end it stays'],
    ['cost $', 'cost $', 'at the end it stays'],
    ['$(B)', '$(A)', 'what is put in is not looked at again'],
    ['$()', '$()', 'an empty name is unknown'],
    ['$[A]', '$[A]', 'other brackets mean nothing'],
    ['$$$$(A)', '$$(A)', 'two pairs are two plain $'],
    ['$(A)$(', 'a$(', 'an opening at the end stays'],
    ['$($(A))', '$($(A))', 'a name is not looked at'],
  ])('%s is %s: %s', (text, expected) => {
    expect(expand(text, variables)).toBe(expected);
  });
});

function service(name: string, spec: Service['spec'], namespace = 'ns'): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec };
}

describe('variables of Services', () => {
  test('host, first port, named ports, and one group per port', () => {
    const variables = serviceVariables([
      service('my-web', {
        clusterIP: '10.1.2.3',
        ports: [
          { name: 'http-main', port: 80, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      }),
    ]);
    expect(Object.fromEntries(variables)).toEqual({
      MY_WEB_SERVICE_HOST: '10.1.2.3',
      MY_WEB_SERVICE_PORT: '80',
      MY_WEB_SERVICE_PORT_HTTP_MAIN: '80',
      MY_WEB_PORT: 'tcp://10.1.2.3:80',
      MY_WEB_PORT_80_TCP: 'tcp://10.1.2.3:80',
      MY_WEB_PORT_80_TCP_PROTO: 'tcp',
      MY_WEB_PORT_80_TCP_PORT: '80',
      MY_WEB_PORT_80_TCP_ADDR: '10.1.2.3',
      MY_WEB_PORT_53_UDP: 'udp://10.1.2.3:53',
      MY_WEB_PORT_53_UDP_PROTO: 'udp',
      MY_WEB_PORT_53_UDP_PORT: '53',
      MY_WEB_PORT_53_UDP_ADDR: '10.1.2.3',
    });
  });

  test('an IPv6 address is bracketed in URLs only', () => {
    const variables = serviceVariables([service('a', { clusterIP: 'fd::1', ports: [{ port: 1 }] })]);
    expect([variables.get('A_PORT'), variables.get('A_SERVICE_HOST')]).toEqual(['tcp://[fd::1]:1', 'fd::1']);
  });

  test.each(['None', '', undefined])('a Service whose clusterIP is %j has none', (clusterIP) => {
    const spec = { ...(clusterIP === undefined ? {} : { clusterIP }), ports: [{ port: 1 }] };
    expect(serviceVariables([service('a', spec)]).size).toBe(0);
  });

  test('those of the Pod’s namespace, and always the API server’s', () => {
    const all = [service('a', {}), service('b', {}, 'other'), service('kubernetes', {}, 'default')];
    expect(visibleServices(all, 'ns', true).map(({ metadata }) => metadata.name)).toEqual(['a', 'kubernetes']);
    expect(visibleServices(all, 'ns', false).map(({ metadata }) => metadata.name)).toEqual(['kubernetes']);
  });
});

describe('a container’s environment', () => {
  const data: { [key: string]: object } = {
    'ConfigMap/c': { data: { K: 'v', '1bad.key': 'x' }, binaryData: { B: btoa('b') } },
    'ConfigMap/b': { binaryData: { B: btoa('b') } },
    'Secret/s': { data: { K: btoa('secret') } },
  };
  const forbidden = 'hidden';
  const client = {
    get: (kind: { kind: string; resource: string; group: string }, { name }: { name: string }) => {
      if (name === forbidden) return Promise.reject(failures.forbidden(kind, name, 'not yours'));
      const found = data[`${kind.kind}/${name}`];
      return found === undefined ? Promise.reject(failures.notFound(kind, name)) : Promise.resolve(found);
    },
  } as unknown as Client;

  async function environment(container: Partial<Container>): Promise<{ [name: string]: string }> {
    const spec: Container = { name: 'c', image: 'i', ...container };
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'ns', labels: { l: '$(K) label' } },
      spec: { containers: [spec], nodeName: 'n' },
    };
    const sources = {
      client,
      services: [service('web', { clusterIP: '10.1.1.1', ports: [] })],
      addresses: { podIps: ['10.0.0.1'], hostIps: ['1.2.3.4'] },
      allocatable: { cpu: '4' },
      volumeFile: () => undefined,
    };
    const variables = Object.fromEntries(await containerEnvironment(pod, spec, sources));
    if (container.env?.every(({ name }) => name !== 'WEB_SERVICE_HOST')) delete variables.WEB_SERVICE_HOST;
    return variables;
  }
  const from = (valueFrom: NonNullable<NonNullable<Container['env']>[number]['valueFrom']>) => ({
    env: [{ name: 'A', valueFrom }],
  });

  test.each<[string, Partial<Container>, { [name: string]: string }]>([
    [
      'envFrom: every key of data, with its prefix',
      { env: [], envFrom: [{ prefix: 'P_', configMapRef: { name: 'c' } }] },
      { P_K: 'v', 'P_1bad.key': 'x' },
    ],
    [
      'a later envFrom wins',
      { env: [], envFrom: [{ configMapRef: { name: 'c' } }, { secretRef: { name: 's' } }] },
      { K: 'secret', '1bad.key': 'x' },
    ],
    [
      'env wins over envFrom',
      { env: [{ name: 'K', value: 'own' }], envFrom: [{ secretRef: { name: 's' } }] },
      { K: 'own' },
    ],
    [
      'a value sees what stands before it',
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '$(A)$(C)' },
          { name: 'C', value: '3' },
        ],
      },
      { A: '1', B: '1$(C)', C: '3' },
    ],
    ['and the Services', { env: [{ name: 'A', value: '$(WEB_SERVICE_HOST)' }] }, { A: '10.1.1.1' }],
    [
      'which do not replace a variable of that name',
      { env: [{ name: 'WEB_SERVICE_HOST', value: 'mine' }] },
      { WEB_SERVICE_HOST: 'mine' },
    ],
    [
      'the last of one name wins',
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
      { A: '2' },
    ],
    [
      'a value sees what envFrom brought, and what it overrides there',
      { env: [{ name: 'K', value: '$(K)+' }], envFrom: [{ prefix: '', secretRef: { name: 's' } }] },
      { K: 'secret+' },
    ],
    [
      'what comes from a source is not expanded',
      from({ fieldRef: { fieldPath: "metadata.labels['l']" } }),
      { A: '$(K) label' },
    ],
    ['binaryData of a ConfigMap is no variable', { env: [], envFrom: [{ configMapRef: { name: 'b' } }] }, {}],
    ['the Pod’s address', from({ fieldRef: { fieldPath: 'status.podIP' } }), { A: '10.0.0.1' }],
    ['the node’s address', from({ fieldRef: { fieldPath: 'status.hostIP' } }), { A: '1.2.3.4' }],
    ['a resource of the own container', from({ resourceFieldRef: { resource: 'limits.cpu' } }), { A: '4' }],
    ['a key of a secret', from({ secretKeyRef: { name: 's', key: 'K' } }), { A: 'secret' }],
    [
      'an optional key that is missing sets nothing',
      from({ secretKeyRef: { name: 's', key: 'x', optional: true } }),
      {},
    ],
    [
      'an optional object that is missing sets nothing',
      from({ configMapKeyRef: { name: 'x', key: 'x', optional: true } }),
      {},
    ],
    ['nor an optional envFrom', { env: [], envFrom: [{ configMapRef: { name: 'x', optional: true } }] }, {}],
  ])('%s', async (_rule, container, expected) => {
    expect(await environment(container)).toEqual(expected);
  });

  test.each<[Partial<Container>, string]>([
    [from({ configMapKeyRef: { name: 'x', key: 'k' } }), 'configmap "x" not found'],
    [from({ secretKeyRef: { name: 'x', key: 'k' } }), 'secret "x" not found'],
    [from({ configMapKeyRef: { name: 'c', key: 'k' } }), "couldn't find key k in ConfigMap ns/c"],
    [from({ configMapKeyRef: { name: 'c', key: 'B' } }), "couldn't find key B in ConfigMap ns/c"],
    [from({ secretKeyRef: { name: 's', key: 'k' } }), "couldn't find key k in Secret ns/s"],
    [{ envFrom: [{ secretRef: { name: 'x' } }] }, 'secret "x" not found'],
    [{ envFrom: [{ configMapRef: { name: 'x' } }] }, 'configmap "x" not found'],
    // Only what is not there may be missing from what is optional.
    [{ envFrom: [{ secretRef: { name: forbidden, optional: true } }] }, 'secrets "hidden" is forbidden: not yours'],
    [
      from({ configMapKeyRef: { name: forbidden, key: 'k', optional: true } }),
      'configmaps "hidden" is forbidden: not yours',
    ],
  ])('CreateContainerConfigError: %#', async (container, message) => {
    await expect(environment(container)).rejects.toMatchObject({ reason: 'CreateContainerConfigError', message });
  });
});
