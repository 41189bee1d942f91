import {
  builtinKind,
  Event,
  failures,
  type Kind,
  type KubernetesObject,
  Namespace,
  Pod,
  PriorityClass,
  type ResourceQuota,
  ServiceAccount,
  StatusError,
} from '@orrery/api';
import { createSimulation } from '@orrery/core';
import { describe, expect, test } from 'vitest';
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';
import { builtinAdmission } from './builtin.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { priority } from './priority.ts';
import { resourceQuota } from './resource-quota.ts';
import { serviceAccount } from './service-account.ts';

const pod = (spec: Partial<Pod['spec']> = {}, metadata: object = { name: 'p' }): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: metadata as Pod['metadata'],
  spec: { containers: [{ name: 'main' }], ...spec },
});

const simulation = createSimulation();

function context(objects: readonly KubernetesObject[]): AdmissionContext {
  const ofKind = (kind: Kind) => objects.filter((object) => object.kind === kind.kind);
  const client = {
    async get(kind: Kind, key: string | { name: string }) {
      const name = typeof key === 'string' ? key : key.name;
      const found = ofKind(kind).find(({ metadata }) => metadata?.name === name);
      if (found === undefined) throw failures.notFound(kind, name);
      return found;
    },
    list: async (kind: Kind) => ({ items: ofKind(kind), metadata: { resourceVersion: '1' } }),
  };
  const { random } = simulation.environment;
  const clock = { sleep: async () => {}, now: () => 0 };
  return { client, clock, random, warn: () => {}, afterCommit: () => {} } as unknown as AdmissionContext;
}

function request(
  kind: Kind,
  object: KubernetesObject | undefined,
  more: Partial<AdmissionRequest> = {},
): AdmissionRequest {
  const user = { username: 'me', groups: [] };
  return {
    operation: 'CREATE',
    kind,
    subresource: '',
    namespace: 'default',
    name: '',
    ...(object === undefined ? {} : { object }),
    user,
    dryRun: false,
    ...more,
  };
}

async function run(plugin: AdmissionPlugin, asked: AdmissionRequest, objects: readonly KubernetesObject[]) {
  if (plugin.matches?.(asked) === false) return asked.object;
  const given = context(objects);
  const changed = (await plugin.mutate?.(asked, given)) ?? asked.object;
  await plugin.validate?.({ ...asked, ...(changed === undefined ? {} : { object: changed }) }, given);
  return changed;
}

async function refusal(...args: Parameters<typeof run>): Promise<StatusError> {
  try {
    await run(...args);
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('it was admitted');
}

const namespace = (name: string, phase: 'Active' | 'Terminating' = 'Active') => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
  spec: {},
  status: { phase },
});

test("the built-in plugins run in Kubernetes' order", () => {
  expect(builtinAdmission().map(({ name }) => name)).toEqual([
    'NamespaceLifecycle',
    'LimitRanger',
    'ServiceAccount',
    'NodeRestriction',
    'TaintNodesByCondition',
    'Priority',
    'DefaultTolerationSeconds',
    'RuntimeClass',
    'ResourceQuota',
  ]);
});

describe('ResourceQuota', () => {
  const quota = (name: string, hard: object, used?: object): ResourceQuota =>
    ({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name, namespace: 'default' },
      spec: { hard },
      status: { hard, ...(used === undefined ? {} : { used }) },
    }) as ResourceQuota;

  test.each([
    [
      'nobody has counted what it limits',
      [quota('new', { pods: '5', 'requests.storage': '1Gi' })],
      'status unknown for quota: new, resources: pods',
    ],
    [
      'it has no room, of several resources',
      [quota('full', { pods: '5', 'count/pods': '7' }, { pods: '5', 'count/pods': '7' })],
      'exceeded quota: full, requested: count/pods=1,pods=1, used: count/pods=7,pods=5, limited: count/pods=7,pods=5',
    ],
    [
      'another one of the namespace has no room',
      [quota('free', { pods: '5' }, { pods: '0' }), quota('full', { pods: '0' }, { pods: '0' })],
      'exceeded quota: full, requested: pods=1, used: pods=0, limited: pods=0',
    ],
    [
      'a container says nothing of what it limits',
      [quota('cpu', { 'limits.cpu': '5' }, { 'limits.cpu': '0' })],
      'failed quota: cpu: must specify limits.cpu for: main',
    ],
  ])('refuses a Pod where %s', async (_what, quotas, why) => {
    const error = await refusal(resourceQuota(), request(Pod, pod()), quotas);
    expect(error.message).toBe(`pods "p" is forbidden: ${why}`);
    expect(error.code).toBe(403);
  });

  test('asks nothing of Events', async () => {
    const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' } };
    const full = quota('full', { 'count/events': '0' }, { 'count/events': '0' });
    await expect(run(resourceQuota(), request(Event, event), [full])).resolves.toBe(event);
  });
});

