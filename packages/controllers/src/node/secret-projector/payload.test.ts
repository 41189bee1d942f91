import type { ConfigMap, Pod, PodSpec, Secret, Volume } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { fieldValue, formatMap, resourceValue } from './downward-api.ts';
import { type PayloadSources, sharedUser, volumePayload } from './payload.ts';

function pod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns', uid: 'u', ...metadata },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  };
}

const secret: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's' },
  data: { user: btoa('me'), pass: btoa('pw') },
};
const configMap: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c' },
  data: { text: 'hello', user: 'other' },
  binaryData: { bin: btoa('\u0001\u0002') },
};

const sources: PayloadSources = {
  secret: (name) => (name === 's' ? secret : null),
  configMap: (name) => (name === 'c' ? configMap : null),
  token: () => 'jwt',
  trustBundle: (bundle) => (bundle.name === 'b' ? 'PEM' : null),
  allocatable: { cpu: '4', memory: '8Gi' },
};

function files(volume: Omit<Volume, 'name'>, of: Pod = pod()): { [path: string]: string } {
  return Object.fromEntries(
    [...volumePayload(of, { name: 'v', ...volume }, sources)].map(([path, { content, mode }]) => [
      path,
      `${new TextDecoder().decode(content)} ${mode.toString(8)}`,
    ]),
  );
}

describe('which files a volume has', () => {
  test.each<[string, Omit<Volume, 'name'>, { [path: string]: string }]>([
    ['a secret without items: every key', { secret: { secretName: 's' } }, { user: 'me 644', pass: 'pw 644' }],
    [
      'defaultMode is the mode of every file',
      { secret: { secretName: 's', defaultMode: 0o400 } },
      { user: 'me 400', pass: 'pw 400' },
    ],
    [
      'items: only the keys that are listed, at their paths; an item’s mode goes before the default',
      { secret: { secretName: 's', items: [{ key: 'user', path: 'a/b', mode: 0o600 }] } },
      { 'a/b': 'me 600' },
    ],
    [
      'a configMap: data and binaryData',
      { configMap: { name: 'c' } },
      { text: 'hello 644', user: 'other 644', bin: '\u0001\u0002 644' },
    ],
    ['an optional object that is missing: an empty directory', { secret: { secretName: 'x', optional: true } }, {}],
    [
      'an optional key that is missing is skipped',
      { configMap: { name: 'c', optional: true, items: [{ key: 'x', path: 'x' }] } },
      {},
    ],
    [
      'projected: in order, the later source wins a path',
      {
        projected: {
          sources: [{ secret: { name: 's' } }, { configMap: { name: 'c', items: [{ key: 'user', path: 'user' }] } }],
        },
      },
      { user: 'other 644', pass: 'pw 644' },
    ],
    [
      'projected: an item’s mode goes before the one default mode of all sources',
      {
        projected: {
          defaultMode: 0o440,
          sources: [
            { secret: { name: 's', items: [{ key: 'user', path: 'u', mode: 0o600 }] } },
            { configMap: { name: 'c', items: [{ key: 'text', path: 't' }] } },
            { serviceAccountToken: { path: 'token' } },
          ],
        },
      },
      { u: 'me 600', t: 'hello 440', token: 'jwt 440' },
    ],
    [
      'projected: the later source wins a token’s path too',
      {
        projected: {
          sources: [
            { serviceAccountToken: { path: 'user' } },
            { secret: { name: 's', items: [{ key: 'user', path: 'user' }] } },
          ],
        },
      },
      { user: 'me 644' },
    ],
    ['projected: an empty source has no files', { projected: { sources: [{}] } }, {}],
    [
      'projected: a token',
      { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      { token: 'jwt 644' },
    ],
    [
      'projected: a cluster trust bundle',
      { projected: { sources: [{ clusterTrustBundle: { name: 'b', path: 'ca.pem' } }] } },
      { 'ca.pem': 'PEM 644' },
    ],
    [
      'an optional trust bundle that is missing is an empty file',
      { projected: { sources: [{ clusterTrustBundle: { name: 'x', path: 'ca.pem', optional: true } }] } },
      { 'ca.pem': ' 644' },
    ],
    [
      'downwardAPI: fields and resources',
      {
        downwardAPI: {
          items: [
            { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
            { path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } },
          ],
        },
      },
      { labels: ' 644', cpu: '4 644' },
    ],
  ])('%s', (_rule, volume, expected) => {
    expect(files(volume)).toEqual(expected);
  });

  test.each<[string, Omit<Volume, 'name'>, string]>([
    ['a secret', { secret: { secretName: 'x' } }, 'secret "x" not found'],
    ['a configMap', { configMap: { name: 'x' } }, 'configmap "x" not found'],
    [
      'a secret’s key',
      { secret: { secretName: 's', items: [{ key: 'x', path: 'x' }] } },
      'references non-existent secret key: x',
    ],
    [
      'a configMap’s key',
      { configMap: { name: 'c', items: [{ key: 'x', path: 'x' }] } },
      'configmap references non-existent config key: x',
    ],
    [
      'several sources: all are named',
      { projected: { sources: [{ secret: { name: 'x' } }, { configMap: { name: 'y' } }] } },
      '[secret "x" not found, configmap "y" not found]',
    ],
    [
      'a trust bundle',
      { projected: { sources: [{ clusterTrustBundle: { name: 'x', path: 'p' } }] } },
      'clustertrustbundle.certificates.k8s.io "x" not found',
    ],
  ])('missing: %s', (_rule, volume, message) => {
    expect(() => files(volume)).toThrow(message);
  });

  test('a token is private where its user or group is known', () => {
    const token = { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } };
    expect(files(token, pod({ securityContext: { fsGroup: 1 } }))).toEqual({ token: 'jwt 600' });
    expect(files(token, pod({ securityContext: { runAsUser: 1000 } }))).toEqual({ token: 'jwt 600' });
  });

  test('the shared user is the one that all containers name', () => {
    const containers = (...users: (number | undefined)[]) =>
      users.map((runAsUser, i) => ({
        name: `c${i}`,
        image: 'i',
        ...(runAsUser === undefined ? {} : { securityContext: { runAsUser } }),
      }));
    expect(sharedUser(pod({ containers: containers(5, 5) }))).toBe(5);
    expect(sharedUser(pod({ containers: containers(5, 6) }))).toBeUndefined();
    expect(sharedUser(pod({ containers: containers(5, undefined) }))).toBeUndefined();
    expect(sharedUser(pod({ containers: containers(5, undefined), securityContext: { runAsUser: 5 } }))).toBe(5);
  });
});

