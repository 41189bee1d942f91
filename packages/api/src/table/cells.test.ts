import { describe, expect, test } from 'vitest';
import { builtinKind } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';
import { tableFor } from './table.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const created = '2026-01-01T00:00:00Z';

/** The cells of one object, without its name in front. */
function cells(apiVersion: string, kind: string, object: object, metadata: object = {}): readonly unknown[] {
  const whole = { ...object, metadata: { name: 'x', creationTimestamp: created, ...metadata } } as KubernetesObject;
  const options = { now, includeObject: 'None', version: 'v1', withColumns: true } as const;
  return tableFor(builtinKind(apiVersion, kind), [whole], options).rows[0]?.cells ?? [];
}

const template = {
  spec: {
    containers: [
      { name: 'web', image: 'nginx:1' },
      { name: 'log', image: 'busybox' },
    ],
    nodeSelector: { zone: 'a', disk: 'ssd' },
  },
};

describe('workloads', () => {
  test('Deployment: ready of wanted, and its selector with sorted requirements', () => {
    const selector = {
      matchLabels: { tier: 'x', app: 'web' },
      matchExpressions: [
        { key: 'env', operator: 'In', values: ['b', 'a'] },
        { key: 'gone', operator: 'DoesNotExist' },
        { key: 'here', operator: 'Exists' },
        { key: 'out', operator: 'NotIn', values: ['z'] },
      ],
    };
    const status = { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 };
    expect(cells('apps/v1', 'Deployment', { spec: { replicas: 3, selector, template }, status })).toEqual([
      'x',
      '1/3',
      2,
      1,
      '60m',
      'web,log',
      'nginx:1,busybox',
      'app=web,env in (a,b),!gone,here,out notin (z),tier=x',
    ]);
  });
  test('Deployment: a selector that cannot be read', () => {
    const selector = { matchExpressions: [{ key: 'a', operator: 'Like' }] };
    expect(cells('apps/v1', 'Deployment', { spec: { selector } })[7]).toBe('<invalid>');
  });
  test('ReplicaSet: a selector that selects by nothing, and one that cannot be read', () => {
    expect(cells('apps/v1', 'ReplicaSet', { spec: { replicas: 2, selector: {} } })).toEqual([
      'x',
      2,
      0,
      0,
      '60m',
      '',
      '',
      '<none>',
    ]);
    const selector = { matchExpressions: [{ key: 'a', operator: 'Like' }] };
    expect(cells('apps/v1', 'ReplicaSet', { spec: { selector } })[7]).toBe('<error>');
  });
  test('DaemonSet: its node selector', () => {
    const status = { desiredNumberScheduled: 3, currentNumberScheduled: 2, numberReady: 1 };
    expect(cells('apps/v1', 'DaemonSet', { spec: { template, selector: {} }, status }).slice(1, 7)).toEqual([
      3,
      2,
      1,
      0,
      0,
      'disk=ssd,zone=a',
    ]);
  });
  test('StatefulSet', () => {
    const object = { spec: { replicas: 2, template }, status: { readyReplicas: 1 } };
    expect(cells('apps/v1', 'StatefulSet', object)).toEqual(['x', '1/2', '60m', 'web,log', 'nginx:1,busybox']);
  });
  test('ControllerRevision: its controller with group', () => {
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'u', controller: true }];
    expect(cells('apps/v1', 'ControllerRevision', { revision: 4 }, { ownerReferences })).toEqual([
      'x',
      'statefulset.apps/db',
      4,
      '60m',
    ]);
    expect(cells('apps/v1', 'ControllerRevision', { revision: 1 })[1]).toBe('<none>');
  });
  test('PodDisruptionBudget: absent bounds', () => {
    const object = { spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 2 } };
    expect(cells('policy/v1', 'PodDisruptionBudget', object)).toEqual(['x', '50%', 'N/A', 2, '60m']);
  });
});

