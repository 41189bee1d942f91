import type { Pod, PriorityClass, ServiceAccount, Toleration } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { withDefaultTolerations } from './default-toleration-seconds.ts';
import { forbiddenEphemeralReference, forbiddenReference } from './mountable-secrets.ts';
import { defaultClass } from './priority.ts';
import { automounts, mirrorPodFault, tokenMountPath, withPullSecrets, withTokenVolume } from './service-account.ts';
import { withNotReadyTaint } from './taint-nodes-by-condition.ts';

const pod = (spec: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'main', image: 'busybox' }], ...spec },
});
const account = (more: Partial<ServiceAccount> = {}): ServiceAccount => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'default' },
  ...more,
});
const named = () => 'kube-api-access-abcde';
const tokenMount = { name: named(), readOnly: true, mountPath: tokenMountPath };

describe('the token of the service account', () => {
  test('is a projected volume of token, CA and namespace, mounted in all containers', () => {
    const { spec } = withTokenVolume(pod({ initContainers: [{ name: 'init' }] }), named);
    expect(spec.containers[0]?.volumeMounts).toEqual([tokenMount]);
    expect(spec.initContainers?.[0]?.volumeMounts).toEqual([tokenMount]);
    expect(spec.volumes).toEqual([
      {
        name: named(),
        projected: {
          defaultMode: 420,
          sources: [
            { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            {
              downwardAPI: {
                items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
              },
            },
          ],
        },
      },
    ]);
  });

  test('is omitted from containers that mount something there, and adds no volume when all do', () => {
    const own = { name: 'own', mountPath: tokenMountPath };
    const before = pod({ containers: [{ name: 'main', volumeMounts: [own] }] });
    expect(withTokenVolume(before, named)).toBe(before);
  });

  test('uses a volume of that name that already exists', () => {
    const volume = { name: 'kube-api-access-mine', emptyDir: {} };
    const { spec } = withTokenVolume(pod({ volumes: [volume] }), named);
    expect(spec.volumes).toEqual([volume]);
    expect(spec.containers[0]?.volumeMounts?.[0]?.name).toBe('kube-api-access-mine');
  });

  test.each([
    ['the Pod decides first', true, false, true],
    ['the Pod decides first', false, true, false],
    ['else the account', undefined, false, false],
    ['else yes', undefined, undefined, true],
  ])('%s (%s, %s)', (_, ofPod, ofAccount, expected) => {
    const one = pod(ofPod === undefined ? {} : { automountServiceAccountToken: ofPod });
    const its = account(ofAccount === undefined ? {} : { automountServiceAccountToken: ofAccount });
    expect(automounts(one, its)).toBe(expected);
  });
});

describe('pull secrets of the account', () => {
  const its = account({ imagePullSecrets: [{ name: 'registry' }] });
  test('are added to a Pod that has none', () => {
    expect(withPullSecrets(pod(), its).spec.imagePullSecrets).toEqual([{ name: 'registry' }]);
  });
  test('are not added to a Pod that has its own', () => {
    const own = [{ name: 'own' }];
    expect(withPullSecrets(pod({ imagePullSecrets: own }), its).spec.imagePullSecrets).toEqual(own);
  });
});

describe('a mirror Pod', () => {
  const secretEnv = { name: 'X', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } };
  const token = { name: 't', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } };
  const rows: readonly [rule: string, spec: Partial<Pod['spec']>, fault: string | undefined][] = [
    ['may be plain', {}, undefined],
    ['has no account', { serviceAccountName: 'x' }, 'a mirror pod may not reference service accounts'],
    [
      'mounts no secret',
      { volumes: [{ name: 's', secret: { secretName: 's' } }] },
      'a mirror pod may not reference secrets',
    ],
    ['reads no secret', { containers: [{ name: 'main', env: [secretEnv] }] }, 'a mirror pod may not reference secrets'],
    [
      'mounts no secret among others',
      { volumes: [{ name: 'p', projected: { sources: [{ secret: { name: 's' } }] } }] },
      'a mirror pod may not reference secrets',
    ],
    [
      'reads no set of secrets',
      { initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 's' } }] }] },
      'a mirror pod may not reference secrets',
    ],
    ['has no token', { volumes: [token] }, 'a mirror pod may not use ServiceAccountToken volume projections'],
  ];
  test.each(rows)('%s', (_, spec, fault) => {
    expect(mirrorPodFault(pod(spec))).toBe(fault);
  });
});

