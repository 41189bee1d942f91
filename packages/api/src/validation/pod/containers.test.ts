import { describe, expect, it } from 'vitest';
import { fieldErrorText } from '../../field-error.ts';
import { Pod } from '../../kinds.ts';
import { validateCreate } from '../validate.ts';
import { containerFaults, goodContainer, podFaults, specFaults } from './pod-faults.fixture.ts';

const label = 'a lowercase RFC 1123 label must consist of';

type Case = [rule: string, found: () => string[], expected: string[]];

const table = (cases: Case[]): void =>
  it.each(cases)('%s', (_rule, found, expected) => {
    expect(found()).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

describe('containers', () => {
  table([
    ['there is at least one', () => podFaults({ containers: [] }), ['spec.containers: Required value']],
    [
      'a Pod without a spec has none',
      () =>
        validateCreate(Pod, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n' } } as Pod)
          .map(fieldErrorText)
          .slice(0, 1),
      ['spec.containers: Required value'],
    ],
    [
      'a name is required',
      () => podFaults({ containers: [{ image: 'i' }] }),
      ['spec.containers[0].name: Required value'],
    ],
    [
      'a name is a DNS label',
      () => containerFaults({ name: 'a.b' }),
      [`spec.containers[0].name: Invalid value: "a.b": ${label}`],
    ],
    [
      'names are unique',
      () => podFaults({ containers: [goodContainer, goodContainer] }),
      ['spec.containers[1].name: Duplicate value: "c"'],
    ],
    [
      'names are unique over init containers too',
      () => specFaults({ initContainers: [goodContainer] }),
      ['spec.initContainers[0].name: Duplicate value: "c"'],
    ],
    [
      'an image is required',
      () => podFaults({ containers: [{ name: 'c' }] }),
      ['spec.containers[0].image: Required value'],
    ],
    [
      'an image has no spaces around it',
      () => containerFaults({ image: ' a' }),
      ['spec.containers[0].image: Invalid value: " a": must not have leading or trailing whitespace'],
    ],
    [
      'a pull policy is one of three',
      () => containerFaults({ imagePullPolicy: 'Sometimes' }),
      [
        'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
      ],
    ],
    [
      'a termination message policy is one of two',
      () => containerFaults({ terminationMessagePolicy: 'x' }),
      [
        'spec.containers[0].terminationMessagePolicy: Unsupported value: "x": supported values: "FallbackToLogsOnError", "File"',
      ],
    ],
    [
      'a port is required',
      () => containerFaults({ ports: [{}] }),
      ['spec.containers[0].ports[0].containerPort: Required value'],
    ],
    [
      'a port has its range',
      () => containerFaults({ ports: [{ containerPort: 65536 }] }),
      ['spec.containers[0].ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive'],
    ],
    [
      'a port name has 15 characters',
      () => containerFaults({ ports: [{ name: 'a'.repeat(16), containerPort: 1 }] }),
      ['ports[0].name: Invalid value: "aaaaaaaaaaaaaaaa": must be no more than 15 bytes'],
    ],
    [
      'port names are unique in a container',
      () =>
        containerFaults({
          ports: [
            { name: 'a', containerPort: 1 },
            { name: 'a', containerPort: 2 },
          ],
        }),
      ['spec.containers[0].ports[1].name: Duplicate value: "a"'],
    ],
    [
      'a protocol is one of three',
      () => containerFaults({ ports: [{ containerPort: 1, protocol: 'tcp' }] }),
      ['ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'],
    ],
    [
      'a host port is used only once',
      () =>
        podFaults({
          containers: ['a', 'b'].map((name) => ({
            ...goodContainer,
            name,
            ports: [{ containerPort: 1, hostPort: 80 }],
          })),
        }),
      ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
    ],
    [
      'on the host network the host port is the container port',
      () => containerFaults({ ports: [{ containerPort: 1, hostPort: 2 }] }, { hostNetwork: true }),
      ['spec.containers[0].ports[0].hostPort: Invalid value: 2: must match `containerPort` when `hostNetwork` is true'],
    ],
    [
      'rules of restart need a restart policy',
      () =>
        containerFaults({ restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }] }),
      ['spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used'],
    ],
    [
      'a plain init container has no probes and hooks',
      () =>
        specFaults({
          initContainers: [{ ...goodContainer, name: 'i', lifecycle: {}, livenessProbe: { exec: { command: ['x'] } } }],
        }),
      [
        'spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
        'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      ],
    ],
    ...['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'].map((field): Case => {
      const value = field === 'lifecycle' ? {} : { exec: { command: ['x'] } };
      return [
        `a plain init container has no ${field}, a sidecar may`,
        () => [
          ...specFaults({ initContainers: [{ ...goodContainer, name: 'i', [field]: value }] }),
          ...specFaults({ initContainers: [{ ...goodContainer, name: 'i', restartPolicy: 'Always', [field]: value }] }),
        ],
        [`spec.initContainers[0].${field}: Forbidden: may not be set for init containers without restartPolicy=Always`],
      ];
    }),
    [
      'ephemeral containers come later',
      () => specFaults({ ephemeralContainers: [{ ...goodContainer, name: 'e' }] }),
      ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
    ],
  ]);
});

describe('probes and hooks', () => {
  const probe = (livenessProbe: object) => containerFaults({ livenessProbe });
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
      'one success starts a container',
      () => containerFaults({ startupProbe: { ...exec, successThreshold: 2 } }),
      ['startupProbe.successThreshold: Invalid value: 2: must be 1'],
    ],
    [
      'readiness may ask for several successes',
      () => containerFaults({ readinessProbe: { ...exec, successThreshold: 2 } }),
      [],
    ],
    ...[0, 65_536].map(
      (port): Case => [
        `${port} is no port of a probe`,
        () => probe({ tcpSocket: { port } }),
        [`livenessProbe.tcpSocket.port: Invalid value: ${port}: must be between 1 and 65535, inclusive`],
      ],
    ),
    ['the port of a gRPC probe is a number', () => probe({ grpc: { port: 8080 } }), []],
    [
      'grace is positive',
      () => probe({ ...exec, terminationGracePeriodSeconds: 0 }),
      ['livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0'],
    ],
    [
      'readiness has no grace',
      () => containerFaults({ readinessProbe: { ...exec, terminationGracePeriodSeconds: 5 } }),
      ['readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes'],
    ],
    [
      'a hook sleeps no longer than the grace',
      () => containerFaults({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
      [
        'lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
      ],
    ],
    [
      'a hook may sleep for the whole grace period',
      () => containerFaults({ lifecycle: { preStop: { sleep: { seconds: 30 } } } }),
      [],
    ],
    [
      'a tcpSocket hook is accepted, although it fails at run time',
      () => containerFaults({ lifecycle: { postStart: { tcpSocket: { port: 80 } } } }),
      [],
    ],
    [
      'a hook sleeps forwards',
      () => containerFaults({ lifecycle: { preStop: { sleep: { seconds: -1 } } } }),
      ['lifecycle.preStop.sleep: Invalid value: -1: must be non-negative'],
    ],
    [
      'a hook has a handler',
      () => containerFaults({ lifecycle: { postStart: {} } }),
      ['lifecycle.postStart: Required value: must specify a handler type'],
    ],
    [
      'a hook has one handler',
      () => containerFaults({ lifecycle: { postStart: { ...exec, sleep: { seconds: 1 } } } }),
      ['Forbidden: may not specify more than 1 handler type'],
    ],
    ['a hook may sleep for nothing', () => containerFaults({ lifecycle: { preStop: { sleep: { seconds: 0 } } } }), []],
  ]);
});

describe('resources', () => {
  const resources = (value: object) => containerFaults({ resources: value });
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
