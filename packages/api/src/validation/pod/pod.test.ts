import { describe, expect, it } from 'vitest';
import { containerFaults, goodContainer, podFaults, specFaults } from './pod-faults.fixture.ts';

const label = 'a lowercase RFC 1123 label must consist of';

type Case = [rule: string, found: () => string[], expected: string[]];

const table = (cases: Case[]): void =>
  it.each(cases)('%s', (_rule, found, expected) => {
    expect(found()).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

describe('a valid Pod', () => {
  it('passes with everything in it', () => {
    const errors = podFaults(
      {
        initContainers: [
          { name: 'init', image: 'busybox', command: ['true'] },
          { name: 'sidecar', image: 'busybox', restartPolicy: 'Always', readinessProbe: { tcpSocket: { port: 80 } } },
        ],
        containers: [
          {
            name: 'web',
            image: 'nginx:1.27',
            ports: [{ name: 'http', containerPort: 80 }],
            env: [
              { name: 'A', value: 'x' },
              { name: 'B', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a.b/c']" } } },
              { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
              { name: 'D', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
            ],
            envFrom: [{ prefix: 'P_', configMapRef: { name: 'c' } }],
            livenessProbe: { exec: { command: ['true'] }, terminationGracePeriodSeconds: 1 },
            readinessProbe: {
              httpGet: { port: 'http', httpHeaders: [{ name: 'X-A', value: 'b' }] },
              successThreshold: 3,
            },
            lifecycle: { preStop: { sleep: { seconds: 5 } } },
            resources: {
              requests: { cpu: '100m', 'example.com/gpu': '1' },
              limits: { cpu: '1', 'example.com/gpu': 1 },
            },
            volumeMounts: [
              { name: 'data', mountPath: '/data', subPath: 'a/b' },
              { name: 'config', mountPath: '/config', readOnly: true },
            ],
            securityContext: {
              runAsUser: 1000,
              allowPrivilegeEscalation: false,
              seccompProfile: { type: 'RuntimeDefault' },
            },
          },
        ],
        volumes: [
          { name: 'data' },
          {
            name: 'config',
            projected: {
              sources: [
                { secret: { name: 's', items: [{ key: 'k', path: 'a/b', mode: 256 }] } },
                { configMap: { name: 'c' } },
                { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
                { serviceAccountToken: { path: 'token', audience: 'vault' } },
              ],
            },
          },
          { name: 'host', hostPath: { path: '/tmp', type: 'Directory' } },
        ],
        tolerations: [{ operator: 'Exists' }, { key: 'a', value: 'b', effect: 'NoExecute', tolerationSeconds: 5 }],
        nodeSelector: { disk: 'ssd' },
        hostAliases: [{ ip: '10.0.0.1', hostnames: ['a.b'] }],
        readinessGates: [{ conditionType: 'example.com/ready' }],
        schedulingGates: [{ name: 'example.com/hold' }],
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] }],
            },
          },
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'zone' } }],
          },
        },
      },
      { labels: { 'a.b/c': 'x' }, annotations: { 'Example.com/A': 'any text' } },
    );
    expect(errors).toEqual([]);
  });
});

describe('metadata', () => {
  table([
    [
      'a name is required',
      () => podFaults({ containers: [goodContainer] }, { name: '' }),
      ['metadata.name: Required value: name or generateName is required'],
    ],
    [
      'a name is a DNS subdomain',
      () => podFaults({ containers: [goodContainer] }, { name: 'A_b' }),
      ['metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of'],
    ],
    [
      'a namespace is required',
      () => podFaults({ containers: [goodContainer] }, { namespace: '' }),
      ['metadata.namespace: Required value'],
    ],
    [
      'a label key is a qualified name',
      () => podFaults({ containers: [goodContainer] }, { labels: { 'a b': 'c' } }),
      ['metadata.labels: Invalid value: "a b": name part must consist of'],
    ],
    [
      'a label value is short and plain',
      () => podFaults({ containers: [goodContainer] }, { labels: { a: 'b c' } }),
      ['metadata.labels: Invalid value: "b c": a valid label must be an empty string or consist of'],
    ],
    [
      'an annotation key is a qualified name, in any case',
      () => podFaults({ containers: [goodContainer] }, { annotations: { 'A.b/C': '', 'a b': '' } }),
      ['metadata.annotations: Invalid value: "a b": name part must consist of'],
    ],
    [
      'annotations have 256 KiB together',
      () => podFaults({ containers: [goodContainer] }, { annotations: { a: 'x'.repeat(262_144) } }),
      ['metadata.annotations: Too long: may not be more than 262144 bytes'],
    ],
    [
      'an owner is named completely',
      () => podFaults({ containers: [goodContainer] }, { ownerReferences: [{}] }),
      [
        'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
        'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
        'metadata.ownerReferences.name: Invalid value: "": must not be empty',
        'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
      ],
    ],
    [
      'only one owner is the controller',
      () =>
        podFaults(
          { containers: [goodContainer] },
          {
            ownerReferences: ['a', 'b'].map((name) => ({
              apiVersion: 'v1',
              kind: 'X',
              name,
              uid: name,
              controller: true,
            })),
          },
        ),
      ['Only one reference can have Controller set to true. Found "true" in references for a and b'],
    ],
    [
      'an Event owns nothing',
      () =>
        podFaults(
          { containers: [goodContainer] },
          { ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'e', uid: 'u' }] },
        ),
      ['/v1, Kind=Event is disallowed from being an owner'],
    ],
    [
      'a finalizer is qualified or standard',
      () => podFaults({ containers: [goodContainer] }, { finalizers: ['kubernetes', 'a.b/c', 'mine'] }),
      [
        'metadata.finalizers[2]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    [
      'orphan and foregroundDeletion exclude each other',
      () => podFaults({ containers: [goodContainer] }, { finalizers: ['orphan', 'foregroundDeletion'] }),
      ['cannot be both set'],
    ],
    [
      'a mirror Pod names its node',
      () => podFaults({ containers: [goodContainer] }, { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
      [
        'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
      ],
    ],
    [
      'a deletion cost is an integer',
      () =>
        podFaults(
          { containers: [goodContainer] },
          { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '+1' } },
        ),
      ['must be a 32bit integer'],
    ],
  ]);
});

