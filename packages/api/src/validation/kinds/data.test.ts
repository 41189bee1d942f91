import { describe, expect, it } from 'vitest';
import * as kinds from '../../kinds.ts';
import { createFaults, updateFaults } from './faults.fixture.ts';

const podSpec = { containers: [{ name: 'c', image: 'busybox' }] };
const selector = { matchLabels: { app: 'web' } };
const template = { metadata: { labels: { app: 'web', tier: 'x' } }, spec: podSpec };
const _workload = { selector, template };
const _never = { ...template, spec: { ...podSpec, restartPolicy: 'Never' } };
const _mismatch =
  'spec.template.metadata.labels: Invalid value: {"app":"web","tier":"x"}: `selector` does not match template `labels`';

type Case = [rule: string, found: () => string[], expected: string[]];

const table = (cases: Case[]): void =>
  it.each(cases)('%s', (_rule, found, expected) => {
    expect(found()).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

describe('a Secret', () => {
  const secret = (content: object, metadata: object = {}) => createFaults(kinds.Secret, content, metadata);
  const text = (value: string) => btoa(value);
  table([
    ['any type but the known ones needs nothing', () => secret({ type: 'a.b/c', data: { k: 'QQ==' } }), []],
    [
      'a key is a file name',
      () => secret({ data: { 'a/b': '' } }),
      ['data[a/b]: Invalid value: "a/b": a valid config key must consist of'],
    ],
    ['a key may have dots, dashes and underscores', () => secret({ data: { '.a-b_C.9': '' } }), []],
    ['a key has up to 253 characters', () => secret({ data: { ['k'.repeat(253)]: '' } }), []],
    [
      'a key has no more than 253 characters',
      () => secret({ data: { ['k'.repeat(254)]: '' } }),
      ['must be no more than 253 bytes'],
    ],
    [
      'a key is not the directory',
      () => secret({ data: { '.': '' } }),
      ['data[.]: Invalid value: ".": must not be \'.\''],
    ],
    [
      'a key is not the parent',
      () => secret({ data: { '..': '' } }),
      ['data[..]: Invalid value: "..": must not be \'..\''],
    ],
    [
      'a key leaves names that begin with .. to the projector',
      () => secret({ data: { '..data': '' } }),
      ['data[..data]: Invalid value: "..data": must not start with \'..\''],
    ],
    [
      'values have 1 MiB together',
      () => secret({ data: { a: text('x'.repeat(600_000)), b: text('x'.repeat(600_000)) } }),
      ['data: Too long: may not be more than 1048576 bytes'],
    ],
    ['keys do not count', () => secret({ data: { [`a${'b'.repeat(200)}`]: text('x'.repeat(1_048_576)) } }), []],
    [
      'a service account token names its account',
      () => secret({ type: 'kubernetes.io/service-account-token' }),
      ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
    ],
    [
      'a dockercfg has its key',
      () => secret({ type: 'kubernetes.io/dockercfg' }),
      ['data[.dockercfg]: Required value'],
    ],
    [
      'a dockercfg is a JSON object, and not shown',
      () => secret({ type: 'kubernetes.io/dockercfg', stringData: { '.dockercfg': '["geheim"]' } }),
      ['data[.dockercfg]: Invalid value: "<secret contents redacted>"'],
    ],
    [
      'a service account token that names its account passes, empty as it is',
      () =>
        secret(
          { type: 'kubernetes.io/service-account-token' },
          { annotations: { 'kubernetes.io/service-account.name': 'robot' } },
        ),
      [],
    ],
    [
      'a dockerconfigjson has its key',
      () => secret({ type: 'kubernetes.io/dockerconfigjson' }),
      ['data[.dockerconfigjson]: Required value'],
    ],
    [
      'a dockerconfigjson is a JSON object, and not shown',
      () => secret({ type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': 'geheim' } }),
      ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>"'],
    ],
    [
      'a dockerconfigjson that is one passes',
      () => secret({ type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '{}' } }),
      [],
    ],
    [
      'basic auth has a user or a password',
      () => secret({ type: 'kubernetes.io/basic-auth' }),
      ['data[username]: Required value', 'data[password]: Required value'],
    ],
    [
      'basic auth has enough with one, even empty',
      () => secret({ type: 'kubernetes.io/basic-auth', stringData: { password: '' } }),
      [],
    ],
    [
      'ssh auth has a key that is not empty',
      () => secret({ type: 'kubernetes.io/ssh-auth', stringData: { 'ssh-privatekey': '' } }),
      ['data[ssh-privatekey]: Required value'],
    ],
    [
      'tls has both keys',
      () => secret({ type: 'kubernetes.io/tls' }),
      ['data[tls.crt]: Required value', 'data[tls.key]: Required value'],
    ],
    [
      'tls keys may be empty',
      () => secret({ type: 'kubernetes.io/tls', stringData: { 'tls.crt': '', 'tls.key': '' } }),
      [],
    ],
    ['a bootstrap token has no rules', () => secret({ type: 'bootstrap.kubernetes.io/token' }), []],
    [
      'the type never changes',
      () => updateFaults(kinds.Secret, { type: 'a' }, { type: 'b' }),
      ['type: Invalid value: "a": field is immutable'],
    ],
    ['data may change', () => updateFaults(kinds.Secret, { data: { a: 'QQ==' } }, {}), []],
    [
      'immutable cannot be taken back',
      () => updateFaults(kinds.Secret, {}, { immutable: true }),
      ['immutable: Forbidden: field is immutable when `immutable` is set'],
    ],
    [
      'an immutable field accepts the same value in another notation',
      () =>
        updateFaults(
          kinds.Secret,
          { immutable: true, stringData: { a: 'A' } },
          { immutable: true, data: { a: 'QQ==' } },
        ),
      [],
    ],
    [
      'it may become immutable with new data',
      () => updateFaults(kinds.Secret, { immutable: true, data: { a: '' } }, {}),
      [],
    ],
    [
      'immutable data never changes',
      () => updateFaults(kinds.Secret, { immutable: true, data: { a: 'QQ==' } }, { immutable: true }),
      ['data: Forbidden: field is immutable when `immutable` is set'],
    ],
  ]);
});

describe('a ConfigMap', () => {
  table([
    [
      'a key is a file name',
      () => createFaults(kinds.ConfigMap, { data: { '..': '' } }),
      ['data[..]: Invalid value: "..": must not be \'..\''],
    ],
    [
      'a key is in one of both maps',
      () => createFaults(kinds.ConfigMap, { data: { a: '' }, binaryData: { a: '' } }),
      ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
    ],
    [
      'both maps have 1 MiB together, in UTF-8',
      () => createFaults(kinds.ConfigMap, { data: { a: 'ä'.repeat(524_289) } }),
      ['Too long: may not be more than 1048576 bytes'],
    ],
    ['exactly 1 MiB passes', () => createFaults(kinds.ConfigMap, { data: { a: 'ä'.repeat(524_288) } }), []],
    [
      'a key of binaryData is a file name, too',
      () => createFaults(kinds.ConfigMap, { binaryData: { 'a b': '' } }),
      ['binaryData[a b]: Invalid value: "a b"'],
    ],
    ['keys do not count', () => createFaults(kinds.ConfigMap, { data: { aaaa: 'x'.repeat(1_048_576) } }), []],
    [
      'the error of its size is of the whole',
      () => createFaults(kinds.ConfigMap, { data: { a: 'x'.repeat(1_048_577) } }),
      ['[]: Too long: may not be more than 1048576 bytes'],
    ],
    ['its data may change', () => updateFaults(kinds.ConfigMap, { data: { a: '1' } }, { data: { a: '2' } }), []],
    [
      'immutable data never changes, nor goes',
      () => updateFaults(kinds.ConfigMap, { binaryData: { b: 'QQ==' } }, { immutable: true, data: { a: 'x' } }),
      [
        'immutable: Forbidden: field is immutable when `immutable` is set',
        'data: Forbidden: field is immutable when `immutable` is set',
        'binaryData: Forbidden: field is immutable when `immutable` is set',
      ],
    ],
  ]);
});
