import { describe, expect, test } from 'vitest';
import { builtinKind, builtinKinds, type Kind } from '../kind.ts';
import { ConfigMap, Pod, PodPreset } from '../kinds.ts';
import type { KubernetesObject } from '../object.ts';
import { partialObjectMetadata, partialObjectMetadataList } from './partial-metadata.ts';
import { tableFor } from './table.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const options = { now, includeObject: 'None', version: 'v1', withColumns: true } as const;

function headers(kind: Kind): string {
  const columns = tableFor(kind, [], options).columnDefinitions ?? [];
  const shown = columns.map((column) => (column.priority > 0 ? `(${column.name})` : column.name));
  return shown.join(' ');
}

describe('columns', () => {
  test.each([
    ['v1', 'Pod', 'Name Ready Status Restarts Age (IP) (Node) (Nominated Node) (Readiness Gates)'],
    ['apps/v1', 'Deployment', 'Name Ready Up-to-date Available Age (Containers) (Images) (Selector)'],
    ['apps/v1', 'ReplicaSet', 'Name Desired Current Ready Age (Containers) (Images) (Selector)'],
    ['v1', 'ReplicationController', 'Name Desired Current Ready Age (Containers) (Images) (Selector)'],
    [
      'apps/v1',
      'DaemonSet',
      'Name Desired Current Ready Up-to-date Available Node Selector Age (Containers) (Images) (Selector)',
    ],
    ['apps/v1', 'StatefulSet', 'Name Ready Age (Containers) (Images)'],
    ['batch/v1', 'Job', 'Name Status Completions Duration Age (Containers) (Images) (Selector)'],
    ['batch/v1', 'CronJob', 'Name Schedule Timezone Suspend Active Last Schedule Age (Containers) (Images) (Selector)'],
    ['v1', 'Service', 'Name Type Cluster-IP External-IP Port(s) Age (Selector)'],
    ['v1', 'Endpoints', 'Name Endpoints Age'],
    ['discovery.k8s.io/v1', 'EndpointSlice', 'Name AddressType Ports Endpoints Age'],
    ['networking.k8s.io/v1', 'Ingress', 'Name Class Hosts Address Ports Age'],
    [
      'v1',
      'Node',
      'Name Status Roles Age Version (Internal-IP) (External-IP) (OS-Image) (Kernel-Version) (Container-Runtime)',
    ],
    ['v1', 'Namespace', 'Name Status Age'],
    ['v1', 'Secret', 'Name Type Data Age'],
    ['v1', 'ConfigMap', 'Name Data Age'],
    ['v1', 'ServiceAccount', 'Name Secrets Age'],
    [
      'v1',
      'PersistentVolume',
      'Name Capacity Access Modes Reclaim Policy Status Claim StorageClass VolumeAttributesClass Reason Age (VolumeMode)',
    ],
    [
      'v1',
      'PersistentVolumeClaim',
      'Name Status Volume Capacity Access Modes StorageClass VolumeAttributesClass Age (VolumeMode)',
    ],
    ['storage.k8s.io/v1', 'StorageClass', 'Name Provisioner ReclaimPolicy VolumeBindingMode AllowVolumeExpansion Age'],
    ['v1', 'Event', 'Last Seen Type Reason Object (Subobject) (Source) Message (First Seen) (Count) (Name)'],
    [
      'events.k8s.io/v1',
      'Event',
      'Last Seen Type Reason Object (Subobject) (Source) Message (First Seen) (Count) (Name)',
    ],
    ['autoscaling/v2', 'HorizontalPodAutoscaler', 'Name Reference Targets MinPods MaxPods Replicas Age'],
    ['policy/v1', 'PodDisruptionBudget', 'Name Min Available Max Unavailable Allowed Disruptions Age'],
    ['v1', 'ResourceQuota', 'Name Request Limit Age'],
    ['apps/v1', 'ControllerRevision', 'Name Controller Revision Age'],
    ['scheduling.k8s.io/v1', 'PriorityClass', 'Name Value Global-Default Age PreemptionPolicy'],
    ['rbac.authorization.k8s.io/v1', 'RoleBinding', 'Name Role Age (Users) (Groups) (ServiceAccounts)'],
    ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'Name Role Age (Users) (Groups) (ServiceAccounts)'],
    ['coordination.k8s.io/v1', 'Lease', 'Name Holder Age'],
    ['node.k8s.io/v1', 'RuntimeClass', 'Name Handler Age'],
    [
      'certificates.k8s.io/v1',
      'CertificateSigningRequest',
      'Name Age SignerName Requestor RequestedDuration Condition',
    ],
    ['networking.k8s.io/v1', 'NetworkPolicy', 'Name Pod-Selector Age'],
    ['rbac.authorization.k8s.io/v1', 'Role', 'Name Created At'],
    ['v1', 'LimitRange', 'Name Created At'],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'Name Created At'],
    ['settings.k8s.io/v1alpha1', 'PodPreset', 'Name Created At'],
  ])('%s %s', (apiVersion, kind, expected) => {
    expect(headers(builtinKind(apiVersion, kind))).toBe(expected);
  });

  test('every built-in kind prints a bare object: a cell for each column', () => {
    for (const kind of builtinKinds) {
      const bare = { metadata: { name: 'x' }, roleRef: { kind: 'Role', name: 'r' } } as KubernetesObject;
      const table = tableFor(kind, [bare], options);
      expect(table.rows[0]?.cells, kind.kind).toHaveLength(table.columnDefinitions?.length ?? 0);
      expect(table.rows[0]?.cells.includes(undefined as never), kind.kind).toBe(false);
    }
  });

  test('exactly one column is marked as the name', () => {
    for (const kind of builtinKinds) {
      const columns = tableFor(kind, [], options).columnDefinitions ?? [];
      expect(columns.filter((column) => column.format === 'name').map((column) => column.name)).toEqual(['Name']);
    }
  });
});

