import { describe, expect, test } from 'vitest';
import type { Kubeconfig, KubeconfigCluster, KubeconfigUser } from './kubeconfig.ts';
import { KubeconfigError } from './kubeconfig.ts';
import { selectContext } from './select-context.ts';

const server = 'https://127.0.0.1:6443';

function configOf(cluster: KubeconfigCluster, user: KubeconfigUser = {}): Kubeconfig {
  return {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [
      { name: 'x', context: { cluster: 'c', user: 'u', namespace: 'shop' } },
      { name: 'bare', context: { cluster: 'c' } },
      { name: 'homeless', context: { cluster: 'none', user: 'u' } },
      { name: 'nobody', context: { cluster: 'c', user: 'none' } },
    ],
    'current-context': 'x',
  };
}

test('selects the current context, or the named one', () => {
  const config = configOf({ server }, { token: 't' });
  expect(selectContext(config)).toEqual({ name: 'x', cluster: { server }, user: { token: 't' }, namespace: 'shop' });
  expect(selectContext(config, 'bare')).toEqual({ name: 'bare', cluster: { server }, user: {}, namespace: 'default' });
});

describe('refuses a kubeconfig that cannot be used', () => {
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'login', interactiveMode: 'Never' } as const;
  test.each<[string, Kubeconfig, string | undefined, string]>([
    ['no context', {}, undefined, 'names no current context'],
    ['a missing context', configOf({ server }), 'y', 'has no context y; it has x, bare, homeless, nobody'],
    ['no contexts at all', { 'current-context': 'x' }, undefined, 'has no context x; it has none at all'],
    ['a missing cluster', configOf({ server }), 'homeless', 'context homeless: there is no cluster none'],
    ['a missing user', configOf({ server }), 'nobody', 'context nobody: there is no user none'],
    ['a cluster without a server', configOf({}), undefined, 'cluster c: it has no server'],
    [
      'a server that is no URL',
      configOf({ server: '127.0.0.1:6443' }),
      undefined,
      'neither an https:// nor an http://',
    ],
    [
      'a certificate authority that is not to be looked at',
      configOf({ server, 'certificate-authority-data': 'eA==', 'insecure-skip-tls-verify': true }),
      undefined,
      'insecure-skip-tls-verify',
    ],
    ['an invalid proxy URL', configOf({ server, 'proxy-url': 'ftp://x' }), undefined, 'its proxy-url is not http'],
    ['two proofs', configOf({ server }, { token: 't', username: 'a' }), undefined, 'only one of them can be sent'],
    ['a certificate without a key', configOf({ server }, { 'client-certificate': 'x' }), undefined, 'without its key'],
    ['a key without a certificate', configOf({ server }, { 'client-key-data': 'x' }), undefined, 'without its cert'],
    ['an auth-provider', configOf({ server }, { 'auth-provider': {} }), undefined, 'use an exec plugin'],
    ['groups to impersonate, and no user', configOf({ server }, { 'as-groups': ['a'] }), undefined, 'without a user'],
    ['no command', configOf({ server }, { exec: { ...exec, command: '' } }), undefined, 'has no command'],
    ['an unknown version', configOf({ server }, { exec: { ...exec, apiVersion: 'v2' } }), undefined, 'is neither'],
    [
      'no interactiveMode',
      configOf({ server }, { exec: { apiVersion: exec.apiVersion, command: 'x' } }),
      undefined,
      'must be one of Never, IfAvailable, Always',
    ],
  ])('%s', (_, config, context, why) => {
    expect(() => selectContext(config, context)).toThrow(KubeconfigError);
    expect(() => selectContext(config, context)).toThrow(why);
  });

  test('does not require an interactiveMode in the beta version', () => {
    const beta = { apiVersion: 'client.authentication.k8s.io/v1beta1', command: 'login' };
    expect(selectContext(configOf({ server }, { exec: beta })).user.exec).toEqual(beta);
  });
});
