import { describe, expect, test } from 'vitest';
import { catalogue } from './catalogue/index.ts';
import { defineImage } from './image.ts';
import { ImageStore } from './image-store.ts';
import { parseReference, plausibleTag } from './reference.ts';

describe('references', () => {
  test.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['nginx:1.25', 'docker.io/library/nginx:1.25'],
    ['geektime/tomcat:7.0', 'docker.io/geektime/tomcat:7.0'],
    ['k8s.gcr.io/busybox', 'k8s.gcr.io/busybox:latest'],
    ['localhost:5000/a/b:v1', 'localhost:5000/a/b:v1'],
    [`nginx@sha256:${'a'.repeat(64)}`, `docker.io/library/nginx@sha256:${'a'.repeat(64)}`],
  ])('%s is %s', (text, name) => {
    expect(parseReference(text)?.name).toBe(name);
  });

  test.each(['', 'Nginx', 'nginx:', 'nginx:a b', 'a//b', 'nginx@sha256:12', '-x', 'a:b:c'])('%j is none', (text) => {
    expect(parseReference(text)).toBeUndefined();
  });

  test.each([
    ['latest', true],
    ['1.25', true],
    ['1.25.3-alpine3.18', true],
    ['bookworm-slim', true],
    ['v1.36', true],
    ['1.161', false],
    ['does-not-exist', false],
  ])('tag %s may exist: %s', (tag, exists) => {
    expect(plausibleTag(tag)).toBe(exists);
  });
});

describe('pulling', () => {
  const failure = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return error as { code: string; message: string };
    }
    return undefined;
  };

  test.each([
    'nginx',
    'nginx:1.27-alpine',
    'docker.io/library/nginx',
    'registry.k8s.io/nginx:1.7.9',
    'busybox:1.28',
    'k8s.gcr.io/busybox',
    'gcr.io/google_containers/busybox',
    'registry.k8s.io/e2e-test-images/busybox:1.29',
    'registry.k8s.io/e2e-test-images/agnhost:2.40',
    'gcr.io/google-samples/node-hello:1.0',
    'geektime/sample:v2',
    'quay.io/curlimages/curl:8.1.0',
    'registry.k8s.io/pause:3.10',
  ])('%s is found', (ref) => {
    const store = new ImageStore(catalogue);
    expect(store.find(ref)).toBeUndefined();
    const info = store.pull(ref, undefined);
    expect(info.imageRef).toMatch(/@sha256:[0-9a-f]{64}$/);
    expect(store.find(ref)?.info).toBe(info);
    expect(store.find(info.imageRef)?.info).toBe(info);
  });

  test.each([
    [
      'nosuchimage',
      'rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/library/nosuchimage:latest": failed to resolve reference "docker.io/library/nosuchimage:latest": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    ],
    [
      'nginx:1.161',
      'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:1.161": failed to resolve reference "docker.io/library/nginx:1.161": docker.io/library/nginx:1.161: not found',
    ],
  ])('%s is not', (ref, message) => {
    expect(failure(() => new ImageStore(catalogue).pull(ref, undefined))).toMatchObject({
      code: 'ImageNotFound',
      message,
    });
  });

  test('rejects an invalid reference', () => {
    expect(failure(() => new ImageStore(catalogue).pull('Bad Name', undefined))).toMatchObject({
      code: 'InvalidArgument',
    });
  });

  test('a private image needs its credentials, also when it is on the node', () => {
    const secret = { username: 'u', password: 'p' };
    const store = new ImageStore([defineImage({ name: 'registry.example.com/team/app', private: secret })]);
    const ref = 'registry.example.com/team/app:v1';
    expect(failure(() => store.pull(ref, undefined))).toMatchObject({ code: 'Unauthorized' });
    expect(failure(() => store.pull(ref, { username: 'u', password: 'x' }))).toMatchObject({ code: 'Unauthorized' });
    expect(store.pull(ref, secret).imageRef).toContain('registry.example.com/team/app@sha256:');
    expect(failure(() => store.pull(ref, undefined))).toMatchObject({ code: 'Unauthorized' });
  });

  test('an image defined later hides one of the same name; a name with a tag is that tag only', () => {
    const mine = defineImage({ name: 'busybox', sizeBytes: 7 });
    const tagged = defineImage({ name: 'app:v2', sizeBytes: 9 });
    const store = new ImageStore([...catalogue, mine, tagged]);
    expect(store.pull('busybox', undefined).sizeBytes).toBe(7);
    expect(store.pull('app:v2', undefined).sizeBytes).toBe(9);
    expect(failure(() => store.pull('app:v1', undefined))).toMatchObject({ code: 'ImageNotFound' });
  });

  test('reports the user of an image', () => {
    expect(new ImageStore(catalogue).pull('pause:3.10', undefined).user).toBe('65535:65535');
    expect(new ImageStore(catalogue).pull('nginx', undefined).user).toBeUndefined();
  });
});