describe('the Pod as a whole', () => {
  table([
    [
      'a restart policy is one of three',
      () => specFaults({ restartPolicy: 'Maybe' }),
      ['spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "Never", "OnFailure"'],
    ],
    ['a DNS policy is one of four', () => specFaults({ dnsPolicy: 'x' }), ['spec.dnsPolicy: Unsupported value: "x"']],
    [
      'DNS policy None requires nameservers',
      () => specFaults({ dnsPolicy: 'None' }),
      ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
    ],
    [
      'a deadline is positive',
      () => specFaults({ activeDeadlineSeconds: 0 }),
      ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
    ],
    [
      'a hostname that overrides all others is a subdomain of at most 64 characters',
      () => specFaults({ hostnameOverride: `A${'a'.repeat(64)}` }),
      ['spec.hostnameOverride: Invalid value: "Aa', 'spec.hostnameOverride: Too long: may not be more than 64 bytes'],
    ],
    [
      'nor on the node’s network, nor beside the full name',
      () => specFaults({ hostnameOverride: 'a.b', hostNetwork: true, setHostnameAsFQDN: true }),
      [
        'spec.hostnameOverride: Forbidden: may not be set when `hostNetwork` is true',
        'spec.hostnameOverride: Forbidden: may not be set when `setHostnameAsFQDN` is true',
      ],
    ],
    [
      'a hostname is a DNS label',
      () => specFaults({ hostname: 'a.b' }),
      [`spec.hostname: Invalid value: "a.b": ${label}`],
    ],
    [
      'a host alias has an address and names',
      () => specFaults({ hostAliases: [{ ip: 'x', hostnames: ['A'] }] }),
      [
        'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address',
        'spec.hostAliases[0].hostnames: Invalid value: "A"',
      ],
    ],
    [
      "an own process table is not the host's",
      () => specFaults({ shareProcessNamespace: true, hostPID: true }),
      ['ShareProcessNamespace and HostPID cannot both be enabled'],
    ],
    [
      'a user id has its range',
      () => specFaults({ securityContext: { runAsUser: -1 } }),
      ['spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive'],
    ],
    [
      'privilege is escalation',
      () => containerFaults({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
      ['cannot set `allowPrivilegeEscalation` to false and `privileged` to true'],
    ],
    [
      'a toleration of everything says Exists',
      () => specFaults({ tolerations: [{ value: 'x' }] }),
      ['spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty'],
    ],
    [
      'a toleration for a time is of eviction',
      () => specFaults({ tolerations: [{ key: 'a', tolerationSeconds: 1, effect: 'NoSchedule' }] }),
      [
        'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
      ],
    ],
    [
      'a toleration that exists has no value',
      () => specFaults({ tolerations: [{ key: 'a', operator: 'Exists', value: 'x' }] }),
      ["value must be empty when `operator` is 'Exists'"],
    ],
    [
      'an effect is one of three',
      () => specFaults({ tolerations: [{ key: 'a', effect: 'x' }] }),
      ['spec.tolerations[0].effect: Unsupported value: "x"'],
    ],
    [
      'a node selector is made of labels',
      () => specFaults({ nodeSelector: { 'a b': '' } }),
      ['spec.nodeSelector: Invalid value: "a b"'],
    ],
    [
      'a preference has a weight',
      () =>
        specFaults({
          affinity: {
            nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, preference: {} }] },
          },
        }),
      ['weight: Invalid value: 0: must be in the range 1-100'],
    ],
    [
      'node affinity that is required has a term',
      () =>
        specFaults({
          affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
        }),
      ['nodeSelectorTerms: Required value: must have at least one node selector term'],
    ],
    [
      'pod affinity is about a topology',
      () =>
        specFaults({
          affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] } },
        }),
      ['topologyKey: Required value: can not be empty'],
    ],
    [
      'a skew is positive',
      () => specFaults({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'Never' }] }),
      ['maxSkew: Invalid value: 0: must be greater than zero', 'whenUnsatisfiable: Unsupported value: "Never"'],
    ],
    [
      'a gated Pod has no node',
      () => specFaults({ schedulingGates: [{ name: 'a' }], nodeName: 'n' }),
      ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
    ],
    [
      'scheduling gates are unique',
      () => specFaults({ schedulingGates: [{ name: 'a' }, { name: 'a' }] }),
      ['spec.schedulingGates[1]: Duplicate value: "a"'],
    ],
    [
      'a readiness gate is a condition',
      () => specFaults({ readinessGates: [{ conditionType: 'a b' }] }),
      ['spec.readinessGates[0].conditionType: Invalid value: "a b"'],
    ],
    [
      'an operating system is known',
      () => specFaults({ os: { name: 'plan9' } }),
      ['spec.os.name: Unsupported value: "plan9": supported values: "linux", "windows"'],
    ],
  ]);
});
