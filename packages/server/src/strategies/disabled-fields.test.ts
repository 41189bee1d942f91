import type { KubernetesObject } from '@orrery/api';
import { expect, test } from 'vitest';
import { withoutDisabledFields } from './disabled-fields.ts';

const podCertificate = { signerName: 'acme.com/signer', keyType: 'ED25519', keyPath: 'key' };
const spec = (...sources: object[]) => ({
  containers: [],
  volumes: [
    { name: 'a', emptyDir: {} },
    { name: 'v', projected: { defaultMode: 420, sources } },
  ],
});
const object = (content: object) =>
  ({ apiVersion: 'v1', kind: 'X', metadata: { name: 'p' }, ...content }) as KubernetesObject;
const template = ['spec', 'template', 'spec'];
const secret = { secret: { name: 's' } };

test.each<[string, readonly string[], (podSpec: object) => KubernetesObject]>([
  ['a Pod', ['spec'], (podSpec) => object({ spec: podSpec })],
  ['a Deployment', template, (podSpec) => object({ spec: { template: { spec: podSpec } } })],
  [
    'a CronJob',
    ['spec', 'jobTemplate', ...template],
    (podSpec) => object({ spec: { jobTemplate: { spec: { template: { spec: podSpec } } } } }),
  ],
])('podCertificate of %s is dropped: its feature gate is off in 1.35; what stands beside it stays', (_, path, of) => {
  expect(withoutDisabledFields(of(spec({ podCertificate }, secret)), path)).toEqual(of(spec({}, secret)));
  const plain = of(spec(secret));
  expect(withoutDisabledFields(plain, path)).toBe(plain);
});

test.each<[string, readonly string[], KubernetesObject]>([
  ['a Deployment without a template', template, object({ spec: {} })],
  ['a Pod without volumes', ['spec'], object({ spec: { containers: [] } })],
])('%s is left as it is', (_, path, plain) => {
  expect(withoutDisabledFields(plain, path)).toBe(plain);
});
