import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from './running-cluster.fixture.ts';

/** "Pull an Image from a Private Registry", step by step with real kubectl. */
let cluster: RunningCluster;

const plugin = join(import.meta.dirname, 'private-image.fixture.ts');
const image = 'registry.example.com/team/app:v1';

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '1', '--plugin', plugin]);
});

afterAll(async () => {
  await cluster?.stop();
});

const login = (name: string, password: string) =>
  cluster.kubectl([
    ...['create', 'secret', 'docker-registry', name, '--docker-server=registry.example.com'],
    ...['--docker-username=ann', `--docker-password=${password}`],
  ]);
const run = (name: string, secret?: string) =>
  cluster.kubectl([
    ...['run', name, `--image=${image}`],
    ...(secret === undefined ? [] : [`--overrides={"spec":{"imagePullSecrets":[{"name":"${secret}"}]}}`]),
  ]);
const running = (name: string) => cluster.kubectl(['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=30s']);

test('without a secret the registry denies the pull, and describe shows it', async () => {
  await run('stranger');
  await cluster.until(['get', 'pod', 'stranger', '--no-headers'], (out) => /ErrImagePull|ImagePullBackOff/.test(out));
  const text = await cluster.kubectl(['describe', 'pod', 'stranger']);
  expect(text).toMatch(
    /Warning +Failed .*Failed to pull image "registry.example.com\/team\/app:v1": .*no basic auth credentials/,
  );
  expect(text).toMatch(/Warning +Failed .*Error: ErrImagePull/);
});

test('a wrong password is denied too; with the right one the Pod runs', async () => {
  await login('wrong', 'guess');
  await run('guessing', 'wrong');
  await cluster.until(['get', 'pod', 'guessing', '--no-headers'], (out) => /ErrImagePull|ImagePullBackOff/.test(out));
  await login('right', 'sesame');
  await run('knowing', 'right');
  await running('knowing');
});

test('with the secret in the service account, all of its Pods run', async () => {
  await cluster.kubectl(['patch', 'serviceaccount', 'default', '-p', '{"imagePullSecrets":[{"name":"right"}]}']);
  await run('through-account');
  await running('through-account');
  expect(await cluster.kubectl(['get', 'pod', 'through-account', '-o', 'jsonpath={.spec.imagePullSecrets}'])).toBe(
    '[{"name":"right"}]',
  );
});
