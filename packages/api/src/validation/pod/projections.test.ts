import { describe, expect, it } from 'vitest';
import { specFaults } from './pod-faults.fixture.ts';

type Case = [rule: string, found: () => string[], expected: string[]];

const table = (cases: Case[]): void =>
  it.each(cases)('%s', (_rule, found, expected) => {
    expect(found()).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

const at = 'spec.volumes[0]';
const volume = (source: object) => specFaults({ volumes: [{ name: 'v', ...source }] });
const projected = (...sources: object[]) => volume({ projected: { sources } });
const range = 'must be a number between 0 and 0777 (octal), both inclusive';

describe('modes of volumes with data', () => {
  table([
    [
      'a secret’s from 0 to 0777',
      () => [
        ...volume({ secret: { secretName: 's', defaultMode: 0 } }),
        ...volume({ secret: { secretName: 's', defaultMode: 0o777 } }),
      ],
      [],
    ],
    [
      'a configMap’s',
      () => volume({ configMap: { name: 'c', defaultMode: 512 } }),
      [`${at}.configMap.defaultMode: Invalid value: 512: ${range}`],
    ],
    [
      'a downwardAPI’s',
      () => volume({ downwardAPI: { defaultMode: -1 } }),
      [`${at}.downwardAPI.defaultMode: Invalid value: -1: ${range}`],
    ],
    [
      'one of a downward file',
      () => volume({ downwardAPI: { items: [{ path: 'a', mode: 512, fieldRef: { fieldPath: 'metadata.name' } }] } }),
      [`${at}.downwardAPI.mode: Invalid value: 512: ${range}`],
    ],
    [
      'a projected volume’s',
      () => volume({ projected: { sources: [], defaultMode: 512 } }),
      [`${at}.projected.defaultMode: Invalid value: 512: ${range}`],
    ],
    [
      'a projected item’s',
      () => projected({ configMap: { name: 'c', items: [{ key: 'k', path: 'p', mode: 512 }] } }),
      [`${at}.projected.sources[0].configMap.items[0].mode: Invalid value: 512: ${range}`],
    ],
  ]);
});

describe('downward files', () => {
  const file = (path: string) =>
    volume({ downwardAPI: { items: [{ path, fieldRef: { fieldPath: 'metadata.name' } }] } });
  const resource = (name: string, divisor: string) =>
    volume({
      downwardAPI: { items: [{ path: 'a', resourceFieldRef: { containerName: 'c', resource: name, divisor } }] },
    });
  table([
    ['a path is required', () => file(''), [`${at}.downwardAPI.path: Required value`]],
    ['a path is relative', () => file('/a'), ['must be a relative path']],
    ['a path never leads up', () => file('a/../../b'), ["must not contain '..'"]],
    ['a path leaves ..data to the projector', () => file('..data'), ["must not start with '..'"]],
    ['a path may have folders', () => file('a/b'), []],
    [
      'whole labels and annotations are files',
      () =>
        volume({
          downwardAPI: {
            items: ['metadata.labels', 'metadata.annotations'].map((fieldPath, i) => ({
              path: `${i}`,
              fieldRef: { fieldPath },
            })),
          },
        }),
      [],
    ],
    [
      'an annotation’s key is looked at in lower case',
      () =>
        volume({
          downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: "metadata.annotations['ACME.com/A']" } }] },
        }),
      [],
    ],
    ['huge pages of any size may be read', () => resource('limits.hugepages-2Mi', '1Mi'), []],
    [
      'in units of bytes',
      () => resource('requests.hugepages-1Gi', '1m'),
      ['resourceFieldRef.divisor: Invalid value: "1m"'],
    ],
    ['a divisor of 0 means the default', () => resource('limits.memory', '0'), []],
    [
      'a divisor of storage is a unit',
      () => resource('limits.ephemeral-storage', '3'),
      ['are supported with the local ephemeral storage resource'],
    ],
  ]);
  it.each(['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'])(
    'memory is divided by %s',
    (divisor) => expect(resource('requests.memory', divisor)).toEqual([]),
  );
});

