import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Kubeconfig } from './kubeconfig.ts';
import { loadKubeconfig, readKubeconfig } from './load.ts';
import { selectContext } from './select-context.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orrery-kubeconfig-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(name: string, content: Kubeconfig | string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const config = (name: string, server: string, token: string): Kubeconfig => ({
  clusters: [{ name, cluster: { server } }],
  users: [{ name, user: { token } }],
  contexts: [{ name, context: { cluster: name, user: name } }],
  'current-context': name,
});

const load = (env: { [name: string]: string } = {}) =>
  loadKubeconfig({ env, home: folder, serviceAccount: join(folder, 'account') });

describe('without KUBECONFIG', () => {
  test('reads the file in the home directory', async () => {
    await write('.kube/config', config('home', 'https://home', 't'));
    expect(selectContext(await load())).toMatchObject({ name: 'home', cluster: { server: 'https://home' } });
  });

  test('resolves its relative paths against its directory', async () => {
    const { clusters, ...rest } = config('home', 'https://home', 't');
    const cluster = { server: 'https://home', 'certificate-authority': 'ca.crt' };
    await write('.kube/config', { ...rest, clusters: [{ name: 'home', cluster }] });
    expect(clusters).toHaveLength(1);
    expect((await load()).clusters?.[0]?.cluster['certificate-authority']).toBe(join(folder, '.kube', 'ca.crt'));
  });
});

describe('KUBECONFIG', () => {
  test('lists files that are merged: the first occurrence wins, and missing files are skipped', async () => {
    await write('.kube/config', config('home', 'https://home', 't'));
    const a = await write('a', { ...config('shared', 'https://a', 'a'), 'current-context': '' });
    const b = await write('b', {
      ...config('shared', 'https://b', 'b'),
      contexts: [{ name: 'b', context: { cluster: 'shared', user: 'shared' } }],
      'current-context': 'b',
    });
    const merged = await load({ KUBECONFIG: ['', a, join(folder, 'missing'), b].join(delimiter) });
    expect(merged.clusters).toHaveLength(1);
    expect(selectContext(merged)).toMatchObject({
      name: 'b',
      cluster: { server: 'https://a' },
      user: { token: 'a' },
    });
    expect(merged.contexts?.map(({ name }) => name)).toEqual(['shared', 'b']);
  });

  test('fails for a file that cannot be read', async () => {
    await expect(load({ KUBECONFIG: folder })).rejects.toThrow(`cannot read the kubeconfig ${folder}`);
    const wrong = await write('wrong', 'kind: Pod');
    await expect(load({ KUBECONFIG: wrong })).rejects.toThrow(`${wrong} is not a kubeconfig`);
  });
});

describe('in a Pod', () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };

  test('uses the service account without a kubeconfig', async () => {
    await write('account/token', 'secret');
    await write('account/ca.crt', 'PEM');
    await write('account/namespace', 'shop\n');
    expect(selectContext(await load(env))).toEqual({
      name: 'in-cluster',
      cluster: { server: 'https://[fd00::1]:443', 'certificate-authority': join(folder, 'account/ca.crt') },
      user: { tokenFile: join(folder, 'account/token') },
      namespace: 'shop',
    });
  });

  test('prefers a kubeconfig', async () => {
    await write('account/token', 'secret');
    await write('.kube/config', config('home', 'https://home', 't'));
    expect(selectContext(await load(env)).name).toBe('home');
  });

  test('finds no access without a token', async () => {
    await expect(load(env)).rejects.toThrow(
      `there is not a kubeconfig: ${join(folder, '.kube/config')} does not exist`,
    );
  });
});

test('fails with the paths it searched if there is nothing', async () => {
  await expect(load()).rejects.toThrow(`${join(folder, '.kube/config')} does not exist`);
  await write('.kube/config', '');
  await expect(load()).rejects.toThrow('says nothing');
  await expect(readKubeconfig(join(folder, 'none'))).rejects.toThrow(
    `there is not a kubeconfig ${join(folder, 'none')}`,
  );
});
