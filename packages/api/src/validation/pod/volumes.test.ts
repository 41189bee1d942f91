import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { containerFaults, specFaults } from './pod-faults.fixture.ts';

const label = 'a lowercase RFC 1123 label must consist of';

type Case = [rule: string, found: () => string[], expected: string[]];

const table = (cases: Case[]): void =>
  it.each(cases)('%s', (_rule, found, expected) => {
    expect(found()).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

describe('volumes', () => {
  const volume = (source: object) => specFaults({ volumes: [{ name: 'v', ...source }] });
  const mount = (volumeMount: object) => containerFaults({ volumeMounts: [volumeMount] }, { volumes: [{ name: 'v' }] });
  const items = (path: string) => volume({ secret: { secretName: 's', items: [{ key: 'k', path }] } });
  const projected = (...sources: object[]) => volume({ projected: { sources } });
  const at = 'spec.volumes[0]';
  table([
    [
      'a name is a DNS label',
      () => specFaults({ volumes: [{ name: 'V' }] }),
      [`${at}.name: Invalid value: "V": ${label}`],
    ],
    [
      'names are unique',
      () => specFaults({ volumes: [{ name: 'v' }, { name: 'v' }] }),
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
    ['a path is not the parent', () => items('..'), ["must not contain '..'", "must not start with '..'"]],
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
      'a mount refers to an existing volume',
      () => mount({ name: 'w', mountPath: '/a' }),
      ['spec.containers[0].volumeMounts[0].name: Not found: "w"'],
    ],
    ['a mount has a path', () => mount({ name: 'v' }), ['volumeMounts[0].mountPath: Required value']],
    [
      'mount paths are unique',
      () =>
        containerFaults(
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

it('a path that is accepted never leaves its volume', () => {
  const segment = fc.constantFrom('..', '.', '', 'a', '..data', '...', 'b c');
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
      const path = segments.join('/');
      const found = specFaults({ volumes: [{ name: 'v', secret: { secretName: 's', items: [{ key: 'k', path }] } }] });
      const staysInside = path !== '' && !path.startsWith('/') && !segments.includes('..') && !path.startsWith('..');
      expect(found.length === 0).toBe(staysInside);
    }),
  );
});