describe('NamespaceLifecycle', () => {
  test('refuses creation in a namespace that is missing', async () => {
    const error = await refusal(namespaceLifecycle, request(Pod, pod()), []);
    expect(error.message).toBe('namespaces "default" not found');
    expect(error.code).toBe(404);
  });

  test('refuses creation in a namespace that is being deleted, with its cause', async () => {
    const error = await refusal(namespaceLifecycle, request(Pod, pod()), [namespace('default', 'Terminating')]);
    expect(error.message).toBe(
      'pods "p" is forbidden: unable to create new content in namespace default because it is being terminated',
    );
    expect(error.status.details?.causes).toEqual([
      { reason: 'NamespaceTerminating', message: 'namespace default is being terminated', field: 'metadata.namespace' },
    ]);
  });

  test('lets access reviews ask about a namespace that is missing', async () => {
    const review = builtinKind('authorization.k8s.io/v1', 'LocalSubjectAccessReview');
    await run(namespaceLifecycle, request(review, { apiVersion: review.apiVersion, kind: review.kind }), []);
  });

  test('allows updates and deletes there', async () => {
    const objects = [namespace('default', 'Terminating')];
    await run(namespaceLifecycle, request(Pod, pod(), { operation: 'UPDATE' }), objects);
    await run(namespaceLifecycle, request(Pod, undefined, { operation: 'DELETE', name: 'p' }), objects);
  });

  test.each(['default', 'kube-system', 'kube-public'])('keeps the namespace %s', async (name) => {
    const asked = request(Namespace, undefined, { operation: 'DELETE', namespace: '', name });
    const error = await refusal(namespaceLifecycle, asked, []);
    expect(error.message).toBe(`namespaces "${name}" is forbidden: this namespace may not be deleted`);
  });

  test('allows other namespaces to be deleted', async () => {
    const asked = request(Namespace, undefined, { operation: 'DELETE', namespace: '', name: 'mine' });
    await run(namespaceLifecycle, asked, []);
  });
});

describe('NodeRestriction', () => {
  const node = { username: 'system:node:n1', groups: ['system:nodes'] };
  const mirror = (owner: object) =>
    pod(
      { nodeName: 'n1' },
      { name: 'p', annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [{ uid: 'u', ...owner }] },
    );
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1' };

  test('accepts a mirror Pod that its own node owns', async () => {
    await run(nodeRestriction, request(Pod, mirror(owner), { user: node }), []);
  });

  test.each<[string, object]>([
    ['another node', { ...owner, name: 'n2' }],
    ['another kind', { ...owner, kind: 'Pod' }],
    ['a custom kind that is called Node', { ...owner, apiVersion: 'demo.orrery.dev/v1' }],
  ])('refuses one that %s owns', async (_, other) => {
    const error = await refusal(nodeRestriction, request(Pod, mirror(other), { user: node }), []);
    expect(error.message).toBe(
      'pods "p" is forbidden: node "n1" can only create pods with an owner reference set to itself',
    );
  });
});

const account = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: ServiceAccount.kind,
  metadata: { name, namespace: 'default' },
  ...more,
});

