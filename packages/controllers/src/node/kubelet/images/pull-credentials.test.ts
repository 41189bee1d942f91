import type { Secret } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { MemoryFiles } from '../../memory-files.fixture.ts';
import { credentialsFor, type DockerConfig, readDockerConfig } from './pull-credentials.ts';
import { PullRecords } from './pull-records.ts';

const secretNamed = (name: string) => ({ namespace: 'default', name, uid: `${name}-uid` });
const account = (username: string) => ({ auth: btoa(`${username}:word`) });
/** Users of the credentials that fit, in order. */
const users = (image: string, ...configs: DockerConfig[]) =>
  credentialsFor(
    image,
    configs.map((config, index) => ({ config, secret: secretNamed(`s${index}`) })),
  ).map(({ auth }) => auth.username);

test.each<[rule: string, names: string[], image: string, fitting: string[]]>([
  ['a registry', ['a.io', 'b.io'], 'a.io/x:1', ['a.io']],
  ['a registry with scheme', ['https://a.io', 'http://b.io'], 'b.io/x', ['http://b.io']],
  ['a registry with a port', ['a.io:5000', 'a.io'], 'a.io:5000/x', ['a.io:5000']],
  ['another port is another registry', ['a.io:5000'], 'a.io/x', []],
  ['a subdomain is another registry', ['io', 'a.io'], 'b.a.io/x', []],
  ['a path: images below it', ['a.io/team'], 'a.io/team/x', ['a.io/team']],
  ['a path: no other images', ['a.io/team'], 'a.io/other/x', []],
  [
    'the longest path first',
    ['a.io', 'a.io/team/x', 'a.io/team'],
    'a.io/team/x:2',
    ['a.io/team/x', 'a.io/team', 'a.io'],
  ],
  ['a star is one part of the host', ['*.a.io'], 'b.a.io/x', ['*.a.io']],
  ['a star is not two parts', ['*.a.io'], 'c.b.a.io/x', []],
  ['a star is not nothing', ['*.a.io'], 'a.io/x', []],
  ['a star within a part', ['prefix*.a.io', 'sub*.a.io'], 'prefix-good.a.io/x', ['prefix*.a.io']],
  ['a star with a path', ['*.a.io/team'], 'b.a.io/team/x', ['*.a.io/team']],
  ['Docker Hub’s old name', ['https://index.docker.io/v1/'], 'nginx', ['https://index.docker.io/v1/']],
  [
    'Docker Hub’s old name, for a team’s image',
    ['https://index.docker.io/v1/'],
    'me/x',
    ['https://index.docker.io/v1/'],
  ],
  ['Docker Hub’s name', ['docker.io'], 'nginx:1', ['docker.io']],
  ['Docker Hub is no other registry', ['https://index.docker.io/v1/'], 'ghcr.io/me/x', []],
  ['the version of the API is no path', ['https://a.io/v2/'], 'a.io/x', ['https://a.io/v2/']],
])('credentials fit by %s', (_rule, names, image, fitting) => {
  expect(users(image, Object.fromEntries(names.map((name) => [name, { username: name, password: 'p' }])))).toEqual(
    fitting,
  );
});

test('of several Secrets with one registry all are tried, in the order of the Pod', () => {
  expect(users('a.io/x', { 'a.io': account('one') }, { 'b.io': account('no') }, { 'a.io': account('two') })).toEqual([
    'one',
    'two',
  ]);
});

test('an auth that is no base64 is passed over, and the others are tried', () => {
  expect(users('a.io/team/x', { 'a.io/team': { auth: '%' }, 'a.io': account('me') })).toEqual(['me']);
});

test('auth goes before user name and password; a password may have colons', () => {
  const config = { 'a.io': { auth: btoa('me:p:w'), username: 'other', password: 'x' } };
  expect(credentialsFor('a.io/x', [{ config, secret: secretNamed('s') }])).toEqual([
    { auth: { username: 'me', password: 'p:w' }, secret: secretNamed('s') },
  ]);
});

describe('a pull secret', () => {
  const secret = (type: string, data: { [key: string]: string }): Secret => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    type,
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, btoa(text)])),
  });
  const config = { 'a.io': account('me') };
  const json = 'kubernetes.io/dockerconfigjson';
  const old = 'kubernetes.io/dockercfg';
  test.each<[rule: string, secret: Secret, expected: DockerConfig | undefined]>([
    ['.dockerconfigjson', secret(json, { '.dockerconfigjson': JSON.stringify({ auths: config }) }), config],
    ['.dockercfg', secret(old, { '.dockercfg': JSON.stringify(config) }), config],
    ['of another type', secret('Opaque', { '.dockerconfigjson': JSON.stringify({ auths: config }) }), undefined],
    ['with the other type’s key', secret(json, { '.dockercfg': JSON.stringify(config) }), undefined],
    ['without credentials', secret(json, { '.dockerconfigjson': '{}' }), undefined],
    ['that cannot be read', secret(old, { '.dockercfg': '{' }), undefined],
  ])('%s', (_rule, one, expected) => {
    expect(readDockerConfig(one)).toEqual(expected);
  });
});

describe('who may use an image that is on the node', () => {
  const name = 'a.io/x:1';
  const image = 'a.io/x@sha256:1';
  const credential = (name: string, password = name) => ({
    auth: { username: 'me', password },
    secret: secretNamed(name),
  });
  test('everybody, if the kubelet did not pull it', () => {
    expect(new PullRecords(new MemoryFiles()).isOpen(name, image)).toBe(true);
  });
  test('nobody for the asking, if a kubelet died while it pulled it', () => {
    const files = new MemoryFiles();
    new PullRecords(files).begin(name);
    const records = new PullRecords(files);
    expect(records.isOpen(name, image)).toBe(false);
    expect(records.knows(image, [credential('a')])).toBe(false);
    records.pulled(image, undefined);
    records.end(name);
    expect(records.isOpen(name, image)).toBe(true);
  });
  test('everybody, if the kubelet tried to pull another version of what was there before, and failed', () => {
    const records = new PullRecords(new MemoryFiles());
    records.begin(name);
    records.end(name);
    expect(records.isOpen(name, image)).toBe(true);
  });
  test('everybody, if it was once pulled without credentials', () => {
    const records = new PullRecords(new MemoryFiles());
    records.pulled(image, credential('a'));
    expect(records.isOpen(name, image)).toBe(false);
    records.pulled(image, undefined);
    expect(records.isOpen(name, image)).toBe(true);
  });
  test('who has the Secret that it was pulled with, or the same credentials in another one', () => {
    const records = new PullRecords(new MemoryFiles());
    records.pulled(image, credential('a'));
    expect(records.knows(image, [credential('a')])).toBe(true);
    expect(records.knows(image, [credential('a', 'changed since')])).toBe(true);
    expect(records.knows(image, [credential('b', 'a')])).toBe(true);
    expect(records.knows(image, [credential('b')])).toBe(false);
    expect(records.knows(image, [])).toBe(false);
  });
  test('a kubelet that is started again remembers the Secrets, and has written no password down', () => {
    const files = new MemoryFiles();
    new PullRecords(files).pulled(image, credential('a', 'sesame'));
    const records = new PullRecords(files);
    expect(records.isOpen(name, image)).toBe(false);
    expect(records.knows(image, [credential('a', 'sesame')])).toBe(true);
    const path = '/var/lib/kubelet/image_manager/pulled/a.io-x-sha256-1';
    expect(files.text(path)).not.toContain('sesame');
    expect(files.stat(path)?.mode).toBe(0o600);
  });
});
