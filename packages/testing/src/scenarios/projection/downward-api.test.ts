import type { Container } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** Every field of the downward API, as a variable and as a file (Kubernetes "Downward API"). */

type FieldRef = { readonly fieldPath: string };

/** The value of a field as a variable of the container; the error of the API server where it is refused. */
async function asVariable(cluster: PodScenario, name: string, fieldRef: FieldRef, more: Partial<Container> = {}) {
  await cluster.start(
    {
      serviceAccountName: 'default',
      containers: [service({ env: [{ name: 'X', valueFrom: { fieldRef } }], ...more })],
    },
    { name, ...identity },
  );
  await cluster.advance('1s');
  return (await cluster.exec(`default/${name}`, ['sh', '-c', 'printf %s "$X"'])).stdout;
}

async function asFile(cluster: PodScenario, name: string, fieldRef: FieldRef) {
  await cluster.start(
    {
      containers: [service({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      volumes: [{ name: 'v', downwardAPI: { items: [{ path: 'x', fieldRef }] } }],
    },
    { name, ...identity },
  );
  await cluster.advance('2s');
  return (await cluster.exec(`default/${name}`, ['cat', '/v/x'])).stdout;
}

const identity = {
  labels: { zone: 'us-est-coast', cluster: 'test-cluster1', rack: 'rack-22' },
  annotations: { build: 'two', builder: 'john-doe', 'Acme.com/Odd': 'a "quoted"\n\tline \\ ü \u0001' },
};

describe('fields of the Pod', () => {
  test.for([
    ['metadata.name', 'web', 'web'],
    ['metadata.namespace', 'default', 'default'],
    ['metadata.uid', /^[0-9a-f-]{36}$/, /^[0-9a-f-]{36}$/],
    ["metadata.labels['rack']", 'rack-22', 'rack-22'],
    ["metadata.labels['none']", '', ''],
    ["metadata.annotations['builder']", 'john-doe', 'john-doe'],
    ["metadata.annotations['Acme.com/Odd']", 'a "quoted"\n\tline \\ ü \u0001', 'a "quoted"\n\tline \\ ü \u0001'],
    ['metadata.labels', 'refused', 'cluster="test-cluster1"\nrack="rack-22"\nzone="us-est-coast"'],
    [
      'metadata.annotations',
      'refused',
      'Acme.com/Odd="a \\"quoted\\"\\n\\tline \\\\ ü \\x01"\nbuild="two"\nbuilder="john-doe"',
    ],
    ['spec.nodeName', 'node1', 'refused'],
    ['spec.serviceAccountName', 'default', 'refused'],
    ['status.hostIP', '192.168.0.11', 'refused'],
    ['status.hostIPs', '192.168.0.11', 'refused'],
    ['status.podIP', /^10\.224\.0\.\d+$/, 'refused'],
    ['status.podIPs', /^10\.224\.0\.\d+$/, 'refused'],
    ['status.phase', 'refused', 'refused'],
    ['spec.containers', 'refused', 'refused'],
    ["metadata.name['x']", 'refused', 'refused'],
  ] as const)('%s', async ([fieldPath, variable, file]) => {
    const cluster = await podScenario();
    const check = async (value: Promise<string>, expected: string | RegExp) => {
      if (expected === 'refused') await expect(value).rejects.toMatchObject({ code: 422 });
      else if (typeof expected === 'string') expect(await value).toBe(expected);
      else expect(await value).toMatch(expected);
    };
    await check(asVariable(cluster, 'web', { fieldPath }), variable);
    await cluster.remove('web', 0).catch(() => undefined);
    await cluster.settle();
    await check(asFile(cluster, 'web', { fieldPath }), file);
  });

  test.for([
    ['metadata.labels', 'valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels"'],
    ['status.nothing', 'error converting fieldPath: field label not supported: status.nothing'],
    ["metadata.name['x']", 'does not support subscript'],
    ["metadata.labels['no key']", 'valueFrom.fieldRef'],
  ] as const)('%s as a variable: %s', async ([fieldPath, message]) => {
    const cluster = await podScenario();
    await expect(asVariable(cluster, 'web', { fieldPath })).rejects.toThrow(message);
  });

  // With some seeds, its volume is written before that of the account's token, which must not wait because of that.
  test.for([1, 2, 12, 14, 16, 18])('in a Pod without labels the file of labels is empty (seed %d)', async (seed) => {
    const cluster = await podScenario({ seed });
    await cluster.start({
      containers: [service({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      volumes: [{ name: 'v', downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'metadata.labels' } }] } }],
    });
    expect((await cluster.exec('default/web', ['sh', '-c', 'wc -c < /v/x'])).stdout.trim()).toBe('0');
  });
});

describe('resources of containers', () => {
  const resources = {
    requests: { cpu: '125m', memory: '32Mi', 'ephemeral-storage': '1Gi' },
    limits: { cpu: '250m', memory: '64Mi', 'ephemeral-storage': '2Gi' },
  };

  test.for([
    ['limits.cpu', undefined, '1'],
    ['limits.cpu', '1m', '250'],
    ['limits.cpu', '1', '1'],
    ['requests.cpu', '1m', '125'],
    ['requests.cpu', undefined, '1'],
    ['limits.memory', undefined, '67108864'],
    ['limits.memory', '1Mi', '64'],
    ['limits.memory', '1M', '68'],
    ['limits.memory', '1Gi', '1'],
    ['requests.memory', '1Ki', '32768'],
    ['requests.memory', '1k', '33555'],
    ['limits.ephemeral-storage', '1Gi', '2'],
    ['requests.ephemeral-storage', undefined, '1073741824'],
  ] as const)('%s divided by %s is %s, as a variable and as a file', async ([resource, divisor, expected]) => {
    const cluster = await podScenario();
    const reference = { containerName: 'main', resource, ...(divisor === undefined ? {} : { divisor }) };
    await cluster.start({
      containers: [
        service({
          resources,
          env: [{ name: 'X', valueFrom: { resourceFieldRef: reference } }],
          volumeMounts: [{ name: 'v', mountPath: '/v' }],
        }),
      ],
      volumes: [{ name: 'v', downwardAPI: { items: [{ path: 'x', resourceFieldRef: reference }] } }],
    });
    await cluster.advance('1s');
    expect((await cluster.exec('default/web', ['sh', '-c', 'echo $X $(cat /v/x)'])).stdout).toBe(
      `${expected} ${expected}\n`,
    );
  });

  test('a limit that is not set is the node’s allocatable, a request that is not set is 0', async () => {
    const cluster = await podScenario({
      nodes: [{ name: 'node1', capacity: { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' } }],
    });
    const variable = (name: string, resource: string, divisor?: string) => ({
      name,
      valueFrom: { resourceFieldRef: { resource, ...(divisor === undefined ? {} : { divisor }) } },
    });
    await cluster.start({
      containers: [
        service({
          env: [
            variable('A', 'limits.cpu'),
            variable('B', 'limits.memory', '1Gi'),
            variable('C', 'limits.ephemeral-storage', '1Gi'),
            variable('D', 'requests.cpu', '1m'),
            variable('E', 'requests.memory'),
          ],
        }),
      ],
    });
    await cluster.advance('1s');
    expect((await cluster.exec('default/web', ['sh', '-c', 'echo $A $B $C $D $E'])).stdout).toBe('4 8 100 0 0\n');
  });

  test('another container’s resources are read by its name, init containers’ too', async () => {
    const cluster = await podScenario();
    await cluster.start({
      initContainers: [{ name: 'first', image: 'busybox', command: ['true'], resources }],
      containers: [
        service({
          env: [
            {
              name: 'X',
              valueFrom: { resourceFieldRef: { containerName: 'first', resource: 'limits.memory', divisor: '1Mi' } },
            },
          ],
        }),
      ],
    });
    await cluster.advance('2s');
    expect((await cluster.exec('default/web', ['sh', '-c', 'echo $X'])).stdout).toBe('64\n');
  });

  test.for([
    ['limits.cpu', '1Mi', 'Invalid value: "1Mi": only divisor\'s values 1m and 1 are supported with the cpu resource'],
    [
      'limits.memory',
      '1m',
      'Invalid value: "1m": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource',
    ],
    ['limits.gpu', '1', 'Unsupported value: "limits.gpu"'],
  ] as const)('%s with divisor %s is refused', async ([resource, divisor, message]) => {
    const cluster = await podScenario();
    await expect(
      cluster.start({
        containers: [service({ env: [{ name: 'X', valueFrom: { resourceFieldRef: { resource, divisor } } }] })],
      }),
    ).rejects.toThrow(message);
  });
});