describe('Job', () => {
  const condition = (type: string) => ({ status: { conditions: [{ type, status: 'True' }] } });
  test.each([
    ['by default', {}, {}, 'Running'],
    ['complete', condition('Complete'), {}, 'Complete'],
    ['failed', condition('Failed'), {}, 'Failed'],
    ['suspended', condition('Suspended'), {}, 'Suspended'],
    ['about to fail', condition('FailureTarget'), {}, 'FailureTarget'],
    ['deleted', condition('Suspended'), { deletionTimestamp: created }, 'Terminating'],
    ['deleted after the end', condition('Complete'), { deletionTimestamp: created }, 'Complete'],
  ])('status %s', (_rule, object, metadata, status) => {
    expect(cells('batch/v1', 'Job', object, metadata)[1]).toBe(status);
  });
  test.each([
    ['fixed number', { completions: 5 }, '2/5'],
    ['work queue', { parallelism: 3 }, '2/1 of 3'],
    ['work queue of one', { parallelism: 1 }, '2/1'],
  ])('completions: %s', (_rule, spec, text) => {
    expect(cells('batch/v1', 'Job', { spec, status: { succeeded: 2 } })[2]).toBe(text);
  });
  test.each([
    ['not started', {}, ''],
    ['running', { startTime: '2026-01-01T00:59:00Z' }, '60s'],
    ['over', { startTime: '2026-01-01T00:00:00Z', completionTime: '2026-01-01T00:00:07Z' }, '7s'],
  ])('duration: %s', (_rule, status, text) => {
    expect(cells('batch/v1', 'Job', { status })[3]).toBe(text);
  });
});

describe('CronJob', () => {
  test('new', () => {
    const spec = { schedule: '* * * * *', suspend: false, jobTemplate: { spec: { template } } };
    expect(cells('batch/v1', 'CronJob', { spec })).toEqual([
      'x',
      '* * * * *',
      '<none>',
      'False',
      0,
      '<none>',
      '60m',
      'web,log',
      'nginx:1,busybox',
      '<none>',
    ]);
  });
  test('active, with a time zone', () => {
    const spec = { schedule: '@daily', suspend: true, timeZone: 'Etc/UTC' };
    const status = { active: [{}, {}], lastScheduleTime: '2026-01-01T00:58:00Z' };
    expect(cells('batch/v1', 'CronJob', { spec, status }).slice(2, 6)).toEqual(['Etc/UTC', 'True', 2, '2m']);
  });
});

describe('Service', () => {
  const port = { port: 80, protocol: 'TCP' };
  const service = (spec: object, status: object = {}) => cells('v1', 'Service', { spec, status });
  test('inside the cluster', () => {
    const spec = { type: 'ClusterIP', clusterIPs: ['10.0.0.1', 'fd00::1'], ports: [port], selector: { app: 'web' } };
    expect(service(spec)).toEqual(['x', 'ClusterIP', '10.0.0.1', '<none>', '80/TCP', '60m', 'app=web']);
  });
  test('headless, without ports or selector', () => {
    expect(service({ type: 'ClusterIP', clusterIPs: ['None'] })).toEqual([
      'x',
      'ClusterIP',
      'None',
      '<none>',
      '<none>',
      '60m',
      '<none>',
    ]);
  });
  test('node port, with external addresses', () => {
    const ports = [
      { ...port, nodePort: 30080 },
      { port: 53, protocol: 'UDP' },
    ];
    const spec = { type: 'NodePort', clusterIPs: ['10.0.0.1'], externalIPs: ['1.2.3.4', '1.2.3.5'], ports };
    expect(service(spec).slice(3, 5)).toEqual(['1.2.3.4,1.2.3.5', '80:30080/TCP,53/UDP']);
  });
  test.each([
    ['pending', {}, {}, '<pending>'],
    ['assigned', {}, { ingress: [{ hostname: 'lb.example' }, { ip: '9.9.9.9' }] }, '9.9.9.9,lb.example'],
    ['with external addresses too', { externalIPs: ['1.2.3.4'] }, { ingress: [{ ip: '9.9.9.9' }] }, '9.9.9.9,1.2.3.4'],
  ])('load balancer %s', (_rule, spec, loadBalancer, text) => {
    expect(service({ type: 'LoadBalancer', ...spec }, { loadBalancer })[3]).toBe(text);
  });
  test('a name elsewhere', () => {
    expect(service({ type: 'ExternalName', externalName: 'db.example' }).slice(2, 4)).toEqual(['<none>', 'db.example']);
  });
});

