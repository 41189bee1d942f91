import type { Secret, ServiceAccount, Stored } from '@orrery/api';
import { expect, test } from 'vitest';
import { accountOfToken, filledTokenSecret, tokenSecretStep } from './token-secret.ts';

const account = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'robot', namespace: 'ns', uid: 'u1' },
} as Stored<ServiceAccount>;

const name = 'kubernetes.io/service-account.name';
const uid = 'kubernetes.io/service-account.uid';
const full = { 'ca.crt': btoa('PEM'), namespace: btoa('ns'), token: btoa('jwt') };

const secret = (annotations: object, data: object = {}, type = 'kubernetes.io/service-account-token') =>
  ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'ns', annotations },
    type,
    data,
  }) as Stored<Secret>;

test.each<[string, Stored<Secret>, Stored<ServiceAccount> | undefined, boolean, string]>([
  ['a new one gets a token', secret({ [name]: 'robot' }), account, false, 'issue'],
  ['one that another cluster signed, too', secret({ [name]: 'robot', [uid]: 'u1' }, full), account, false, 'issue'],
  ['a full one is left alone', secret({ [name]: 'robot', [uid]: 'u1' }, full), account, true, 'keep'],
  ['a user’s own keys do not matter', secret({ [uid]: 'u1' }, { ...full, more: '' }), account, true, 'keep'],
  ['certificates are made right', secret({ [uid]: 'u1' }, { ...full, 'ca.crt': btoa('OLD') }), account, true, 'fill'],
  ['so is the namespace', secret({ [uid]: 'u1' }, { ...full, namespace: '' }), account, true, 'fill'],
  ['a namespace that is there is kept', secret({ [uid]: 'u1' }, { ...full, namespace: 'eA==' }), account, true, 'keep'],
  ['the uid is written', secret({ [name]: 'robot' }, full), account, true, 'fill'],
  ['without its account it goes', secret({ [name]: 'robot' }, full), undefined, true, 'delete'],
  ['that of an earlier account of the name goes', secret({ [uid]: 'u0' }, full), account, true, 'delete'],
])('a token Secret: %s', (_rule, of, owner, isSigned, step) => {
  expect(tokenSecretStep(of, owner, 'PEM', isSigned)).toBe(step);
});

test('a filled one holds token, ca.crt and namespace, names its account with its uid, and keeps what else it had', () => {
  const filled = filledTokenSecret(secret({ a: 'b', [name]: 'robot' }, { more: 'eA==' }), account, 'PEM', 'jwt');
  expect(filled.metadata.annotations).toEqual({ a: 'b', [name]: 'robot', [uid]: 'u1' });
  expect(filled.data).toEqual({ ...full, more: 'eA==' });
});

test('without a new token it keeps the old one', () => {
  expect(filledTokenSecret(secret({}, { token: btoa('old') }), account, 'PEM', undefined).data?.token).toBe(
    btoa('old'),
  );
});

test('only Secrets of the type are an account’s', () => {
  expect(accountOfToken(secret({ [name]: 'robot' }))).toBe('robot');
  expect(accountOfToken(secret({ [name]: 'robot' }, {}, 'Opaque'))).toBeUndefined();
  expect(accountOfToken(secret({}))).toBeUndefined();
});