describe('an account that enforces its list of secrets', () => {
  const its = account({
    metadata: { name: 'y', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } },
    secrets: [{ name: 'known' }],
  });
  const volume = (secretName: string) => ({ volumes: [{ name: 'v', secret: { secretName } }] });
  test('refuses a volume of another secret', () => {
    expect(forbiddenReference(pod(volume('x')), its)).toBe(
      'volume with secret.secretName="x" is not allowed because service account y does not reference that secret',
    );
    expect(forbiddenReference(pod(volume('known')), its)).toBeUndefined();
    expect(forbiddenReference(pod(volume('x')), account())).toBeUndefined();
  });
  const env = [{ name: 'E', valueFrom: { secretKeyRef: { name: 'x', key: 'k' } } }];
  const envFrom = [{ secretRef: { name: 'x' } }];
  const not = 'is not allowed because service account y does not reference that';
  const rows: readonly [rule: string, spec: Partial<Pod['spec']>, fault: string][] = [
    [
      'a variable of a container',
      { containers: [{ name: 'c', env }] },
      `container c with envVar E referencing secret.secretName="x" ${not} secret`,
    ],
    [
      'a set of variables of a container',
      { containers: [{ name: 'c', envFrom }] },
      `container c with envFrom referencing secret.secretName="x" ${not} secret`,
    ],
    [
      'a variable of an init container',
      { initContainers: [{ name: 'i', env }] },
      `init container i with envVar E referencing secret.secretName="x" ${not} secret`,
    ],
    [
      'a set of variables of an init container',
      { initContainers: [{ name: 'i', envFrom }] },
      `init container i with envFrom referencing secret.secretName="x" ${not} secret`,
    ],
    [
      'a pull secret',
      { imagePullSecrets: [{ name: 'known' }] },
      `imagePullSecrets[].name="known" ${not} imagePullSecret`,
    ],
  ];
  test.each(rows)('refuses %s', (_, spec, fault) => {
    expect(forbiddenReference(pod(spec), its)).toBe(fault);
    expect(forbiddenReference(pod(spec), account())).toBeUndefined();
  });
  test('allows the pull secrets that it lists', () => {
    const lists = { ...its, imagePullSecrets: [{ name: 'x' }] };
    expect(forbiddenReference(pod({ imagePullSecrets: [{ name: 'x' }] }), lists)).toBeUndefined();
  });
  test.each([
    ['a variable', { env }, 'with envVar E referencing'],
    ['a set of variables', { envFrom }, 'with envFrom referencing'],
  ])('refuses %s of an ephemeral container that comes later', (_, fields, text) => {
    const debugged = pod({ ephemeralContainers: [{ name: 'd', ...fields }] });
    expect(forbiddenEphemeralReference(debugged, its)).toBe(
      `ephemeral container d ${text} secret.secretName="x" ${not} secret`,
    );
    expect(forbiddenEphemeralReference(debugged, account())).toBeUndefined();
    // References of the existing containers are not checked again.
    expect(forbiddenEphemeralReference(pod({ containers: [{ name: 'c', env }] }), its)).toBeUndefined();
  });
});

describe('default tolerations', () => {
  const added = (key: string) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  });
  const rows: readonly [rule: string, own: Toleration[], expected: string[]][] = [
    ['both are added', [], ['not-ready', 'unreachable']],
    [
      'one that the Pod has in some form is not',
      [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists' }],
      ['unreachable'],
    ],
    ['none when all is tolerated', [{ operator: 'Exists' }], []],
    ['another effect does not count', [{ operator: 'Exists', effect: 'NoSchedule' }], ['not-ready', 'unreachable']],
  ];
  test.each(rows)('%s', (_, own, expected) => {
    const tolerations = withDefaultTolerations(pod({ tolerations: own }))?.spec.tolerations ?? own;
    expect(tolerations).toEqual([...own, ...expected.map(added)]);
  });
});

test('a new node is tainted not-ready, once', () => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: {} } as const;
  const tainted = withNotReadyTaint(node);
  expect(tainted?.spec.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
  expect(tainted === undefined ? tainted : withNotReadyTaint(tainted)).toBeUndefined();
});

test('uses the lowest of several global defaults', () => {
  const priorityClass = (name: string, value: number, globalDefault: boolean) =>
    ({ metadata: { name }, value, globalDefault }) as PriorityClass;
  const classes = [priorityClass('a', 50, true), priorityClass('b', 10, true), priorityClass('c', 1, false)];
  expect(defaultClass(classes)?.metadata.name).toBe('b');
  expect(defaultClass([])).toBeUndefined();
});
