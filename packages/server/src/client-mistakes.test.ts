import type { KubernetesObject } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { builtinAdmission } from './admission/builtin.ts';
import { refusal, testApi } from './api.fixture.ts';

/** What a client gets wrong is refused as its mistake, never as an error of the server's own. */
const types: readonly (readonly [kind: string, apiVersion: string])[] = [
  ['Pod', 'v1'],
  ['Service', 'v1'],
  ['ReplicationController', 'v1'],
  ['PersistentVolumeClaim', 'v1'],
  ['PersistentVolume', 'v1'],
  ['ResourceQuota', 'v1'],
  ['LimitRange', 'v1'],
  ['Endpoints', 'v1'],
  ['PodTemplate', 'v1'],
  ['Node', 'v1'],
  ['Namespace', 'v1'],
  ['Secret', 'v1'],
  ['ConfigMap', 'v1'],
  ['Event', 'v1'],
  ['ServiceAccount', 'v1'],
  ['Deployment', 'apps/v1'],
  ['ReplicaSet', 'apps/v1'],
  ['StatefulSet', 'apps/v1'],
  ['DaemonSet', 'apps/v1'],
  ['ControllerRevision', 'apps/v1'],
  ['Job', 'batch/v1'],
  ['CronJob', 'batch/v1'],
  ['HorizontalPodAutoscaler', 'autoscaling/v2'],
  ['HorizontalPodAutoscaler', 'autoscaling/v1'],
  ['PodDisruptionBudget', 'policy/v1'],
  ['NetworkPolicy', 'networking.k8s.io/v1'],
  ['Ingress', 'networking.k8s.io/v1'],
  ['EndpointSlice', 'discovery.k8s.io/v1'],
  ['Role', 'rbac.authorization.k8s.io/v1'],
  ['RoleBinding', 'rbac.authorization.k8s.io/v1'],
  ['ClusterRole', 'rbac.authorization.k8s.io/v1'],
  ['ClusterRoleBinding', 'rbac.authorization.k8s.io/v1'],
  ['PodPreset', 'settings.k8s.io/v1alpha1'],
  ['CustomResourceDefinition', 'apiextensions.k8s.io/v1'],
  ['SubjectAccessReview', 'authorization.k8s.io/v1'],
  ['SelfSubjectRulesReview', 'authorization.k8s.io/v1'],
  ['TokenReview', 'authentication.k8s.io/v1'],
  ['CertificateSigningRequest', 'certificates.k8s.io/v1'],
  ['FlowSchema', 'flowcontrol.apiserver.k8s.io/v1'],
  ['PriorityLevelConfiguration', 'flowcontrol.apiserver.k8s.io/v1'],
  ['StorageClass', 'storage.k8s.io/v1'],
  ['PriorityClass', 'scheduling.k8s.io/v1'],
];

const bodies: readonly (readonly [what: string, fields: object])[] = [
  ['no spec', {}],
  ['an empty spec', { spec: {} }],
  ['a null spec', { spec: null }],
  ['an empty template', { spec: { template: {} } }],
  ['a template with an empty spec', { spec: { selector: {}, template: { spec: {} } } }],
  ['a job template with nothing', { spec: { schedule: '* * * * *', jobTemplate: {} } }],
  [
    'a list of nulls',
    { spec: { containers: [null] }, rules: [null], subjects: [null], subsets: [null], endpoints: [null] },
  ],
  [
    'items without anything',
    { spec: { containers: [{}] }, rules: [{}], subjects: [{}], subsets: [{}], endpoints: [{}] },
  ],
  ['null fields', { data: null, rules: null, subjects: null, roleRef: null, metadata: { name: 'a', labels: null } }],
  ['no metadata', { metadata: null }],
  [
    'nulls beside what is valid',
    { spec: { containers: [{ name: 'a', image: 'b' }], volumes: [null], tolerations: [null] } },
  ],
  [
    'rules of flow control without anything',
    { spec: { matchingPrecedence: 1, rules: [null, { nonResourceRules: [{}] }] } },
  ],
  [
    'empty ports and paths',
    { spec: { ports: [{}], rules: [{ http: {} }, { http: { paths: [{}] } }], ingress: [{ from: [{}] }] } },
  ],
];

describe.each(types)('a %s (%s)', (kind, apiVersion) => {
  it.each(bodies)('with %s is no fault of the server', async (_what, fields) => {
    const { admin, server } = await testApi({ admission: builtinAdmission() });
    await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } } as KubernetesObject);
    await admin.create({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: 'default' },
    } as KubernetesObject);
    const known = server.kinds.byKind(apiVersion, kind);
    if (known === undefined) throw new Error(`${kind} is not served`);
    const object = {
      apiVersion,
      kind,
      metadata: { name: 'a', ...(known.namespaced ? { namespace: 'default' } : {}) },
      ...fields,
    };
    const made = admin.create(object as KubernetesObject).then(
      () => 201,
      async (error: unknown) => (await refusal(Promise.reject(error))).code,
    );
    expect(await made).toBeLessThan(500);
  });
});