describe('paths of projected sources', () => {
  const item = { key: 'k', path: 'p' };
  table([
    [
      'two downward files do not meet',
      () =>
        projected(
          { downwardAPI: { items: [{ path: 'p', fieldRef: { fieldPath: 'metadata.name' } }] } },
          { downwardAPI: { items: [{ path: 'p', fieldRef: { fieldPath: 'metadata.uid' } }] } },
        ),
      [`${at}.projected: Invalid value: "p": conflicting duplicate paths`],
    ],
    [
      'two items of one source do not meet',
      () => projected({ secret: { name: 's', items: [item, { ...item, key: 'l' }] } }),
      [`${at}.projected: Invalid value: "s": conflicting duplicate paths`],
    ],
    [
      'a bundle and an item do not meet',
      () => projected({ secret: { name: 's', items: [item] } }, { clusterTrustBundle: { name: 'b', path: 'p' } }),
      ['conflicting duplicate paths'],
    ],
    [
      'a token’s path is not compared',
      () => projected({ serviceAccountToken: { path: 'p' } }, { secret: { name: 's', items: [item] } }),
      [],
    ],
    ['a secret is named', () => projected({ secret: {} }), [`${at}.projected.sources[0].secret.name: Required value`]],
    [
      'a configMap is named',
      () => projected({ configMap: {} }),
      [`${at}.projected.sources[0].configMap.name: Required value`],
    ],
  ]);
});

describe('tokens', () => {
  const token = (fields: object) => projected({ serviceAccountToken: { path: 't', ...fields } });
  table([
    ['ten minutes are enough', () => token({ expirationSeconds: 600 }), []],
    ['2^32 seconds are not too long', () => token({ expirationSeconds: 2 ** 32 }), []],
    ['an audience may be named', () => token({ audience: 'vault' }), []],
    ['a path is relative', () => token({ path: '/t' }), ['serviceAccountToken.path: Invalid value: "/t": must be a']],
    ['a path never leads up', () => token({ path: 'a/..' }), ["must not contain '..'"]],
    ['a path leaves ..data to the projector', () => token({ path: '..data' }), ["must not start with '..'"]],
  ]);
});

describe('trust bundles', () => {
  const bundle = (fields: object) => projected({ clusterTrustBundle: fields });
  const path = `${at}.projected.sources[0].clusterTrustBundle`;
  table([
    ['one by name passes', () => bundle({ name: 'b', path: 'p' }), []],
    [
      'those of a signer pass',
      () => bundle({ signerName: 'a.b/c', labelSelector: { matchLabels: { a: 'b' } }, path: 'p', optional: true }),
      [],
    ],
    [
      'a name or a signer is stated',
      () => bundle({ path: 'p' }),
      [`${path}: Required value: either name or signerName must be specified`],
    ],
    [
      'not both',
      () => bundle({ name: 'b', signerName: 'a.b/c', path: 'p' }),
      ['only one of name and signerName may be used'],
    ],
    [
      'labels choose among a signer’s',
      () => bundle({ name: 'b', labelSelector: {}, path: 'p' }),
      [`${path}.labelSelector: Invalid value: {}: labelSelector must be unset if name is specified`],
    ],
    ['a path is required', () => bundle({ name: 'b' }), [`${path}.path: Required value`]],
    ['a path stays inside', () => bundle({ name: 'b', path: '../p' }), ["must not contain '..'"]],
  ]);
});

describe('pod certificates', () => {
  const certificate = (fields: object) =>
    projected({ podCertificate: { signerName: 'a.b/c', keyType: 'ED25519', ...fields } });
  const path = `${at}.projected.sources[0].podCertificate`;
  table([
    ['one in a bundle passes', () => certificate({ credentialBundlePath: 'p' }), []],
    ['one in two files passes', () => certificate({ keyPath: 'k', certificateChainPath: 'c' }), []],
    ['a path is required', () => certificate({}), [`${path}: Required value: specify at least one of`]],
    [
      'a signer is required',
      () => certificate({ signerName: '', keyPath: 'k' }),
      [`${path}.signerName: Required value`],
    ],
    [
      'a key type is one of six',
      () => certificate({ keyType: 'RSA1024', keyPath: 'k' }),
      [
        `${path}.keyType: Unsupported value: "RSA1024": supported values: "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096"`,
      ],
    ],
    [
      'its paths do not meet',
      () => certificate({ keyPath: 'p', certificateChainPath: 'p' }),
      ['conflicting duplicate paths'],
    ],
    ['its paths stay inside', () => certificate({ keyPath: '/k' }), [`${path}.keyPath: Invalid value: "/k"`]],
  ]);
});
