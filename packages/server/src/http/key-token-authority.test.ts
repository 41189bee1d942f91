import { createSimulation } from '@orrery/core';
import { expect, test } from 'vitest';
import { createKeyTokenAuthority } from './key-token-authority.ts';

const claims = {
  iss: 'https://kubernetes.default.svc.cluster.local',
  sub: 'system:serviceaccount:default:robot',
  aud: ['x'],
  iat: 1,
  nbf: 1,
  exp: 2,
  jti: 'id',
  'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot', uid: 'u' } },
};

test('verifies what it signed, at any time', async () => {
  const tokens = createKeyTokenAuthority();
  const token = await tokens.sign(claims);
  expect(token.split('.')).toHaveLength(3);
  expect(await tokens.verify(token)).toEqual(claims);
});

test("rejects another cluster's tokens, changed ones and other texts", async () => {
  const tokens = createKeyTokenAuthority();
  expect(await tokens.verify(await createKeyTokenAuthority().sign(claims))).toBeUndefined();
  const [header, , signature] = (await tokens.sign(claims)).split('.');
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'system:serviceaccount:kube-system:root' })).toString(
    'base64url',
  );
  expect(await tokens.verify(`${header}.${forged}.${signature}`)).toBeUndefined();
  expect(await tokens.verify('no token')).toBeUndefined();
});

test('virtual time waits for a pending signature', async () => {
  const simulation = createSimulation({ start: 0 });
  const { environment } = simulation;
  const tokens = createKeyTokenAuthority(environment.work);
  let signedAt: number | undefined;
  environment.clock.schedule(1000, () => {
    void Promise.resolve(tokens.sign(claims)).then(() => {
      signedAt = environment.clock.now();
    });
  });
  environment.clock.schedule(1001, () => undefined);
  await simulation.run(() => signedAt !== undefined);
  expect(signedAt).toBe(1000);
});
