import { describe, expect, test } from 'vitest';
import { KubeconfigError } from './kubeconfig.ts';
import { parseKubeconfig } from './parse.ts';

const text = `
apiVersion: v1
kind: Config
clusters:
  - { name: c, cluster: { server: "https://a:6443", certificate-authority: pki/ca.crt } }
users:
  - name: u
    user:
      client-certificate: pki/u.crt
      client-key: /keys/u.key
      tokenFile: token
      exec: { apiVersion: client.authentication.k8s.io/v1, command: ./bin/login, interactiveMode: Never }
  - { name: v, user: { exec: { command: aws } } }
contexts:
  - { name: x, context: { cluster: c, user: u } }
current-context: x
`;

test("resolves paths against the kubeconfig's directory, and leaves commands without a slash to the PATH", () => {
  const { clusters, users } = parseKubeconfig(text, { folder: '/home/me/.kube' });
  expect(clusters?.[0]?.cluster['certificate-authority']).toBe('/home/me/.kube/pki/ca.crt');
  expect(users?.[0]?.user).toMatchObject({
    'client-certificate': '/home/me/.kube/pki/u.crt',
    'client-key': '/keys/u.key',
    tokenFile: '/home/me/.kube/token',
    exec: { command: '/home/me/.kube/bin/login' },
  });
  expect(users?.[1]?.user.exec?.command).toBe('aws');
});

test('leaves paths unchanged without a directory', () => {
  expect(parseKubeconfig(text).clusters?.[0]?.cluster['certificate-authority']).toBe('pki/ca.crt');
});

test('accepts JSON, and reads an empty text as an empty kubeconfig', () => {
  expect(parseKubeconfig(JSON.stringify(parseKubeconfig(text)))).toEqual(parseKubeconfig(text));
  expect(parseKubeconfig('')).toMatchObject({ clusters: [], users: [], contexts: [] });
  expect(parseKubeconfig('clusters: null\nusers:\n  - name: u\n').users).toEqual([{ name: 'u', user: {} }]);
});

describe('a text that is not a kubeconfig is refused, by name', () => {
  test.each([
    ['no YAML', 'a: [', 'neither YAML nor JSON'],
    ['a list', '[]', 'it is not an object'],
    ['another kind', 'kind: Pod', 'its kind is "Pod"'],
    ['clusters that are not a list', 'clusters: {}', 'clusters is not a list'],
    ['a cluster without a name', 'clusters: [{ cluster: {} }]', 'clusters is not a list'],
    ['a user that is not an object', 'users: [{ name: u, user: 1 }]', 'users is not a list'],
  ])('%s', (_, wrong, why) => {
    const parse = () => parseKubeconfig(wrong, { name: '/x/config' });
    expect(parse).toThrow(KubeconfigError);
    expect(parse).toThrow('/x/config');
    expect(parse).toThrow(why);
  });
});