const configMap: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', resourceVersion: '7', creationTimestamp: '2026-01-01T00:00:00Z', labels: { a: 'b' } },
  data: { x: '1' },
};

describe('a table', () => {
  test('has the version that was asked for', () => {
    expect(tableFor(ConfigMap, [], { ...options, version: 'v1beta1' }).apiVersion).toBe('meta.k8s.io/v1beta1');
  });
  test('of a list carries the metadata of the list', () => {
    const list = { resourceVersion: '9', continue: 'c', remainingItemCount: 3 };
    expect(tableFor(ConfigMap, [configMap], { ...options, list }).metadata).toEqual(list);
  });
  test('of one object carries its revision', () => {
    expect(tableFor(ConfigMap, [configMap], options).metadata).toEqual({ resourceVersion: '7' });
  });
  test('without columns has null for them', () => {
    expect(tableFor(ConfigMap, [configMap], { ...options, withColumns: false }).columnDefinitions).toBeNull();
  });
  test('rows carry nothing, metadata or the object itself', () => {
    const row = (includeObject: 'None' | 'Metadata' | 'Object') =>
      tableFor(ConfigMap, [configMap], { ...options, includeObject }).rows[0]?.object;
    expect(row('None')).toBeNull();
    expect(row('Metadata')).toEqual({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: configMap.metadata,
    });
    expect(row('Object')).toBe(configMap);
  });
  test('an included object always has apiVersion and kind', () => {
    const { apiVersion, kind, ...bare } = configMap;
    const table = tableFor(ConfigMap, [bare], { ...options, includeObject: 'Object' });
    expect(table.rows[0]?.object).toEqual({ apiVersion, kind, ...bare });
  });
  test('kinds without columns of their own show when they were made', () => {
    const preset = { metadata: { name: 'p', creationTimestamp: '2026-01-01T00:00:00Z' } } as KubernetesObject;
    expect(tableFor(PodPreset, [preset], options).rows[0]?.cells).toEqual(['p', '2026-01-01T00:00:00Z']);
  });
});

describe('partial metadata', () => {
  test('of an object', () => {
    expect(partialObjectMetadata(configMap)).toEqual({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: configMap.metadata,
    });
  });
  test('of a list', () => {
    expect(partialObjectMetadataList(Pod, [configMap], { resourceVersion: '9' })).toEqual({
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: '9' },
      items: [partialObjectMetadata(configMap)],
    });
  });
});

const website: Kind = {
  ...ConfigMap,
  group: 'demo.orrery.dev',
  apiVersion: 'demo.orrery.dev/v1',
  kind: 'Website',
  resource: 'websites',
  custom: true,
};

describe('custom kinds', () => {
  const site = {
    metadata: { name: 's', creationTimestamp: '2026-01-01T00:00:00Z', annotations: { 'a.b/c': 'yes' } },
    spec: { replicas: 3, ratio: 1.5, hosts: ['a', 'b'], paused: false },
    status: {
      conditions: [
        { type: 'Synced', status: 'False' },
        { type: 'Ready', status: 'True', at: '2026-01-01T00:30:00Z' },
      ],
    },
  } as KubernetesObject;
  const show = (type: 'string' | 'integer' | 'number' | 'boolean' | 'date', jsonPath: string): unknown => {
    const kind = { ...website, printerColumns: [{ name: 'X', type, jsonPath }] };
    return tableFor(kind, [site], options).rows[0]?.cells[1];
  };

  test('without columns of their own: name and age', () => {
    expect(headers(website)).toBe('Name Age');
    expect(tableFor(website, [site], options).rows[0]?.cells).toEqual(['s', '60m']);
  });
  test('columns keep their priority', () => {
    const printerColumns = [{ name: 'X', type: 'string', jsonPath: '.spec.x', priority: 1 }] as const;
    expect(headers({ ...website, printerColumns })).toBe('Name (X)');
  });
  test.each([
    ['a field', 'integer', '.spec.replicas', 3],
    ['a whole number as text', 'string', '.spec.replicas', '3'],
    ['a number', 'number', '.spec.ratio', 1.5],
    ['a number cut to an integer', 'integer', '.spec.ratio', 1],
    ['a truth value', 'boolean', '.spec.paused', false],
    ['a date is an age', 'date', '.metadata.creationTimestamp', '60m'],
    ['an index', 'string', '.spec.hosts[1]', 'b'],
    ['an index from the end', 'string', '.spec.hosts[-1]', 'b'],
    ['all items show the first', 'string', '.spec.hosts[*]', 'a'],
    ['a list as JSON', 'string', '.spec.hosts', '["a","b"]'],
    ['a filter', 'string', '.status.conditions[?(@.type=="Ready")].status', 'True'],
    ['a filter with single quotes', 'string', ".status.conditions[?(@.type=='Ready')].status", 'True'],
    ['a filter by existence', 'date', '.status.conditions[?(@.at)].at', '30m'],
    ['a filter that leaves out', 'string', '.status.conditions[?(@.status!="True")].type', 'Synced'],
    ['dots in a name, escaped', 'string', '.metadata.annotations.a\\.b/c', 'yes'],
    ['dots in a name, in brackets', 'string', ".metadata.annotations['a.b/c']", 'yes'],
    ['braces around the path', 'string', '{.metadata.name}', 's'],
    ['nothing there', 'string', '.status.url', null],
    ['a value of another type', 'integer', '.metadata.name', null],
    ['a path that cannot be read', 'string', '.spec[', null],
  ])('%s', (_rule, type, jsonPath, expected) => {
    expect(show(type as 'string', jsonPath)).toEqual(expected);
  });
});