describe('endpoints', () => {
  const addresses = [1, 2, 3, 4].map((last) => ({ ip: `10.1.0.${last}` }));
  test.each([
    ['none', undefined, '<none>'],
    ['without ports', [{ addresses: addresses.slice(0, 2) }], '10.1.0.1,10.1.0.2'],
    ['only unready ones', [{ notReadyAddresses: addresses, ports: [{ port: 80 }] }], ''],
    [
      'more than three',
      [{ addresses, ports: [{ port: 80 }, { port: 443 }] }],
      '10.1.0.1:80,10.1.0.2:80,10.1.0.3:80 + 5 more...',
    ],
    ['IPv6', [{ addresses: [{ ip: 'fd00::1' }], ports: [{ port: 80 }] }], '[fd00::1]:80'],
  ])('Endpoints: %s', (_rule, subsets, text) => {
    expect(cells('v1', 'Endpoints', { subsets })[1]).toBe(text);
  });
  test.each([
    ['none', {}, ['<unset>', '<unset>']],
    [
      'some',
      { ports: [{ port: 80 }, { name: 'web' }, {}], endpoints: [{ addresses: ['a', 'b'] }, { addresses: ['c', 'd'] }] },
      ['80,web,*', 'a,b,c + 1 more...'],
    ],
  ])('EndpointSlice: %s', (_rule, slice, texts) => {
    const found = cells('discovery.k8s.io/v1', 'EndpointSlice', { addressType: 'IPv4', ...slice });
    expect(found.slice(1, 4)).toEqual(['IPv4', ...texts]);
  });
});