describe('ServiceAccount', () => {
  test('sets the default account, in the deprecated field too', async () => {
    const admitted = (await run(serviceAccount, request(Pod, pod()), [account('default')])) as Pod;
    expect(admitted.spec.serviceAccountName).toBe('default');
    expect(admitted.spec.serviceAccount).toBe('default');
    expect(admitted.spec.volumes?.[0]?.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
  });

  test('refuses an account that does not exist', async () => {
    const asked = request(Pod, pod({ serviceAccountName: 'robot' }, { generateName: 'web-' }));
    const error = await refusal(serviceAccount, asked, [account('default')]);
    expect(error.message).toBe(
      'pods "web-" is forbidden: error looking up service account default/robot: serviceaccount "robot" not found',
    );
  });

  test('refuses a mirror Pod that names an account', async () => {
    const mirror = pod({ serviceAccountName: 'x' }, { name: 'p', annotations: { 'kubernetes.io/config.mirror': 'x' } });
    const error = await refusal(serviceAccount, request(Pod, mirror), [account('x')]);
    expect([error.code, error.message]).toEqual([
      403,
      'pods "p" is forbidden: a mirror pod may not reference service accounts',
    ]);
  });

  test('mounts no token when the account opts out', async () => {
    const objects = [account('default', { automountServiceAccountToken: false })];
    const admitted = (await run(serviceAccount, request(Pod, pod()), objects)) as Pod;
    expect(admitted.spec.volumes).toBeUndefined();
  });

  test('leaves mirror Pods alone', async () => {
    const mirror = pod({}, { name: 'p', annotations: { 'kubernetes.io/config.mirror': 'x' } });
    expect(await run(serviceAccount, request(Pod, mirror), [])).toBe(mirror);
  });
});

describe('ServiceAccount, of containers that are added later', () => {
  const strict = account('strict', {
    metadata: { name: 'strict', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } },
  });
  const asked = (debug: object) =>
    request(Pod, pod({ serviceAccountName: 'strict', ephemeralContainers: [{ name: 'd', ...debug }] }), {
      operation: 'UPDATE',
      subresource: 'ephemeralcontainers',
      name: 'p',
    });

  test('refuses Secrets that the account does not list', async () => {
    const error = await refusal(serviceAccount, asked({ envFrom: [{ secretRef: { name: 'x' } }] }), [strict]);
    expect(error.code).toBe(403);
    expect(error.message).toBe(
      'pods "p" is forbidden: ephemeral container d with envFrom referencing secret.secretName="x" is not allowed because service account strict does not reference that secret',
    );
  });

  test('does not change the Pod', async () => {
    const plain = asked({});
    expect(await run(serviceAccount, plain, [strict])).toBe(plain.object);
  });

  test('ignores any other update', async () => {
    const update = request(Pod, pod({ serviceAccountName: 'gone' }), { operation: 'UPDATE', name: 'p' });
    expect(await run(serviceAccount, update, [])).toBe(update.object);
  });
});

const priorityClass = (name: string, value: number, more: object = {}): PriorityClass => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  ...more,
});

describe('Priority', () => {
  const admitted = async (spec: Partial<Pod['spec']>, classes: PriorityClass[] = []) =>
    ((await run(priority, request(Pod, pod(spec)), classes)) as Pod).spec;

  test('is 0 without any class', async () => {
    const { priority: value, preemptionPolicy, priorityClassName } = await admitted({});
    expect([value, preemptionPolicy, priorityClassName]).toEqual([0, 'PreemptLowerPriority', undefined]);
  });

  test("is the named class's, with its preemption policy", async () => {
    const classes = [priorityClass('high', 1000, { preemptionPolicy: 'Never' })];
    const { priority: value, preemptionPolicy } = await admitted({ priorityClassName: 'high' }, classes);
    expect([value, preemptionPolicy]).toEqual([1000, 'Never']);
  });

  test("is the global default's when none is named, and sets its name", async () => {
    const { priority: value, priorityClassName } = await admitted({}, [
      priorityClass('usual', 7, { globalDefault: true }),
    ]);
    expect([value, priorityClassName]).toEqual([7, 'usual']);
  });

  test('knows the system classes', async () => {
    expect((await admitted({ priorityClassName: 'system-node-critical' })).priority).toBe(2_000_001_000);
    expect((await admitted({ priorityClassName: 'system-cluster-critical' })).priority).toBe(2_000_000_000);
  });

  test('refuses a class that does not exist', async () => {
    const error = await refusal(priority, request(Pod, pod({ priorityClassName: 'x' })), []);
    expect(error.message).toBe('pods "p" is forbidden: no PriorityClass with name x was found');
  });

  test('refuses a number that differs from the class', async () => {
    const error = await refusal(priority, request(Pod, pod({ priority: 5 })), []);
    expect(error.message).toContain('the integer value of priority (5) must not be provided in pod spec');
  });

  test('an update without a priority keeps it', async () => {
    const asked = request(Pod, pod(), { operation: 'UPDATE', oldObject: pod({ priority: 9 }) });
    expect(((await run(priority, asked, [])) as Pod).spec.priority).toBe(9);
  });

  test('refuses a second global default', async () => {
    const asked = request(PriorityClass, priorityClass('second', 1, { globalDefault: true }));
    const error = await refusal(priority, asked, [priorityClass('first', 2, { globalDefault: true })]);
    expect(error.message).toContain('PriorityClass first is already marked as default');
  });
});
