import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSimulation } from '@orrery/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeconfigCluster, KubeconfigUser } from '../kubeconfig/kubeconfig.ts';
import { KubeconfigError } from '../kubeconfig/kubeconfig.ts';
import { credentialsOf } from './credentials.ts';
import { credentialOf } from './exec-plugin.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orrery-credentials-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function setup(user: KubeconfigUser, cluster: KubeconfigCluster = {}) {
  const simulation = createSimulation();
  const { clock } = simulation.environment;
  const server = cluster.server ?? 'https://127.0.0.1:6443';
  const context = { name: 'x', cluster: { ...cluster, server }, user, namespace: 'default' };
  const env = { PATH: process.env.PATH, HOME: '/home/me' };
  return { simulation, credentials: credentialsOf({ context, clock, env, authority: 'PEM' }) };
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('credentials in the kubeconfig', () => {
  test.each<[string, KubeconfigUser, object]>([
    ['nothing', {}, {}],
    ['a token', { token: 'abc' }, { authorization: 'Bearer abc' }],
    ['a password', { username: 'ü', password: 'p:w' }, { authorization: `Basic ${base64('ü:p:w')}` }],
    [
      'a certificate',
      { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') },
      { certificate: { cert: 'CERT', key: 'KEY' } },
    ],
    [
      'a certificate and a token',
      { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY'), token: 'abc' },
      { certificate: { cert: 'CERT', key: 'KEY' }, authorization: 'Bearer abc' },
    ],
    [
      'a token that a plugin would give too',
      { token: 'abc', exec: { command: 'none' } },
      { authorization: 'Bearer abc' },
    ],
  ])('%s', async (_, user, proof) => {
    const { credentials } = setup(user);
    expect(await credentials.current()).toEqual(proof);
    expect(credentials.refused(await credentials.current())).toBe(false);
  });

  test('are not sent to a server without TLS', async () => {
    const { credentials } = setup({ token: 'abc' }, { server: 'http://127.0.0.1:8001' });
    expect(await credentials.current()).toEqual({});
  });
});

describe('files', () => {
  test('yield to inline data, and override an inline token', async () => {
    const path = async (name: string) => {
      await writeFile(join(folder, name), name);
      return join(folder, name);
    };
    const { credentials } = setup({
      'client-certificate': await path('cert'),
      'client-key': await path('key'),
      'client-key-data': base64('data'),
      token: 'old',
      tokenFile: await path('token'),
    });
    expect(await credentials.current()).toEqual({
      certificate: { cert: 'cert', key: 'data' },
      authorization: 'Bearer token',
    });
  });

  test('are read again after a minute, and at once when their credentials were refused', async () => {
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'first\n');
    const { credentials, simulation } = setup({ tokenFile });
    const first = await credentials.current();
    expect(first).toEqual({ authorization: 'Bearer first' });
    await writeFile(tokenFile, 'second');
    await simulation.advance('59s');
    expect(await credentials.current()).toBe(first);
    await simulation.advance('1s');
    const second = await credentials.current();
    expect(second).toEqual({ authorization: 'Bearer second' });
    await writeFile(tokenFile, 'third');
    expect(credentials.refused(first)).toBe(true);
    expect(await credentials.current()).toBe(second);
    expect(credentials.refused(second)).toBe(true);
    expect(await credentials.current()).toEqual({ authorization: 'Bearer third' });
  });

  test('that are briefly missing keep their last content; missing from the start they are an error', async () => {
    const tokenFile = join(folder, 'token');
    const { credentials, simulation } = setup({ tokenFile });
    await expect(credentials.current()).rejects.toThrow(KubeconfigError);
    await writeFile(tokenFile, 'first');
    expect(await credentials.current()).toEqual({ authorization: 'Bearer first' });
    await rm(tokenFile);
    await simulation.advance('2m');
    expect(await credentials.current()).toEqual({ authorization: 'Bearer first' });
    await writeFile(tokenFile, '  ');
    await simulation.advance('2m');
    await expect(credentials.current()).rejects.toThrow('is empty');
  });
});

describe('a plugin', () => {
  const apiVersion = 'client.authentication.k8s.io/v1';

  /** A program that counts its runs, and prints the value that the test sets. */
  async function plugin(): Promise<{ command: string; print(value: unknown): Promise<void>; runs(): Promise<number> }> {
    const command = join(folder, 'login');
    await writeFile(
      command,
      `#!/bin/sh\necho run >> ${folder}/runs\nprintf '%s' "$KUBERNETES_EXEC_INFO" > ${folder}/info\n` +
        `echo "$HOME $REGION $1" > ${folder}/seen\nsleep 0.05\ncat ${folder}/output\n`,
    );
    await chmod(command, 0o755);
    return {
      command,
      print: (value) => writeFile(join(folder, 'output'), JSON.stringify(value)),
      runs: async () => (await readFile(join(folder, 'runs'), 'utf8')).split('\n').length - 1,
    };
  }

  const credential = (status: object) => ({ kind: 'ExecCredential', apiVersion, status });
  const exec = (command: string) => ({ apiVersion, command, interactiveMode: 'Never' as const });

  test('runs once for all waiting requests, and again when its credentials have expired or are refused', async () => {
    const { command, print, runs } = await plugin();
    await print(credential({ token: 'first', expirationTimestamp: '2026-01-01T01:00:00Z' }));
    const { credentials, simulation } = setup({ exec: exec(command) });
    const [first, same] = await Promise.all([credentials.current(), credentials.current()]);
    expect(first).toEqual({ authorization: 'Bearer first' });
    expect(same).toBe(first);
    await print(credential({ token: 'second' }));
    await simulation.advance('1h');
    expect(await credentials.current()).toBe(first);
    expect(await runs()).toBe(1);
    await simulation.advance(1);
    const second = await credentials.current();
    expect(second).toEqual({ authorization: 'Bearer second' });
    await simulation.advance('100h');
    credentials.refused(first);
    expect(await credentials.current()).toBe(second);
    await print(credential({ clientCertificateData: 'CERT', clientKeyData: 'KEY' }));
    credentials.refused(second);
    expect(await credentials.current()).toEqual({ certificate: { cert: 'CERT', key: 'KEY' } });
    expect(await runs()).toBe(3);
  });

  test('receives arguments, an environment, and the cluster if it requests it', async () => {
    const { command, print } = await plugin();
    await print(credential({ token: 't' }));
    const cluster = {
      server: 'https://a:1',
      'tls-server-name': 'b',
      extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }],
    };
    const config = { ...exec(command), args: ['get'], env: [{ name: 'REGION', value: 'north' }] };
    await setup({ exec: config }, cluster).credentials.current();
    expect(await readFile(join(folder, 'seen'), 'utf8')).toBe('/home/me north get\n');
    const info = async () => JSON.parse(await readFile(join(folder, 'info'), 'utf8'));
    expect(await info()).toEqual({ kind: 'ExecCredential', apiVersion, spec: { interactive: false } });
    await setup({ exec: { ...config, provideClusterInfo: true } }, cluster).credentials.current();
    expect((await info()).spec.cluster).toEqual({
      server: 'https://a:1',
      'tls-server-name': 'b',
      'certificate-authority-data': base64('PEM'),
      config: { audience: 'x' },
    });
  });

  test('that is missing or fails reports a hint, and is retried', async () => {
    const missing = { ...exec('/nowhere/login'), installHint: 'npm install\u001b[1m login' };
    await expect(setup({ exec: missing }).credentials.current()).rejects.toThrow(
      'the exec plugin /nowhere/login returned no credentials: it is not there\nnpm install[1m login',
    );
    const { command, print } = await plugin();
    const { credentials } = setup({ exec: exec(command) });
    await expect(credentials.current()).rejects.toThrow('it exited with exit code 1');
    await print(credential({ token: 't' }));
    expect(await credentials.current()).toEqual({ authorization: 'Bearer t' });
  });

  test.each([
    ['no JSON', 'hello', 'is not JSON'],
    ['another object', '{"kind":"Pod"}', 'is not an ExecCredential'],
    ['another version', JSON.stringify({ ...credential({ token: 't' }), apiVersion: 'v2' }), 'it printed version v2'],
    ['nothing', JSON.stringify(credential({})), 'neither a token nor a certificate'],
    ['half a certificate', JSON.stringify(credential({ clientKeyData: 'x' })), 'a certificate without its key'],
  ])('that prints %s is refused', (_, output, why) => {
    expect(() => credentialOf(output, apiVersion, 'login')).toThrow(KubeconfigError);
    expect(() => credentialOf(output, apiVersion, 'login')).toThrow(why);
  });
});
