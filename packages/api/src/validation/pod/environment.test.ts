import { describe, expect, it } from 'vitest';
import { containerFaults } from './pod-faults.fixture.ts';

type Case = [rule: string, found: () => string[], expected: string[]];

const table = (cases: Case[]): void =>
  it.each(cases)('%s', (_rule, found, expected) => {
    expect(found()).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

const variableFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  "metadata.labels['a.b/c']",
  "metadata.annotations['A.b/c']",
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const resourceFields = ['limits', 'requests'].flatMap((side) =>
  ['cpu', 'memory', 'ephemeral-storage', 'hugepages-2Mi'].map((name) => `${side}.${name}`),
);

describe('environment', () => {
  const env = (variable: object) => containerFaults({ env: [variable] });
  const from = (valueFrom: object) => env({ name: 'A', valueFrom });
  const prefixed = (prefix: string) => containerFaults({ envFrom: [{ prefix, configMapRef: { name: 'c' } }] });
  table([
    ['a name is required', () => env({ value: 'x' }), ['spec.containers[0].env[0].name: Required value']],
    [
      'a name has no equals sign',
      () => env({ name: 'A=B' }),
      [
        'spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
      ],
    ],
    ['a name may begin with a digit, and be any other printable text', () => env({ name: '1 a/b:c' }), []],
    ['a name has no umlauts', () => env({ name: 'ä' }), ['a valid environment variable name must consist only of']],
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
    ...variableFields.map(
      (fieldPath): Case => [`a variable may show ${fieldPath}`, () => from({ fieldRef: { fieldPath } }), []],
    ),
    [
      'all annotations are no variable',
      () => from({ fieldRef: { fieldPath: 'metadata.annotations' } }),
      ['fieldRef.fieldPath: Unsupported value: "metadata.annotations"'],
    ],
    [
      'a field selector key is not a downward API field',
      () => from({ fieldRef: { fieldPath: 'status.phase' } }),
      ['fieldRef.fieldPath: Unsupported value: "status.phase"'],
    ],
    ...resourceFields.map(
      (resource): Case => [`a variable may show ${resource}`, () => from({ resourceFieldRef: { resource } }), []],
    ),
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
      'a file key names volume, path and key',
      () => from({ fileKeyRef: {} }),
      ['fileKeyRef.volumeName: Required value', 'fileKeyRef.path: Required value', 'fileKeyRef.key: Required value'],
    ],
    [
      'a file lies in its volume',
      () => from({ fileKeyRef: { volumeName: 'v', path: '../x', key: 'A' } }),
      ['fileKeyRef.path: Invalid value: "../x": must not contain \'..\''],
    ],
    [
      'a file key excludes the other sources',
      () => from({ fileKeyRef: { volumeName: 'v', path: 'x', key: 'A' }, fieldRef: { fieldPath: 'metadata.name' } }),
      ['may not have more than one field specified at a time'],
    ],
    ['a prefix may be of any printable characters', () => prefixed('1 a.b-'), []],
    ['a prefix is no control character', () => prefixed('a\tb'), ['envFrom[0].prefix: Invalid value']],
    [
      'a set of variables names its source',
      () => containerFaults({ envFrom: [{ prefix: 'A=' }] }),
      [
        'envFrom[0].prefix: Invalid value: "A="',
        'spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
      ],
    ],
    [
      'a set of variables has one source',
      () => containerFaults({ envFrom: [{ configMapRef: { name: 'c' }, secretRef: { name: 's' } }] }),
      ['may not have more than one field specified at a time'],
    ],
  ]);
});
