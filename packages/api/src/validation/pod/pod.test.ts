import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDefaults } from '../../defaults/index.ts';
import { fieldErrorText } from '../../field-error.ts';
import { Pod } from '../../kinds.ts';
import { deepFreeze } from '../../object.ts';
import { decodeObject } from '../decode.ts';
import { validateCreate } from '../validate.ts';

/** What is wrong with a Pod that a client creates with this spec. */
function faults(spec: object, metadata: object = {}): string[] {
  const body = { metadata: { name: 'p', namespace: 'default', ...metadata }, spec };
  const pod = applyDefaults(Pod, decodeObject(Pod, deepFreeze(body), 'Strict').object);
  return validateCreate(Pod, pod).map(fieldErrorText);
}

const good = { name: 'c', image: 'busybox' };
const inContainer = (fields: object, spec: object = {}) => faults({ containers: [{ ...good, ...fields }], ...spec });
const inSpec = (spec: object) => faults({ containers: [good], ...spec });
const label = 'a lowercase RFC 1123 label must consist of';

type Case = [rule: string, found: () => string[], expected: string[]];

function table(cases: Case[]): void {
  it.each(cases)('%s', (_rule, found, expected) => {
    const errors = found();
    expect(errors).toHaveLength(expected.length);
    for (const [i, text] of expected.entries()) expect(errors[i]).toContain(text);
  });
}