describe('networking', () => {
  test('Ingress without anything', () => {
    expect(cells('networking.k8s.io/v1', 'Ingress', {})).toEqual(['x', '<none>', '*', '', '80', '60m']);
  });
  test('Ingress with class, hosts, address and TLS', () => {
    const rules = ['a', 'b', 'c', 'd', 'e'].map((host) => ({ host }));
    const object = {
      spec: { ingressClassName: 'nginx', rules, tls: [{}] },
      status: { loadBalancer: { ingress: [{ ip: '9.9.9.9' }] } },
    };
    expect(cells('networking.k8s.io/v1', 'Ingress', object).slice(1, 5)).toEqual([
      'nginx',
      'a,b,c + 2 more...',
      '9.9.9.9',
      '80, 443',
    ]);
  });
  test('IngressClass parameters', () => {
    const spec = { controller: 'c', parameters: { apiGroup: 'k.example', kind: 'Settings', name: 'main' } };
    expect(cells('networking.k8s.io/v1', 'IngressClass', { spec })[2]).toBe('Settings.k.example/main');
  });
  test('NetworkPolicy for all Pods', () => {
    expect(cells('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {} } })[1]).toBe('<none>');
  });
  test('IPAddress of a Service', () => {
    const parentRef = { group: '', resource: 'services', namespace: 'default', name: 'kubernetes' };
    const found = cells('networking.k8s.io/v1', 'IPAddress', { spec: { parentRef } });
    expect(found[1]).toBe('services/default/kubernetes');
  });
});

describe('Node', () => {
  const ready = (status: string) => ({ conditions: [{ type: 'Ready', status }] });
  test.each([
    ['ready', ready('True'), {}, 'Ready'],
    ['not ready', ready('False'), {}, 'NotReady'],
    ['lost', ready('Unknown'), {}, 'NotReady'],
    ['never heard of', {}, {}, 'Unknown'],
    ['cordoned', ready('True'), { unschedulable: true }, 'Ready,SchedulingDisabled'],
  ])('status: %s', (_rule, status, spec, text) => {
    expect(cells('v1', 'Node', { spec, status })[1]).toBe(text);
  });
  test('roles are sorted and without repeats', () => {
    const labels = {
      'node-role.kubernetes.io/worker': '',
      'node-role.kubernetes.io/control-plane': '',
      'kubernetes.io/role': 'worker',
    };
    expect(cells('v1', 'Node', {}, { labels })[2]).toBe('control-plane,worker');
    expect(cells('v1', 'Node', {})[2]).toBe('<none>');
  });
  test('wide cells', () => {
    const nodeInfo = {
      kubeletVersion: 'v1.35.0',
      osImage: 'Orrery',
      kernelVersion: '6',
      containerRuntimeVersion: 'sim://1',
    };
    const addresses = [{ type: 'InternalIP', address: '10.9.0.1' }];
    expect(cells('v1', 'Node', { status: { nodeInfo, addresses } }).slice(4)).toEqual([
      'v1.35.0',
      '10.9.0.1',
      '<none>',
      'Orrery',
      '6',
      'sim://1',
    ]);
    expect(cells('v1', 'Node', {}).slice(5)).toEqual(['<none>', '<none>', '<unknown>', '<unknown>', '<unknown>']);
  });
});

describe('cluster', () => {
  test('Secret counts keys of data', () => {
    expect(cells('v1', 'Secret', { type: 'Opaque', data: { a: '', b: '' } }).slice(1, 3)).toEqual(['Opaque', 2]);
  });
  test('ConfigMap counts keys of data and of binary data', () => {
    expect(cells('v1', 'ConfigMap', { data: { a: '' }, binaryData: { b: '' } })[1]).toBe(2);
  });
  test('ServiceAccount counts Secrets', () => {
    expect(cells('v1', 'ServiceAccount', {})[1]).toBe(0);
  });
  test('ResourceQuota parts limits from the rest', () => {
    const status = { hard: { 'limits.cpu': '2', pods: '10', cpu: '1' }, used: { pods: '3', 'limits.cpu': '500m' } };
    expect(cells('v1', 'ResourceQuota', { status })).toEqual([
      'x',
      'cpu: 0/1, pods: 3/10',
      'limits.cpu: 500m/2',
      '60m',
    ]);
  });
  test('PriorityClass', () => {
    const object = { value: 5, globalDefault: true, preemptionPolicy: 'Never' };
    expect(cells('scheduling.k8s.io/v1', 'PriorityClass', object)).toEqual(['x', 5, true, '60m', 'Never']);
  });
  test('Namespace', () => {
    expect(cells('v1', 'Namespace', { status: { phase: 'Terminating' } })).toEqual(['x', 'Terminating', '60m']);
  });
});

describe('storage', () => {
  test('PersistentVolume that is bound', () => {
    const spec = {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { namespace: 'a', name: 'c' },
      storageClassName: 'slow',
      volumeMode: 'Filesystem',
    };
    expect(cells('v1', 'PersistentVolume', { spec, status: { phase: 'Bound' } })).toEqual([
      'x',
      '1Gi',
      'RWO,RWX',
      'Retain',
      'Bound',
      'a/c',
      'slow',
      '<unset>',
      '',
      '60m',
      'Filesystem',
    ]);
  });
  test('PersistentVolumeClaim that waits, and one that is bound', () => {
    const waiting = cells('v1', 'PersistentVolumeClaim', { spec: {}, status: { phase: 'Pending' } });
    expect(waiting).toEqual(['x', 'Pending', '', '', '', '', '<unset>', '60m', '<unset>']);
    const status = { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOncePod'] };
    const bound = cells('v1', 'PersistentVolumeClaim', { spec: { volumeName: 'pv' }, status });
    expect(bound.slice(1, 5)).toEqual(['Bound', 'pv', '1Gi', 'RWOP']);
  });
  test('deleting', () => {
    expect(cells('v1', 'PersistentVolumeClaim', {}, { deletionTimestamp: created })[1]).toBe('Terminating');
    expect(cells('v1', 'PersistentVolume', {}, { deletionTimestamp: created })[4]).toBe('Terminating');
  });
  test('StorageClass: defaults, and the mark of the default class', () => {
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    expect(cells('storage.k8s.io/v1', 'StorageClass', { provisioner: 'p' }, { annotations })).toEqual([
      'x (default)',
      'p',
      'Delete',
      'Immediate',
      false,
      '60m',
    ]);
  });
});

describe('Event', () => {
  const involvedObject = { kind: 'Pod', name: 'web', fieldPath: 'spec.containers{web}' };
  test('of v1', () => {
    const event = {
      type: 'Warning',
      reason: 'BackOff',
      message: ' again ',
      involvedObject,
      source: { component: 'kubelet', host: 'node-1' },
      firstTimestamp: '2026-01-01T00:50:00Z',
      lastTimestamp: '2026-01-01T00:59:30Z',
      count: 4,
    };
    expect(cells('v1', 'Event', event)).toEqual([
      '30s',
      'Warning',
      'BackOff',
      'pod/web',
      'spec.containers{web}',
      'kubelet, node-1',
      'again',
      '10m',
      4,
      'x',
    ]);
  });
  test('of events.k8s.io, in a series', () => {
    const event = {
      regarding: { kind: 'Node', name: 'n' },
      note: 'text',
      eventTime: '2026-01-01T00:50:00.000000Z',
      series: { count: 9, lastObservedTime: '2026-01-01T00:59:00.000000Z' },
      reportingController: 'c',
      reportingInstance: 'c-1',
    };
    const found = cells('events.k8s.io/v1', 'Event', event);
    expect(found).toEqual(['60s', '', '', 'node/n', '', 'c, c-1', 'text', '10m', 9, 'x']);
  });
  test('an event seen once has count 1, and its last time is its first', () => {
    const found = cells('v1', 'Event', { involvedObject: { kind: 'Pod' }, eventTime: '2026-01-01T00:59:00.000000Z' });
    expect([found[0], found[3], found[8]]).toEqual(['60s', 'pod', 1]);
  });
});

describe('HorizontalPodAutoscaler', () => {
  const autoscaler = (spec: object, status: object = {}, version = 'v2') =>
    cells(`autoscaling/${version}`, 'HorizontalPodAutoscaler', { spec, status });
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } };
  test('before the first measurement', () => {
    const scaleTargetRef = { kind: 'Deployment', name: 'web' };
    expect(autoscaler({ scaleTargetRef, maxReplicas: 5, metrics: [cpu] })).toEqual([
      'x',
      'Deployment/web',
      'cpu: <unknown>/80%',
      '<unset>',
      5,
      0,
      '60m',
    ]);
  });
  test('measured, more than two metrics', () => {
    const pods = { type: 'Pods', pods: { target: { averageValue: '10' } } };
    const external = { type: 'External', external: { target: { averageValue: '7' } } };
    const status = {
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 10 } } },
        { type: 'Pods', pods: { current: { averageValue: '3' } } },
      ],
    };
    const found = autoscaler({ minReplicas: 2, metrics: [cpu, pods, external] }, status);
    expect(found.slice(2, 4)).toEqual(['cpu: 10%/80%, 3/10 + 1 more...', '2']);
  });
  test.each([
    [
      'average of an external metric',
      { type: 'External', external: { target: { averageValue: '7' } } },
      '<unknown>/7 (avg)',
    ],
    ['value of an object', { type: 'Object', object: { target: { value: '7' } } }, '<unknown>/7'],
    [
      'amount of a resource',
      { type: 'Resource', resource: { name: 'memory', target: { averageValue: '1Gi' } } },
      'memory: <unknown>/1Gi',
    ],
    ['resource without a target', { type: 'Resource', resource: { name: 'cpu', target: {} } }, 'cpu: <unknown>/<auto>'],
    ['unknown type', { type: 'Magic' }, '<unknown type>'],
  ])('%s', (_rule, metric, text) => {
    expect(autoscaler({ metrics: [metric] })[2]).toBe(text);
  });
  test('without metrics', () => {
    expect(autoscaler({})[2]).toBe('<none>');
  });
  test('of v1', () => {
    const spec = { targetCPUUtilizationPercentage: 80 };
    expect(autoscaler(spec, { currentCPUUtilizationPercentage: 10 }, 'v1')[2]).toBe('cpu: 10%/80%');
    expect(autoscaler(spec, {}, 'v1')[2]).toBe('cpu: <unknown>/80%');
    expect(autoscaler({}, {}, 'v1')[2]).toBe('<none>');
  });
});