describe('downward API fields', () => {
  const full: Pod = {
    ...pod(
      { nodeName: 'n', serviceAccountName: 'sa' },
      { labels: { b: '2', a: 'x "y"' }, annotations: { 'x/y': 'line\nbreak\t\u0001é\\' } },
    ),
    status: {
      podIP: '10.0.0.1',
      podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd::1' }],
      hostIP: '1.2.3.4',
      hostIPs: [{ ip: '1.2.3.4' }],
    },
  };
  test.each([
    ['metadata.name', 'p'],
    ['metadata.namespace', 'ns'],
    ['metadata.uid', 'u'],
    ["metadata.labels['b']", '2'],
    ["metadata.labels['none']", ''],
    ["metadata.annotations['x/y']", 'line\nbreak\t\u0001é\\'],
    ['metadata.labels', 'a="x \\"y\\""\nb="2"'],
    ['metadata.annotations', 'x/y="line\\nbreak\\t\\x01é\\\\"'],
    ['spec.nodeName', 'n'],
    ['spec.serviceAccountName', 'sa'],
    ['status.podIP', '10.0.0.1'],
    ['status.podIPs', '10.0.0.1,fd::1'],
    ['status.hostIP', '1.2.3.4'],
    ['status.hostIPs', '1.2.3.4'],
  ])('%s', (path, value) => {
    expect(fieldValue(full, path)).toBe(value);
  });

  test('an unknown field is refused', () => {
    expect(() => fieldValue(full, 'spec.x')).toThrow('unsupported fieldPath: spec.x');
  });

  test('maps are sorted by key and end without a newline', () => {
    expect(formatMap({ z: '', a: '1' })).toBe('a="1"\nz=""');
    expect(formatMap(undefined)).toBe('');
  });
});

describe('downward API resources', () => {
  const limited = pod({
    containers: [
      { name: 'c', image: 'i', resources: { limits: { cpu: '250m', memory: '64Mi' }, requests: { cpu: '100m' } } },
      { name: 'free', image: 'i' },
      { name: 'zero', image: 'i', resources: { limits: { cpu: '0' } } },
    ],
    initContainers: [{ name: 'init', image: 'i', resources: { requests: { memory: '1000' } } }],
  });
  const allocatable = { cpu: '4', memory: '8Gi', 'ephemeral-storage': '10Gi' };
  test.each<[string, string, string | undefined, string, string]>([
    ['c', 'limits.cpu', undefined, '1', 'CPUs are rounded up'],
    ['c', 'limits.cpu', '1m', '250', 'in thousandths with divisor 1m'],
    ['c', 'limits.cpu', '0', '1', 'divisor 0 is 1'],
    ['c', 'limits.memory', undefined, '67108864', 'in bytes'],
    ['c', 'limits.memory', '1Mi', '64', 'in mebibytes'],
    ['c', 'limits.memory', '1G', '1', 'rounded up'],
    ['zero', 'limits.cpu', undefined, '4', 'a limit of zero is none'],
    ['c', 'requests.cpu', '1m', '100', 'requests'],
    ['c', 'requests.memory', undefined, '0', 'a request that is not set is 0'],
    ['free', 'limits.cpu', undefined, '4', 'a limit that is not set is the node’s allocatable'],
    ['free', 'limits.memory', '1Gi', '8', 'for memory too'],
    ['free', 'limits.ephemeral-storage', '1Gi', '10', 'and for storage'],
    ['free', 'limits.hugepages-2Mi', undefined, '0', 'but not for huge pages'],
    ['init', 'requests.memory', '1k', '1', 'init containers can be named'],
  ])('%s %s / %s = %s: %s', (containerName, resource, divisor, value) => {
    expect(resourceValue(limited, { containerName, resource, ...(divisor ? { divisor } : {}) }, allocatable)).toBe(
      value,
    );
  });

  test('the default is the own container; one that is missing is an error', () => {
    expect(resourceValue(limited, { resource: 'requests.cpu', divisor: '1m' }, allocatable, 'c')).toBe('100');
    expect(() => resourceValue(limited, { containerName: 'x', resource: 'limits.cpu' }, allocatable)).toThrow(
      'container x not found',
    );
  });
});