describe('a valid Pod', () => {
  it('passes with everything in it', () => {
    const errors = faults(
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
      () => faults({ containers: [good] }, { name: '' }),
      ['metadata.name: Required value: name or generateName is required'],
    ],
    [
      'a name is a DNS subdomain',
      () => faults({ containers: [good] }, { name: 'A_b' }),
      ['metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of'],
    ],
    [
      'a namespace is required',
      () => faults({ containers: [good] }, { namespace: '' }),
      ['metadata.namespace: Required value'],
    ],
    [
      'a label key is a qualified name',
      () => faults({ containers: [good] }, { labels: { 'a b': 'c' } }),
      ['metadata.labels: Invalid value: "a b": name part must consist of'],
    ],
    [
      'a label value is short and plain',
      () => faults({ containers: [good] }, { labels: { a: 'b c' } }),
      ['metadata.labels: Invalid value: "b c": a valid label must be an empty string or consist of'],
    ],
    [
      'an annotation key is a qualified name, in any case',
      () => faults({ containers: [good] }, { annotations: { 'A.b/C': '', 'a b': '' } }),
      ['metadata.annotations: Invalid value: "a b": name part must consist of'],
    ],
    [
      'annotations have 256 KiB together',
      () => faults({ containers: [good] }, { annotations: { a: 'x'.repeat(262_144) } }),
      ['metadata.annotations: Too long: may not be more than 262144 bytes'],
    ],
    [
      'an owner is named completely',
      () => faults({ containers: [good] }, { ownerReferences: [{}] }),
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
        faults(
          { containers: [good] },
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
        faults({ containers: [good] }, { ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'e', uid: 'u' }] }),
      ['/v1, Kind=Event is disallowed from being an owner'],
    ],
    [
      'a finalizer is qualified or standard',
      () => faults({ containers: [good] }, { finalizers: ['kubernetes', 'a.b/c', 'mine'] }),
      [
        'metadata.finalizers[2]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    [
      'orphan and foregroundDeletion exclude each other',
      () => faults({ containers: [good] }, { finalizers: ['orphan', 'foregroundDeletion'] }),
      ['cannot be both set'],
    ],
    [
      'a mirror Pod names its node',
      () => faults({ containers: [good] }, { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
      [
        'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
      ],
    ],
    [
      'a deletion cost is an integer',
      () => faults({ containers: [good] }, { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '+1' } }),
      ['must be a 32bit integer'],
    ],
  ]);
});

describe('containers', () => {
  table([
    ['there is at least one', () => faults({ containers: [] }), ['spec.containers: Required value']],
    [
      'a Pod without a spec has none',
      () =>
        validateCreate(Pod, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n' } } as Pod)
          .map(fieldErrorText)
          .slice(0, 1),
      ['spec.containers: Required value'],
    ],
    ['a name is required', () => faults({ containers: [{ image: 'i' }] }), ['spec.containers[0].name: Required value']],
    [
      'a name is a DNS label',
      () => inContainer({ name: 'a.b' }),
      [`spec.containers[0].name: Invalid value: "a.b": ${label}`],
    ],
    ['names are unique', () => faults({ containers: [good, good] }), ['spec.containers[1].name: Duplicate value: "c"']],
    [
      'names are unique over init containers too',
      () => inSpec({ initContainers: [good] }),
      ['spec.initContainers[0].name: Duplicate value: "c"'],
    ],
    [
      'an image is required',
      () => faults({ containers: [{ name: 'c' }] }),
      ['spec.containers[0].image: Required value'],
    ],
    [
      'an image has no spaces around it',
      () => inContainer({ image: ' a' }),
      ['spec.containers[0].image: Invalid value: " a": must not have leading or trailing whitespace'],
    ],
    [
      'a pull policy is one of three',
      () => inContainer({ imagePullPolicy: 'Sometimes' }),
      [
        'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
      ],
    ],
    [
      'a termination message policy is one of two',
      () => inContainer({ terminationMessagePolicy: 'x' }),
      [
        'spec.containers[0].terminationMessagePolicy: Unsupported value: "x": supported values: "FallbackToLogsOnError", "File"',
      ],
    ],
    [
      'a port is required',
      () => inContainer({ ports: [{}] }),
      ['spec.containers[0].ports[0].containerPort: Required value'],
    ],
    [
      'a port has its range',
      () => inContainer({ ports: [{ containerPort: 65536 }] }),
      ['spec.containers[0].ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive'],
    ],
    [
      'a port name has 15 characters',
      () => inContainer({ ports: [{ name: 'a'.repeat(16), containerPort: 1 }] }),
      ['ports[0].name: Invalid value: "aaaaaaaaaaaaaaaa": must be no more than 15 bytes'],
    ],
    [
      'port names are unique in a container',
      () =>
        inContainer({
          ports: [
            { name: 'a', containerPort: 1 },
            { name: 'a', containerPort: 2 },
          ],
        }),
      ['spec.containers[0].ports[1].name: Duplicate value: "a"'],
    ],
    [
      'a protocol is one of three',
      () => inContainer({ ports: [{ containerPort: 1, protocol: 'tcp' }] }),
      ['ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'],
    ],
    [
      'a host port is taken once',
      () =>
        faults({
          containers: ['a', 'b'].map((name) => ({ ...good, name, ports: [{ containerPort: 1, hostPort: 80 }] })),
        }),
      ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
    ],
    [
      'on the host network the host port is the container port',
      () => inContainer({ ports: [{ containerPort: 1, hostPort: 2 }] }, { hostNetwork: true }),
      ['spec.containers[0].ports[0].hostPort: Invalid value: 2: must match `containerPort` when `hostNetwork` is true'],
    ],
    [
      'rules of restart need a restart policy',
      () => inContainer({ restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }] }),
      ['spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used'],
    ],
    [
      'a plain init container has no probes and hooks',
      () =>
        inSpec({
          initContainers: [{ ...good, name: 'i', lifecycle: {}, livenessProbe: { exec: { command: ['x'] } } }],
        }),
      [
        'spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
        'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      ],
    ],
    [
      'ephemeral containers come later',
      () => inSpec({ ephemeralContainers: [{ ...good, name: 'e' }] }),
      ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
    ],
  ]);
});

describe('environment', () => {
  const env = (variable: object) => inContainer({ env: [variable] });
  const from = (valueFrom: object) => env({ name: 'A', valueFrom });
  table([
    ['a name is required', () => env({ value: 'x' }), ['spec.containers[0].env[0].name: Required value']],
    [
      'a name has no equals sign',
      () => env({ name: 'A=B' }),
      [
        'spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
      ],
    ],
    ['a name may have dots and dashes', () => env({ name: 'a.b-c 1' }), []],
    ['a source is stated', () => from({}), ['env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`']],
    [
      'a value excludes a source',
      () => env({ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
      ['env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
    ],
    [
      'there is one source',
      () => from({ fieldRef: { fieldPath: 'metadata.name' }, secretKeyRef: { name: 's', key: 'k' } }),
      ['may not have more than one field specified at a time'],
    ],
    [
      'a secret key is a name',
      () => from({ secretKeyRef: { name: 's', key: 'a/b' } }),
      ['env[0].valueFrom.secretKeyRef.key: Invalid value: "a/b": a valid config key must consist of'],
    ],
    [
      'a config map key is required, as is its name',
      () => from({ configMapKeyRef: {} }),
      ['configMapKeyRef.name: Required value', 'configMapKeyRef.key: Required value'],
    ],
    [
      'a field is one that exists',
      () => from({ fieldRef: { fieldPath: 'spec.pot' } }),
      [
        'fieldRef.fieldPath: Invalid value: "spec.pot": error converting fieldPath: field label not supported: spec.pot',
      ],
    ],
    [
      'all labels are no variable',
      () => from({ fieldRef: { fieldPath: 'metadata.labels' } }),
      ['fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name"'],
    ],
    [
      'a label has a qualified key',
      () => from({ fieldRef: { fieldPath: "metadata.labels['a b']" } }),
      ['fieldRef: Invalid value: "a b": name part must consist of'],
    ],
    [
      'only labels and annotations have keys',
      () => from({ fieldRef: { fieldPath: "metadata.name['a']" } }),
      ['does not support subscript'],
    ],
    [
      'fields are those of v1',
      () => from({ fieldRef: { apiVersion: 'v2', fieldPath: 'metadata.name' } }),
      ['error converting fieldPath: unsupported pod version: v2'],
    ],
    [
      'a resource is one that exists',
      () => from({ resourceFieldRef: { resource: 'limits.gpu' } }),
      ['resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu"'],
    ],
    [
      'a divisor of CPU is 1 or 1m',
      () => from({ resourceFieldRef: { resource: 'limits.cpu', divisor: '10m' } }),
      [
        'resourceFieldRef.divisor: Invalid value: "10m": only divisor\'s values 1m and 1 are supported with the cpu resource',
      ],
    ],
    [
      'a divisor of memory is a unit',
      () => from({ resourceFieldRef: { resource: 'limits.memory', divisor: '1m' } }),
      ['are supported with the memory resource'],
    ],
    [
      'a set of variables names its source',
      () => inContainer({ envFrom: [{ prefix: 'A=' }] }),
      [
        'envFrom[0].prefix: Invalid value: "A="',
        'spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
      ],
    ],
    [
      'a set of variables has one source',
      () => inContainer({ envFrom: [{ configMapRef: { name: 'c' }, secretRef: { name: 's' } }] }),
      ['may not have more than one field specified at a time'],
    ],
  ]);
});

describe('probes and hooks', () => {
  const probe = (livenessProbe: object) => inContainer({ livenessProbe });
  const exec = { exec: { command: ['true'] } };
  table([
    [
      'a probe has a handler',
      () => probe({}),
      ['spec.containers[0].livenessProbe: Required value: must specify a handler type'],
    ],
    [
      'a probe has one handler',
      () => probe({ ...exec, tcpSocket: { port: 1 } }),
      ['spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type'],
    ],
    ['a command is required', () => probe({ exec: {} }), ['livenessProbe.exec.command: Required value']],
    [
      'a port is required',
      () => probe({ httpGet: {} }),
      ['livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive'],
    ],
    [
      'a port name is a port name',
      () => probe({ httpGet: { port: '80' } }),
      ['httpGet.port: Invalid value: "80": must contain at least one letter (a-z)'],
    ],
    [
      'a scheme is one of two',
      () => probe({ httpGet: { port: 1, scheme: 'http' } }),
      ['httpGet.scheme: Unsupported value: "http": supported values: "HTTP", "HTTPS"'],
    ],
    [
      'a header has a name',
      () => probe({ httpGet: { port: 1, httpHeaders: [{ name: 'a b', value: '' }] } }),
      ['httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of'],
    ],
    [
      'no time is negative',
      () => probe({ ...exec, initialDelaySeconds: -1 }),
      ['livenessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'one success makes a container live',
      () => probe({ ...exec, successThreshold: 2 }),
      ['livenessProbe.successThreshold: Invalid value: 2: must be 1'],
    ],
    [
      'grace is positive',
      () => probe({ ...exec, terminationGracePeriodSeconds: 0 }),
      ['livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0'],
    ],
    [
      'readiness has no grace',
      () => inContainer({ readinessProbe: { ...exec, terminationGracePeriodSeconds: 5 } }),
      ['readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes'],
    ],
    [
      'a hook sleeps no longer than the grace',
      () => inContainer({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
      [
        'lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
      ],
    ],
    ['a hook may sleep for nothing', () => inContainer({ lifecycle: { preStop: { sleep: { seconds: 0 } } } }), []],
  ]);
});

describe('volumes', () => {
  const volume = (source: object) => inSpec({ volumes: [{ name: 'v', ...source }] });
  const mount = (volumeMount: object) => inContainer({ volumeMounts: [volumeMount] }, { volumes: [{ name: 'v' }] });
  const items = (path: string) => volume({ secret: { secretName: 's', items: [{ key: 'k', path }] } });
  const projected = (...sources: object[]) => volume({ projected: { sources } });
  const at = 'spec.volumes[0]';
  table([
    ['a name is a DNS label', () => inSpec({ volumes: [{ name: 'V' }] }), [`${at}.name: Invalid value: "V": ${label}`]],
    [
      'names are unique',
      () => inSpec({ volumes: [{ name: 'v' }, { name: 'v' }] }),
      ['spec.volumes[1].name: Duplicate value: "v"'],
    ],
    [
      'a volume has one source',
      () => volume({ emptyDir: {}, hostPath: { path: '/' } }),
      [`${at}.hostPath: Forbidden: may not specify more than 1 volume type`],
    ],
    ['a secret is named', () => volume({ secret: {} }), [`${at}.secret.secretName: Required value`]],
    ['a config map is named', () => volume({ configMap: {} }), [`${at}.configMap.name: Required value`]],
    [
      'a claim is named',
      () => volume({ persistentVolumeClaim: {} }),
      [`${at}.persistentVolumeClaim.claimName: Required value`],
    ],
    [
      'a mode is at most 0777',
      () => volume({ secret: { secretName: 's', defaultMode: 512 } }),
      [`${at}.secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive`],
    ],
    [
      'a mode of an item, too',
      () => volume({ configMap: { name: 'c', items: [{ key: 'k', path: 'p', mode: -1 }] } }),
      [`${at}.configMap.items[0].mode: Invalid value: -1: must be a number`],
    ],
    [
      'an item has key and path',
      () => volume({ secret: { secretName: 's', items: [{}] } }),
      [`${at}.secret.items[0].key: Required value`, `${at}.secret.items[0].path: Required value`],
    ],
    [
      'a path is relative',
      () => items('/a'),
      [`${at}.secret.items[0].path: Invalid value: "/a": must be a relative path`],
    ],
    [
      'a path never leads up',
      () => items('a/../b'),
      [`${at}.secret.items[0].path: Invalid value: "a/../b": must not contain '..'`],
    ],
    ['a path is not the parent', () => items('..'), ["must not contain '..'"]],
    [
      'a path leaves ..data to the projector',
      () => items('..data'),
      [`${at}.secret.items[0].path: Invalid value: "..data": must not start with '..'`],
    ],
    ['a path may have folders', () => items('a/b/c'), []],
    [
      'a host path never leads up',
      () => volume({ hostPath: { path: '/a/..' } }),
      [`${at}.hostPath.path: Invalid value: "/a/..": must not contain '..'`],
    ],
    [
      'a host path has a known type',
      () => volume({ hostPath: { path: '/', type: 'Dir' } }),
      [`${at}.hostPath.type: Unsupported value: "Dir"`],
    ],
    [
      'a size limit is not negative',
      () => volume({ emptyDir: { sizeLimit: '-1' } }),
      [`${at}.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity`],
    ],
    [
      'a downward file has a source',
      () => volume({ downwardAPI: { items: [{ path: 'a' }] } }),
      [`${at}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required`],
    ],
    [
      'a downward file has one source',
      () =>
        volume({
          downwardAPI: {
            items: [
              {
                path: 'a',
                fieldRef: { fieldPath: 'metadata.name' },
                resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' },
              },
            ],
          },
        }),
      ['fieldRef and resourceFieldRef can not be specified simultaneously'],
    ],
    [
      'a node is no downward file',
      () => volume({ downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'spec.nodeName' } }] } }),
      [`${at}.downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName"`],
    ],
    [
      'a resource in a file names its container',
      () => volume({ downwardAPI: { items: [{ path: 'a', resourceFieldRef: { resource: 'limits.cpu' } }] } }),
      [`${at}.downwardAPI.resourceFieldRef.containerName: Required value`],
    ],
    [
      'a projected source has one type',
      () => projected({ secret: { name: 's' }, configMap: { name: 'c' } }),
      [`${at}.projected.sources[0].configMap: Forbidden: may not specify more than 1 volume type per source`],
    ],
    [
      'projected paths do not meet',
      () =>
        projected(
          { secret: { name: 's', items: [{ key: 'a', path: 'p' }] } },
          { configMap: { name: 'c', items: [{ key: 'a', path: 'p' }] } },
        ),
      [`${at}.projected: Invalid value: "c": conflicting duplicate paths`],
    ],
    ['implicit keys are not compared', () => projected({ secret: { name: 's' } }, { configMap: { name: 's' } }), []],
    [
      'a token has a path',
      () => projected({ serviceAccountToken: {} }),
      [`${at}.projected.sources[0].serviceAccountToken.path: Required value`],
    ],
    [
      'a token lives for ten minutes',
      () => projected({ serviceAccountToken: { path: 't', expirationSeconds: 599 } }),
      ['serviceAccountToken.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes'],
    ],
    [
      'a token lives no longer than 2^32 seconds',
      () => projected({ serviceAccountToken: { path: 't', expirationSeconds: 2 ** 32 + 1 } }),
      ['may not specify a duration larger than 2^32 seconds'],
    ],
    ['a mount names a volume', () => mount({ mountPath: '/a' }), ['volumeMounts[0].name: Required value']],
    [
      'a mount names a volume that is there',
      () => mount({ name: 'w', mountPath: '/a' }),
      ['spec.containers[0].volumeMounts[0].name: Not found: "w"'],
    ],
    ['a mount has a path', () => mount({ name: 'v' }), ['volumeMounts[0].mountPath: Required value']],
    [
      'mount paths are unique',
      () =>
        inContainer(
          {
            volumeMounts: [
              { name: 'v', mountPath: '/a' },
              { name: 'v', mountPath: '/a' },
            ],
          },
          { volumes: [{ name: 'v' }] },
        ),
      ['volumeMounts[1].mountPath: Invalid value: "/a": must be unique'],
    ],
    [
      'a sub path stays inside',
      () => mount({ name: 'v', mountPath: '/a', subPath: '../x' }),
      ['volumeMounts[0].subPath: Invalid value: "../x": must not contain \'..\''],
    ],
    [
      'a sub path is fixed or computed',
      () => mount({ name: 'v', mountPath: '/a', subPath: 'x', subPathExpr: '$(Y)' }),
      ['subPathExpr and subPath are mutually exclusive'],
    ],
    [
      'propagation to the host needs privilege',
      () => mount({ name: 'v', mountPath: '/a', mountPropagation: 'Bidirectional' }),
      ['mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers'],
    ],
    [
      'recursive read-only needs read-only',
      () => mount({ name: 'v', mountPath: '/a', recursiveReadOnly: 'Enabled' }),
      ['recursiveReadOnly: Forbidden: may only be specified when readOnly is true'],
    ],
  ]);
});

describe('resources', () => {
  const resources = (value: object) => inContainer({ resources: value });
  table([
    [
      'a request is at most the limit',
      () => resources({ requests: { cpu: 2 }, limits: { cpu: 1 } }),
      ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ],
    [
      'no amount is negative',
      () => resources({ limits: { cpu: '-1' } }),
      [
        'spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
        'resources.requests[cpu]: Invalid value: "-1"',
      ],
    ],
    [
      'a resource is standard',
      () => resources({ requests: { gpu: 1 } }),
      [
        'resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
        'must be a standard resource for containers',
      ],
    ],
    [
      'an extended resource is not overcommitted',
      () => resources({ requests: { 'a.b/c': 1 } }),
      ['spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources'],
    ],
    [
      'an extended resource is whole',
      () => resources({ limits: { 'a.b/c': '500m' } }),
      ['resources.limits[a.b/c]: Invalid value: "500m": must be an integer', 'resources.requests[a.b/c]'],
    ],
    [
      'huge pages need CPU or memory',
      () => resources({ limits: { 'hugepages-2Mi': '2Mi' } }),
      ['spec.containers[0].resources: Forbidden: HugePages require cpu or memory'],
    ],
  ]);
});

describe('the Pod as a whole', () => {
  table([
    [
      'a restart policy is one of three',
      () => inSpec({ restartPolicy: 'Maybe' }),
      ['spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "Never", "OnFailure"'],
    ],
    ['a DNS policy is one of four', () => inSpec({ dnsPolicy: 'x' }), ['spec.dnsPolicy: Unsupported value: "x"']],
    [
      'DNS of its own is stated',
      () => inSpec({ dnsPolicy: 'None' }),
      ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
    ],
    [
      'a deadline is positive',
      () => inSpec({ activeDeadlineSeconds: 0 }),
      ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
    ],
    ['a hostname is a DNS label', () => inSpec({ hostname: 'a.b' }), [`spec.hostname: Invalid value: "a.b": ${label}`]],
    [
      'a host alias has an address and names',
      () => inSpec({ hostAliases: [{ ip: 'x', hostnames: ['A'] }] }),
      [
        'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address',
        'spec.hostAliases[0].hostnames: Invalid value: "A"',
      ],
    ],
    [
      "an own process table is not the host's",
      () => inSpec({ shareProcessNamespace: true, hostPID: true }),
      ['ShareProcessNamespace and HostPID cannot both be enabled'],
    ],
    [
      'a user id has its range',
      () => inSpec({ securityContext: { runAsUser: -1 } }),
      ['spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive'],
    ],
    [
      'privilege is escalation',
      () => inContainer({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
      ['cannot set `allowPrivilegeEscalation` to false and `privileged` to true'],
    ],
    [
      'a toleration of everything says Exists',
      () => inSpec({ tolerations: [{ value: 'x' }] }),
      ['spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty'],
    ],
    [
      'a toleration for a time is of eviction',
      () => inSpec({ tolerations: [{ key: 'a', tolerationSeconds: 1, effect: 'NoSchedule' }] }),
      [
        'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
      ],
    ],
    [
      'a toleration that exists has no value',
      () => inSpec({ tolerations: [{ key: 'a', operator: 'Exists', value: 'x' }] }),
      ["value must be empty when `operator` is 'Exists'"],
    ],
    [
      'an effect is one of three',
      () => inSpec({ tolerations: [{ key: 'a', effect: 'x' }] }),
      ['spec.tolerations[0].effect: Unsupported value: "x"'],
    ],
    [
      'a node selector is made of labels',
      () => inSpec({ nodeSelector: { 'a b': '' } }),
      ['spec.nodeSelector: Invalid value: "a b"'],
    ],
    [
      'a preference has a weight',
      () =>
        inSpec({
          affinity: {
            nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, preference: {} }] },
          },
        }),
      ['weight: Invalid value: 0: must be in the range 1-100'],
    ],
    [
      'node affinity that is required has a term',
      () =>
        inSpec({
          affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
        }),
      ['nodeSelectorTerms: Required value: must have at least one node selector term'],
    ],
    [
      'pod affinity is about a topology',
      () =>
        inSpec({
          affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] } },
        }),
      ['topologyKey: Required value: can not be empty'],
    ],
    [
      'a skew is positive',
      () => inSpec({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'Never' }] }),
      ['maxSkew: Invalid value: 0: must be greater than zero', 'whenUnsatisfiable: Unsupported value: "Never"'],
    ],
    [
      'a gated Pod has no node',
      () => inSpec({ schedulingGates: [{ name: 'a' }], nodeName: 'n' }),
      ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
    ],
    [
      'a gate holds once',
      () => inSpec({ schedulingGates: [{ name: 'a' }, { name: 'a' }] }),
      ['spec.schedulingGates[1]: Duplicate value: "a"'],
    ],
    [
      'a readiness gate is a condition',
      () => inSpec({ readinessGates: [{ conditionType: 'a b' }] }),
      ['spec.readinessGates[0].conditionType: Invalid value: "a b"'],
    ],
    [
      'an operating system is known',
      () => inSpec({ os: { name: 'plan9' } }),
      ['spec.os.name: Unsupported value: "plan9": supported values: "linux", "windows"'],
    ],
  ]);
});

it('a path that is accepted never leaves its volume', () => {
  const segment = fc.constantFrom('..', '.', '', 'a', '..data', '...', 'b c');
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
      const path = segments.join('/');
      const found = inSpec({ volumes: [{ name: 'v', secret: { secretName: 's', items: [{ key: 'k', path }] } }] });
      const staysInside = path !== '' && !path.startsWith('/') && !segments.includes('..') && !path.startsWith('..');
      expect(found.length === 0).toBe(staysInside);
    }),
  );
});
