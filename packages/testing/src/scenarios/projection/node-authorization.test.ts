import { ConfigMap, type KubernetesObject, Lease, Node, Pod, Secret, ServiceAccount } from '@orrery/api';
import { firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** What a kubelet may do: what its own Pods need (Kubernetes "Using Node Authorization", NodeRestriction). */

const objects = `
apiVersion: v1
kind: Secret
metadata: { name: used, namespace: default }
stringData: { a: b }
---
apiVersion: v1
kind: Secret
metadata: { name: unused, namespace: default }
stringData: { a: b }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: used, namespace: default }
data: { a: b }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: robot, namespace: default }
`;

/** Two nodes; one Pod on the first, whose objects the second has nothing to do with. */
async function twoNodes(spec: Partial<Pod['spec']> = {}) {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.apply(objects);
  const pod = await cluster.start({
    nodeName: 'node1',
    serviceAccountName: 'robot',
    containers: [service({ env: [{ name: 'C', valueFrom: { configMapKeyRef: { name: 'used', key: 'a' } } }] })],
    volumes: [{ name: 's', secret: { secretName: 'used' } }],
    ...spec,
  });
  return { cluster, pod };
}

const kubelet = (cluster: PodScenario, node: string) =>
  cluster.as({ username: `system:node:${node}`, groups: ['system:nodes', 'system:authenticated'] });
const inDefault = (name: string) => ({ namespace: 'default', name });
const unrelated = (node: string) => `no relationship found between node '${node}' and this object`;

describe('reading', () => {
  test('a node reads Secrets and ConfigMaps that its Pods name, another node does not', async () => {
    const { cluster } = await twoNodes();
    expect((await kubelet(cluster, 'node1').get(Secret, inDefault('used'))).data).toEqual({ a: 'Yg==' });
    expect((await kubelet(cluster, 'node1').get(ConfigMap, inDefault('used'))).data).toEqual({ a: 'b' });
    await expect(kubelet(cluster, 'node1').get(Secret, inDefault('unused'))).rejects.toThrow(
      `secrets "unused" is forbidden: User "system:node:node1" cannot get resource "secrets" in API group "" in the namespace "default": ${unrelated('node1')}`,
    );
    await expect(kubelet(cluster, 'node2').get(Secret, inDefault('used'))).rejects.toThrow(unrelated('node2'));
    await expect(kubelet(cluster, 'node2').get(ConfigMap, inDefault('used'))).rejects.toThrow(unrelated('node2'));
  });

  test('the right ends with the Pod', async () => {
    const { cluster } = await twoNodes();
    await cluster.remove('web', 0);
    await cluster.settle();
    await expect(kubelet(cluster, 'node1').get(Secret, inDefault('used'))).rejects.toThrow(unrelated('node1'));
  });

  test.for<readonly [string, Partial<Pod['spec']>]>([
    ['a volume', { volumes: [{ name: 's', secret: { secretName: 'used' } }] }],
    ['a projected source', { volumes: [{ name: 's', projected: { sources: [{ secret: { name: 'used' } }] } }] }],
    ['a pull secret', { volumes: [], imagePullSecrets: [{ name: 'used' }] }],
    [
      'a variable',
      {
        volumes: [],
        containers: [service({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'used', key: 'a' } } }] })],
      },
    ],
    ['envFrom', { volumes: [], containers: [service({ envFrom: [{ secretRef: { name: 'used' } }] })] }],
    [
      'an init container',
      {
        volumes: [],
        initContainers: [
          { name: 'i', image: 'busybox', command: ['true'], envFrom: [{ secretRef: { name: 'used' } }] },
        ],
      },
    ],
  ])('a Secret is named by %s', async ([, spec]) => {
    const { cluster } = await twoNodes(spec);
    await expect(kubelet(cluster, 'node1').get(Secret, inDefault('used'))).resolves.toBeDefined();
    await expect(kubelet(cluster, 'node1').get(Secret, inDefault('unused'))).rejects.toThrow(unrelated('node1'));
  });

  test('Secrets are not listed, and watched only one by one', async () => {
    const { cluster } = await twoNodes();
    const client = kubelet(cluster, 'node1');
    await expect(client.list(Secret, { namespace: 'default' })).rejects.toThrow('No Object name found');
    await expect(client.list(Secret)).rejects.toThrow('can only read namespaced object of this type');
    await expect(firstValueFrom(client.watch(Secret, { namespace: 'default' }))).rejects.toThrow(
      'No Object name found',
    );
    const { items } = await client.list(Secret, { namespace: 'default', fieldSelector: 'metadata.name=used' });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['used']);
    await expect(
      client.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata: inDefault('new') }),
    ).rejects.toThrow('can only read resources of this type');
  });

  test('Pods are listed and read only if they are the node’s own', async () => {
    const { cluster } = await twoNodes();
    const own = await kubelet(cluster, 'node1').list(Pod, { fieldSelector: 'spec.nodeName=node1' });
    expect(own.items).toHaveLength(1);
    await expect(kubelet(cluster, 'node1').list(Pod)).rejects.toThrow(
      'can only list/watch pods with spec.nodeName field selector',
    );
    await expect(kubelet(cluster, 'node2').list(Pod, { fieldSelector: 'spec.nodeName=node1' })).rejects.toThrow(
      'can only list/watch',
    );
    await expect(kubelet(cluster, 'node2').get(Pod, inDefault('web'))).rejects.toThrow(unrelated('node2'));
  });

  test('a node reads its own Node only', async () => {
    const { cluster } = await twoNodes();
    await expect(kubelet(cluster, 'node1').get(Node, 'node1')).resolves.toBeDefined();
    await expect(kubelet(cluster, 'node1').get(Node, 'node2')).rejects.toThrow(
      "node 'node1' cannot read 'node2', only its own Node object",
    );
  });

  test('a user with a node’s name but without its group is not a node', async () => {
    const { cluster } = await twoNodes();
    const pretender = cluster.as({ username: 'system:node:node1', groups: ['system:authenticated'] });
    await expect(pretender.get(Secret, inDefault('used'))).rejects.toMatchObject({ code: 403 });
  });
});

