import { RuntimeError } from '@orrery/runtimes';
import { describe, expect, test } from 'vitest';
import { defaultPullPolicy, repositoryOf, withDefaultTag } from './image-reference.ts';
import { checkNonRoot, pullFailure } from './images.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  ['nginx', 'nginx:latest'],
  ['nginx:1.2', 'nginx:1.2'],
  ['a.io:5000/x/y', 'a.io:5000/x/y:latest'],
  [`nginx@${digest}`, `nginx@${digest}`],
  [`nginx:1@${digest}`, `nginx:1@${digest}`],
  ['localhost/x', 'localhost/x:latest'],
])('%s means %s', (image, expected) => {
  expect(withDefaultTag(image)).toBe(expected);
});

test.each([
  ['', 'invalid reference format'],
  ['Nginx', 'invalid reference format: repository name (library/Nginx) must be lowercase'],
  ['docker.io/Nginx:1', 'invalid reference format: repository name (library/Nginx) must be lowercase'],
  ['a.io/Team/x:1', 'invalid reference format: repository name (Team/x) must be lowercase'],
  ['a_b.io/x', 'invalid reference format'],
  ['nginx:a b', 'invalid reference format'],
  ['a b', 'invalid reference format'],
  ['nginx:', 'invalid reference format'],
  ['nginx@sha256:x', 'invalid reference format'],
  ['a//b', 'invalid reference format'],
])('%j is no reference', (image, message) => {
  expect(() => withDefaultTag(image)).toThrow(message);
});

test.each([
  ['nginx', 'Always'],
  ['nginx:latest', 'Always'],
  ['a:5000/nginx', 'Always'],
  ['nginx:1', 'IfNotPresent'],
  [`nginx@${digest}`, 'IfNotPresent'],
  [`nginx:latest@${digest}`, 'Always'],
])('without a policy %s is pulled %s', (image, policy) => {
  expect(defaultPullPolicy(image)).toBe(policy);
});

test.each([
  ['nginx', 'docker.io/library/nginx'],
  ['nginx:1.2', 'docker.io/library/nginx'],
  ['me/nginx', 'docker.io/me/nginx'],
  ['docker.io/nginx', 'docker.io/library/nginx'],
  ['index.docker.io/me/nginx', 'docker.io/me/nginx'],
  ['ghcr.io/me/x:1', 'ghcr.io/me/x'],
  ['localhost:5000/x', 'localhost:5000/x'],
  [`a.io/x:1@${digest}`, 'a.io/x'],
])('%s lies in the repository %s', (image, repository) => {
  expect(repositoryOf(image)).toBe(repository);
});

test.each([
  ['ImageNotFound', 'ErrImagePull', 'why'],
  ['RegistryUnavailable', 'RegistryUnavailable', 'image pull failed for x because the registry is unavailable: why'],
  [
    'SignatureValidationFailed',
    'SignatureValidationFailed',
    'image pull failed for x because the signature validation failed: why',
  ],
] as const)('a pull that fails with %s: %s', (code, reason, message) => {
  expect(pullFailure('x', new RuntimeError(code, 'why'))).toEqual({ reason, message });
});

describe('runAsNonRoot', () => {
  const check = (user: string | undefined, securityContext: object) =>
    checkNonRoot(
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [] } },
      { name: 'c', image: 'i', securityContext },
      { imageRef: 'i', sizeBytes: 0, ...(user === undefined ? {} : { user }) },
      'p_d(u)',
    );
  test.each([
    [
      undefined,
      { runAsNonRoot: true },
      'container has runAsNonRoot and image will run as root (pod: "p_d(u)", container: c)',
    ],
    [
      '0',
      { runAsNonRoot: true },
      'container has runAsNonRoot and image will run as root (pod: "p_d(u)", container: c)',
    ],
    [
      '5',
      { runAsNonRoot: true, runAsUser: 0 },
      'container\'s runAsUser breaks non-root policy (pod: "p_d(u)", container: c)',
    ],
    [
      'app',
      { runAsNonRoot: true },
      'container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root (pod: "p_d(u)", container: c)',
    ],
  ])('image user %s with %j is refused', (user, context, message) => {
    expect(() => check(user, context)).toThrow(message);
  });
  test.each([
    ['5', { runAsNonRoot: true }],
    [undefined, { runAsNonRoot: true, runAsUser: 5 }],
    [undefined, {}],
  ])('image user %s with %j may run', (user, context) => {
    expect(() => check(user, context)).not.toThrow();
  });
});
