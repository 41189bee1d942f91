import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigMap, ServiceAccount } from '@orrery/api';
import type { Client } from '@orrery/core';
import { contractKinds } from '@orrery/core/fixtures';
import { adminUser, refusal } from '@orrery/server/fixtures';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ConnectOptions, connect } from './connect.ts';
import type { Kubeconfig, KubeconfigUser } from './kubeconfig/kubeconfig.ts';
import { type ServedApi, serveApi } from './served-api.fixture.ts';

let served: ServedApi;
let folder = '';
const opened: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  served = await serveApi();
  folder = await mkdtemp(join(tmpdir(), 'orrery-connect-'));
});

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
  await served.stop();
  await rm(folder, { recursive: true, force: true });
});

async function open(config: string | Kubeconfig, options: ConnectOptions = {}): Promise<Client> {
  const connection = await connect(config, { env: {}, ...options });
  opened.push(() => connection.close());
  return connection.client;
}

/** The administrator's kubeconfig, with its user changed. */
async function withUser(user: KubeconfigUser): Promise<Kubeconfig> {
  const config = await served.kubeconfigOf(adminUser);
  return { ...config, users: config.users?.map(({ name }) => ({ name, user })) ?? [] };
}

async function adminKey(): Promise<{ certificate: string; key: string }> {
  return served.authority.client({ commonName: adminUser.username, organizations: ['system:masters'] });
}

const named = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

test('accepts a kubeconfig as a path or an object, and connects as its user', async () => {
  const config = await served.kubeconfigOf(adminUser);
  const path = join(folder, 'config');
  await writeFile(path, JSON.stringify(config));
  for (const kubeconfig of [path, config]) {
    await using connection = await connect(kubeconfig);
    expect(connection).toMatchObject({ server: served.url, namespace: 'default' });
    expect((await connection.client.list(ConfigMap)).items).toEqual([]);
  }
});

test("puts objects without a namespace into the context's namespace", async () => {
  const config = await served.kubeconfigOf(adminUser);
  const contexts = config.contexts?.map(({ name, context }) => ({ name, context: { ...context, namespace: 'shop' } }));
  const client = await open({ ...config, contexts: contexts ?? [] });
  expect((await client.create(named('c'))).metadata.namespace).toBe('shop');
  expect((await client.update({ ...named('c'), data: { a: 'b' } })).data).toEqual({ a: 'b' });
  expect((await client.list(ConfigMap, { namespace: 'shop' })).items).toHaveLength(1);
});

describe('users are authenticated', () => {
  test('by their token', async () => {
    const admin = await open(await served.kubeconfigOf(adminUser));
    await admin.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 's' } });
    const request = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [] as string[] },
    } as const;
    const { status } = await admin.createSubresource(ServiceAccount, 'default/s', 'token', request);
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, `${status?.token}\n`);
    for (const user of [{ token: status?.token ?? '' }, { tokenFile }]) {
      const client = await open(await withUser(user));
      const error = await refusal(client.list(ConfigMap, { namespace: 'default' }));
      expect(error.message).toContain('User "system:serviceaccount:default:s" cannot list');
    }
    const stranger = await open(await withUser({ token: 'x.y.z' }));
    expect((await refusal(stranger.list(ConfigMap))).reason).toBe('Unauthorized');
  });

  test('by a certificate in files, or else refused', async () => {
    const { certificate, key } = await adminKey();
    await writeFile(join(folder, 'u.crt'), certificate);
    await writeFile(join(folder, 'u.key'), key);
    const files = { 'client-certificate': join(folder, 'u.crt'), 'client-key': join(folder, 'u.key') };
    const client = await open(await withUser(files));
    expect((await client.list(ConfigMap)).items).toEqual([]);
    const anonymous = await open(await withUser({}));
    expect((await refusal(anonymous.list(ConfigMap))).message).toContain('User "system:anonymous" cannot list');
  });

  test("by a plugin's certificate, and by the next one after it is renewed", async () => {
    const command = join(folder, 'login');
    await writeFile(command, `#!/bin/sh\ncat ${folder}/credential\n`);
    await chmod(command, 0o755);
    const print = (clientCertificateData: string, clientKeyData: string, expirationTimestamp: string) =>
      writeFile(
        join(folder, 'credential'),
        JSON.stringify({
          kind: 'ExecCredential',
          apiVersion: 'client.authentication.k8s.io/v1',
          status: { clientCertificateData, clientKeyData, expirationTimestamp },
        }),
      );
    const jane = await served.authority.client({ commonName: 'jane', organizations: [] });
    await print(jane.certificate, jane.key, '2020-01-01T00:00:00Z');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never' as const };
    const client = await open(await withUser({ exec }), { env: { PATH: process.env.PATH } });
    expect((await refusal(client.list(ConfigMap))).message).toContain('User "jane" cannot list');
    const { certificate, key } = await adminKey();
    await print(certificate, key, '2100-01-01T00:00:00Z');
    expect((await client.list(ConfigMap)).items).toEqual([]);
  });

  test('as the user they impersonate', async () => {
    const { certificate, key } = await adminKey();
    const own = {
      'client-certificate-data': Buffer.from(certificate).toString('base64'),
      'client-key-data': Buffer.from(key).toString('base64'),
    };
    const client = await open(
      await withUser({ ...own, as: 'jane', 'as-groups': ['a'], 'as-uid': '7', 'as-user-extra': { team: ['b'] } }),
    );
    expect((await refusal(client.list(ConfigMap))).message).toContain('User "jane" cannot list');
    const jim = client.as({ username: 'jim', groups: [] });
    expect((await refusal(jim.list(ConfigMap))).message).toContain('User "jim" cannot list');
  });
});

test('knows custom kinds that were passed as an option or used before', async () => {
  const config = await served.kubeconfigOf(adminUser);
  const [Website] = contractKinds;
  if (Website === undefined) throw new Error('the contract has no kinds');
  const site = { apiVersion: Website.apiVersion, kind: 'Website', metadata: { name: 'w' }, spec: { title: 'a' } };
  const stranger = await open(config);
  expect((await refusal(stranger.create(site))).message).toContain('pass it to connect as one of its kinds');
  await stranger.list(Website);
  expect((await stranger.create(site)).metadata.name).toBe('w');
  const recorded = await open(config, { kinds: contractKinds });
  expect((await recorded.apply(site, { fieldManager: 'me' })).metadata.name).toBe('w');
});

test('records the program as the field manager of writes that name none', async () => {
  const config = await served.kubeconfigOf(adminUser);
  const client = await open(config, { userAgent: 'shop/1.0 (linux)' });
  const created = await client.create({ ...named('c'), data: { a: 'b' } });
  expect(created.metadata.managedFields).toMatchObject([{ manager: 'shop' }]);
});
