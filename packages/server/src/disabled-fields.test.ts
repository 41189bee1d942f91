import { type KubernetesObject, Node, Pod } from '@orrery/api';
import { expect, test } from 'vitest';
import { withoutDisabledFields } from './disabled-fields.ts';

const podCertificate = { signerName: 'acme.com/signer', keyType: 'ED25519', keyPath: 'key' };
const pod = (...sources: object[]) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: {
      containers: [],
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'v', projected: { defaultMode: 420, sources } },
      ],
    },
  }) as KubernetesObject;

test('podCertificate is dropped: its feature gate is off in 1.35; what stands beside it stays', () => {
  expect(withoutDisabledFields(pod({ podCertificate }, { secret: { name: 's' } }), Pod)).toEqual(
    pod({}, { secret: { name: 's' } }),
  );
});

test('a Pod without it, and any other object, is left as it is', () => {
  const plain = pod({ secret: { name: 's' } });
  expect(withoutDisabledFields(plain, Pod)).toBe(plain);
  const other = pod({ podCertificate });
  expect(withoutDisabledFields(other, Node)).toBe(other);
});