describe('access', () => {
  test('RoleBinding: subjects by kind', () => {
    const subjects = [
      { kind: 'User', name: 'ann' },
      { kind: 'Group', name: 'devs' },
      { kind: 'ServiceAccount', namespace: 'a', name: 'default' },
      { kind: 'User', name: 'bob' },
    ];
    const roleRef = { kind: 'ClusterRole', name: 'view' };
    const found = cells('rbac.authorization.k8s.io/v1', 'RoleBinding', { roleRef, subjects });
    expect(found).toEqual(['x', 'ClusterRole/view', '60m', 'ann, bob', 'devs', 'a/default']);
  });
  test.each([
    ['new', {}, 'Pending'],
    ['approved and issued', { conditions: [{ type: 'Approved' }], certificate: 'Zm9v' }, 'Approved,Issued'],
    ['denied beats approved', { conditions: [{ type: 'Approved' }, { type: 'Denied' }] }, 'Denied'],
    ['failed', { conditions: [{ type: 'Approved' }, { type: 'Failed' }] }, 'Approved,Failed'],
  ])('CertificateSigningRequest: %s', (_rule, status, text) => {
    const spec = { signerName: 's', username: 'ann', expirationSeconds: 86_400 };
    const found = cells('certificates.k8s.io/v1', 'CertificateSigningRequest', { spec, status });
    expect(found.slice(2)).toEqual(['s', 'ann', '24h', text]);
  });
  test('APIService: local, and one that cannot be reached', () => {
    expect(cells('apiregistration.k8s.io/v1', 'APIService', {}).slice(1, 3)).toEqual(['Local', 'Unknown']);
    const spec = { service: { namespace: 'a', name: 's' } };
    const status = { conditions: [{ type: 'Available', status: 'False', reason: 'MissingEndpoints' }] };
    const found = cells('apiregistration.k8s.io/v1', 'APIService', { spec, status });
    expect(found.slice(1, 3)).toEqual(['a/s', 'False (MissingEndpoints)']);
  });
  test('Lease', () => {
    expect(cells('coordination.k8s.io/v1', 'Lease', { spec: { holderIdentity: 'me' } })).toEqual(['x', 'me', '60m']);
  });
});

describe('ResourceClaim', () => {
  test.each([
    ['new', {}, {}, 'pending'],
    ['in use', { allocation: {}, reservedFor: [{}] }, {}, 'allocated,reserved'],
    ['deleted while allocated', { allocation: {} }, { deletionTimestamp: created }, 'deleted,allocated'],
    ['deleted', {}, { deletionTimestamp: created }, 'deleted'],
  ])('%s', (_rule, status, metadata, text) => {
    expect(cells('resource.k8s.io/v1', 'ResourceClaim', { status }, metadata)[1]).toBe(text);
  });
});
