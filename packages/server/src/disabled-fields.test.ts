import { CronJob, Deployment, type Kind, type KubernetesObject, Node, Pod } from '@orrery/api';
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
const secret = { secret: { name: 's' } };

test.each<[string, Kind, (podSpec: object) => KubernetesObject]>([
  ['a Pod', Pod, (podSpec) => object({ spec: podSpec })],
  ['a Deployment', Deployment, (podSpec) => object({ spec: { template: { spec: podSpec } } })],
  ['a CronJob', CronJob, (podSpec) => object({ spec: { jobTemplate: { spec: { template: { spec: podSpec } } } } })],
])('podCertificate of %s is dropped: its feature gate is off in 1.35; what stands beside it stays', (_, kind, of) => {
  expect(withoutDisabledFields(of(spec({ podCertificate }, secret)), kind)).toEqual(of(spec({}, secret)));
  const plain = of(spec(secret));
  expect(withoutDisabledFields(plain, kind)).toBe(plain);
});

test.each<[string, Kind, KubernetesObject]>([
  ['an object of another kind', Node, object({ spec: spec({ podCertificate }) })],
  ['a Deployment without a template', Deployment, object({ spec: {} })],
  ['a Pod without volumes', Pod, object({ spec: { containers: [] } })],
])('%s is left as it is', (_, kind, plain) => {
  expect(withoutDisabledFields(plain, kind)).toBe(plain);
});