describe('writing', () => {
  test('a node writes the status of its own Pods only', async () => {
    const { cluster, pod } = await twoNodes();
    const current = await cluster.client.get(Pod, inDefault(pod.metadata.name));
    await expect(kubelet(cluster, 'node1').updateStatus<Pod>(current)).resolves.toBeDefined();
    await expect(
      kubelet(cluster, 'node2').updateStatus<Pod>({ ...current, status: { ...current.status, message: 'x' } }),
    ).rejects.toThrow(
      'pods "web" is forbidden: node "node2" can only update pod status for pods with spec.nodeName set to itself',
    );
    await expect(kubelet(cluster, 'node1').update<Pod>(current)).rejects.toMatchObject({ code: 403 });
  });

  test('a node deletes its own Pods only', async () => {
    const { cluster } = await twoNodes();
    await expect(kubelet(cluster, 'node2').delete(Pod, inDefault('web'))).rejects.toThrow(
      'node "node2" can only delete pods with spec.nodeName set to itself',
    );
    await expect(kubelet(cluster, 'node1').delete(Pod, inDefault('web'))).resolves.toBeDefined();
  });

  test.for<readonly [string, KubernetesObject['metadata'], Partial<Pod['spec']>, string]>([
    [
      'that is no mirror',
      {},
      { nodeName: 'node1' },
      'pod does not have "kubernetes.io/config.mirror" annotation, node "node1" can only create mirror pods',
    ],
    [
      'of another node',
      mirror(),
      { nodeName: 'node2' },
      'node "node1" can only create pods with spec.nodeName set to itself',
    ],
    [
      'with a Secret',
      mirror(),
      { nodeName: 'node1', imagePullSecrets: [{ name: 'x' }] },
      'node "node1" can not create pods that reference secrets',
    ],
    [
      'with a ConfigMap',
      mirror(),
      { nodeName: 'node1', volumes: [{ name: 'c', configMap: { name: 'x' } }] },
      'node "node1" can not create pods that reference configmaps',
    ],
    [
      'with a claim',
      mirror(),
      { nodeName: 'node1', volumes: [{ name: 'c', persistentVolumeClaim: { claimName: 'x' } }] },
      'node "node1" can not create pods that reference persistentvolumeclaims',
    ],
  ])('a Pod %s is not created by a node', async ([, metadata, spec, message]) => {
    const { cluster } = await twoNodes();
    await expect(
      kubelet(cluster, 'node1').create<Pod>({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...metadata, namespace: 'default', name: 'made' },
        spec: { containers: [service()], ...spec },
      }),
    ).rejects.toThrow(message);
  });

  test('its own mirror Pod is', async () => {
    const { cluster } = await twoNodes();
    await expect(
      kubelet(cluster, 'node1').create<Pod>({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...mirror(), namespace: 'default', name: 'made' },
        spec: { nodeName: 'node1', containers: [service()] },
      }),
    ).resolves.toBeDefined();
  });

  test('a node may change its own Node, except its taints and role labels', async () => {
    const { cluster } = await twoNodes();
    const one = await cluster.client.get(Node, 'node1');
    const labelled = (key: string) => ({
      ...one,
      metadata: { ...one.metadata, labels: { ...one.metadata.labels, [key]: 'x' } },
    });
    await expect(kubelet(cluster, 'node2').update<Node>(labelled('a'))).rejects.toThrow(
      'node "node2" is not allowed to modify node "node1"',
    );
    await expect(
      kubelet(cluster, 'node1').update<Node>({
        ...one,
        spec: { ...one.spec, taints: [{ key: 'a', effect: 'NoSchedule' }] },
      }),
    ).rejects.toThrow('node "node1" is not allowed to modify taints');
    for (const label of ['node-role.kubernetes.io/control-plane', 'node-restriction.kubernetes.io/zone']) {
      await expect(kubelet(cluster, 'node1').update<Node>(labelled(label))).rejects.toThrow(
        `is not allowed to modify labels: ${label}`,
      );
    }
    await expect(kubelet(cluster, 'node1').update<Node>(labelled('acme.com/rack'))).resolves.toBeDefined();
  });

  test('a node may register only itself, without role labels', async () => {
    const { cluster } = await twoNodes();
    const register = (name: string, labels: { readonly [key: string]: string }) =>
      kubelet(cluster, 'node9').create<Node>({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {} });
    await expect(register('node8', {})).rejects.toThrow('node "node9" is not allowed to modify node "node8"');
    const labels = {
      'node-role.kubernetes.io/worker': '',
      'other.k8s.io/foo': '',
      'foo.node-restriction.kubernetes.io/foo': '',
      'acme.com/rack': '1',
      'topology.kubernetes.io/zone': 'z',
      'sub.kubelet.kubernetes.io/x': '',
      'sub.node.kubernetes.io/x': '',
    };
    await expect(register('node9', labels)).rejects.toThrow(
      'node "node9" is not allowed to set the following labels: foo.node-restriction.kubernetes.io/foo, node-role.kubernetes.io/worker, other.k8s.io/foo',
    );
    await expect(
      register('node9', { 'acme.com/rack': '1', 'topology.kubernetes.io/zone': 'z', 'a.node.kubernetes.io/x': '' }),
    ).resolves.toBeDefined();
  });

  test('a machine with such a label cannot join the cluster', async () => {
    const { cluster } = await twoNodes();
    const worker = { name: 'node9', labels: { 'node-role.kubernetes.io/worker': '' } };
    await expect(cluster.nodes.add(worker)).rejects.toThrow(
      "node node9: unknown 'kubernetes.io' or 'k8s.io' labels: node-role.kubernetes.io/worker",
    );
    expect(cluster.nodes.names).toEqual(['node1', 'node2']);
  });

  test('a node renews its own lease only', async () => {
    const { cluster } = await twoNodes();
    const lease = await cluster.client.get(Lease, { namespace: 'kube-node-lease', name: 'node1' });
    await expect(kubelet(cluster, 'node1').update<Lease>(lease)).resolves.toBeDefined();
    await expect(kubelet(cluster, 'node2').update<Lease>(lease)).rejects.toThrow(
      'can only access node lease with the same name as the requesting node',
    );
    await expect(
      kubelet(cluster, 'node2').create<Lease>({ ...lease, metadata: { namespace: 'kube-node-lease', name: 'node9' } }),
    ).rejects.toThrow('can only access node lease with the same name as the requesting node');
    await expect(
      kubelet(cluster, 'node2').create<Lease>({ ...lease, metadata: { namespace: 'default', name: 'node2' } }),
    ).rejects.toThrow('can only access leases in the "kube-node-lease" system namespace');
  });
});

