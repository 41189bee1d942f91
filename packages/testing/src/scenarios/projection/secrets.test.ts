import { type ConfigMap, Secret } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { podScenario } from '../pod-scenario.fixture.ts';

/** What the API server accepts as a Secret or a ConfigMap (Kubernetes "Secrets", "Types of Secret"). */

const metadata = { namespace: 'default', name: 's' };
const create = async (body: Partial<Secret>) => {
  const cluster = await podScenario();
  return cluster.client.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata, ...body });
};
const base64 = (text: string) => btoa(text);

describe('Secrets', () => {
  test('stringData is merged into data, overrides it, and is never returned', async () => {
    const made = await create({ data: { a: base64('old'), b: base64('kept') }, stringData: { a: 'new' } });
    expect(made.data).toEqual({ a: base64('new'), b: base64('kept') });
    expect(made.stringData).toBeUndefined();
    expect(made.type).toBe('Opaque');
  });

  test('a patch with stringData changes only its keys', async () => {
    const cluster = await podScenario();
    await cluster.client.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { a: '1', b: '2' } });
    const patched = await cluster.client.patch(Secret, metadata, { type: 'merge', patch: { stringData: { b: 'x' } } });
    expect(patched.data).toEqual({ a: base64('1'), b: base64('x') });
  });

  test('a replacement with stringData alone holds only that', async () => {
    const cluster = await podScenario();
    const made = await cluster.client.create<Secret>({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      stringData: { a: '1' },
    });
    const { data: _, ...rest } = made;
    const next = await cluster.client.update<Secret>({ ...rest, stringData: { b: '2' } });
    expect(next.data).toEqual({ b: base64('2') });
    const both = await cluster.client.update<Secret>({ ...next, stringData: { c: '3' } });
    expect(both.data).toEqual({ b: base64('2'), c: base64('3') });
  });

  test('the type cannot be changed', async () => {
    const cluster = await podScenario();
    const made = await cluster.client.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata });
    await expect(cluster.client.update<Secret>({ ...made, type: 'acme.com/other' })).rejects.toThrow(
      'type: Invalid value: "acme.com/other": field is immutable',
    );
  });

  test.for(['not base64!', 'YQ', 'YQ=', 'Y Q=='])('data that is not base64 is a bad request: %s', async (text) => {
    await expect(create({ data: { a: text } })).rejects.toMatchObject({ code: 400 });
  });

  test.for<readonly [string, string, { readonly [key: string]: string }, string | undefined]>([
    [
      'service-account-token without its account',
      'kubernetes.io/service-account-token',
      {},
      'metadata.annotations[kubernetes.io/service-account.name]: Required value',
    ],
    ['dockercfg without its key', 'kubernetes.io/dockercfg', {}, 'data[.dockercfg]: Required value'],
    ['dockercfg that is not JSON', 'kubernetes.io/dockercfg', { '.dockercfg': '{' }, 'data[.dockercfg]: Invalid value'],
    ['dockercfg', 'kubernetes.io/dockercfg', { '.dockercfg': '{}' }, undefined],
    [
      'dockerconfigjson without its key',
      'kubernetes.io/dockerconfigjson',
      {},
      'data[.dockerconfigjson]: Required value',
    ],
    ['dockerconfigjson', 'kubernetes.io/dockerconfigjson', { '.dockerconfigjson': '{"auths":{}}' }, undefined],
    ['basic-auth without either', 'kubernetes.io/basic-auth', {}, 'data[username]: Required value'],
    ['basic-auth with one of both', 'kubernetes.io/basic-auth', { username: '' }, undefined],
    [
      'ssh-auth without its key',
      'kubernetes.io/ssh-auth',
      { 'ssh-privatekey': '' },
      'data[ssh-privatekey]: Required value',
    ],
    ['tls with one of two', 'kubernetes.io/tls', { 'tls.crt': '' }, 'data[tls.key]: Required value'],
    ['tls', 'kubernetes.io/tls', { 'tls.crt': '', 'tls.key': '' }, undefined],
    ['a bootstrap token', 'bootstrap.kubernetes.io/token', {}, undefined],
    ['a type of one’s own', 'acme.com/anything', {}, undefined],
  ])('%s', async ([, type, stringData, fault]) => {
    const made = create({ type, stringData });
    if (fault === undefined) await expect(made).resolves.toMatchObject({ type });
    else await expect(made).rejects.toThrow(fault);
  });

  test('1 MiB of values is the most', async () => {
    const values = (bytes: number) => ({ data: { a: base64('x'.repeat(bytes - 10)), b: base64('x'.repeat(10)) } });
    await expect(create(values(1_048_576))).resolves.toBeDefined();
    await expect(create(values(1_048_577))).rejects.toThrow('data: Too long: may not be more than 1048576 bytes');
  });

  test.for(['..', '.', '..hidden', 'with space', 'a/b', 'x'.repeat(254)])('the key %s is refused', async (key) => {
    await expect(create({ stringData: { [key]: '' } })).rejects.toMatchObject({ code: 422 });
  });
});

describe('ConfigMaps', () => {
  const configMap = async (body: Partial<ConfigMap>) => {
    const cluster = await podScenario();
    return cluster.client.create<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata, ...body });
  };

  test('a key in both data and binaryData is refused', async () => {
    await expect(configMap({ data: { a: '' }, binaryData: { a: '' } })).rejects.toThrow('duplicate of key present in');
  });

  test('binaryData that is not base64 is a bad request', async () => {
    await expect(configMap({ binaryData: { a: '*' } })).rejects.toMatchObject({ code: 400 });
  });

  test('1 MiB of data and binaryData together is the most', async () => {
    await expect(
      configMap({ data: { a: 'x'.repeat(600_000) }, binaryData: { b: base64('x'.repeat(600_000)) } }),
    ).rejects.toThrow('Too long: may not be more than 1048576 bytes');
  });
});