describe('tokens', () => {
  const ask = (cluster: PodScenario, node: string, account: string, spec: object) =>
    kubelet(cluster, node).createSubresource(ServiceAccount, inDefault(account), 'token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [], ...spec },
    });

  test('a node gets tokens for the accounts of its Pods, bound to them, and for audiences that they name', async () => {
    const { cluster, pod } = await twoNodes();
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'web', uid: pod.metadata.uid };
    await expect(ask(cluster, 'node1', 'robot', { boundObjectRef })).resolves.toBeDefined();
    await expect(ask(cluster, 'node1', 'default', { boundObjectRef })).rejects.toThrow(unrelated('node1'));
    await expect(ask(cluster, 'node2', 'robot', { boundObjectRef })).rejects.toThrow(unrelated('node2'));
    await expect(ask(cluster, 'node1', 'robot', {})).rejects.toThrow('node requested token not bound to a pod');
    await expect(ask(cluster, 'node1', 'robot', { boundObjectRef: { ...boundObjectRef, uid: '' } })).rejects.toThrow(
      'node requested token with a pod binding without a uid',
    );
    await expect(ask(cluster, 'node1', 'robot', { boundObjectRef, audiences: ['vault'] })).rejects.toThrow(
      'audience "vault" not found in pod spec volume',
    );
  });

  test('not bound to a Pod of another node, even for an account that its own Pods use', async () => {
    const { cluster, pod } = await twoNodes();
    await cluster.start(
      { nodeName: 'node2', serviceAccountName: 'robot', containers: [service()] },
      { name: 'second' },
    );
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'web', uid: pod.metadata.uid };
    await expect(ask(cluster, 'node2', 'robot', { boundObjectRef })).rejects.toThrow(
      'node requested token bound to a pod scheduled on a different node',
    );
  });
});

function mirror() {
  return { name: '', annotations: { 'kubernetes.io/config.mirror': 'x', 'kubernetes.io/config.hash': 'x' } };
}
