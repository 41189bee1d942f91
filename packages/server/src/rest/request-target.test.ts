import { describe, expect, it } from 'vitest';
import { parseTarget, type ResourceVerb, resourceVerb, serves } from './request-target.ts';

const nothing = {
  type: 'resource',
  group: '',
  version: 'v1',
  namespace: '',
  resource: '',
  name: '',
  subresource: '',
  rest: '',
  watch: false,
};

describe('the path of a URL', () => {
  it.each([
    ['the core group has no group segment', '/api/v1/pods', { resource: 'pods' }],
    ['a namespace comes before the resource', '/api/v1/namespaces/a/pods', { namespace: 'a', resource: 'pods' }],
    ['a name comes after it', '/api/v1/namespaces/a/pods/b', { namespace: 'a', resource: 'pods', name: 'b' }],
    [
      'a subresource comes after the name',
      '/api/v1/namespaces/a/pods/b/log',
      { namespace: 'a', resource: 'pods', name: 'b', subresource: 'log' },
    ],
    ['namespaces are a resource themselves', '/api/v1/namespaces', { resource: 'namespaces' }],
    ['one namespace is an object', '/api/v1/namespaces/a', { resource: 'namespaces', name: 'a' }],
    [
      'a namespace has subresources of its own',
      '/api/v1/namespaces/a/finalize',
      { resource: 'namespaces', name: 'a', subresource: 'finalize' },
    ],
    [
      'other groups stand under /apis',
      '/apis/apps/v1/namespaces/a/deployments/b/scale',
      { group: 'apps', namespace: 'a', resource: 'deployments', name: 'b', subresource: 'scale' },
    ],
    [
      'the deprecated watch prefix is a watch',
      '/api/v1/watch/namespaces/a/pods/b',
      { namespace: 'a', resource: 'pods', name: 'b', watch: true },
    ],
    [
      'a cluster-scoped resource of a group',
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node',
      { group: 'rbac.authorization.k8s.io', resource: 'clusterroles', name: 'system:node' },
    ],
    [
      'segments are percent-decoded',
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/a%3Ab',
      { group: 'rbac.authorization.k8s.io', resource: 'clusterroles', name: 'a:b' },
    ],
    [
      'what follows a subresource is kept',
      '/api/v1/nodes/n/proxy/logs/x',
      { resource: 'nodes', name: 'n', subresource: 'proxy', rest: 'logs/x' },
    ],
  ])('%s', (_rule, path, expected) => {
    expect(parseTarget(path)).toEqual({ ...nothing, ...expected });
  });

  it.each(['/', '/api', '/api/v1', '/apis', '/apis/apps', '/apis/apps/v1', '/healthz', '/openapi/v3/apis/apps/v1'])(
    '%s names no resource',
    (path) => {
      expect(parseTarget(path)).toEqual({ type: 'path', path });
    },
  );

  it('may have a trailing slash', () => {
    expect(parseTarget('/apis/apps/v1/')).toEqual({ type: 'path', path: '/apis/apps/v1' });
  });

  it('with an invalid escape is refused', () => {
    expect(() => parseTarget('/api/v1/pods/%zz')).toThrow('invalid percent-encoding');
  });
});

describe('the verb of a request', () => {
  it.each<[string, string, boolean, ResourceVerb | undefined]>([
    ['GET', '', false, 'list'],
    ['GET', 'x', false, 'get'],
    ['HEAD', 'x', false, 'get'],
    ['GET', '', true, 'watch'],
    ['POST', '', false, 'create'],
    ['PUT', 'x', false, 'update'],
    ['PATCH', 'x', false, 'patch'],
    ['DELETE', 'x', false, 'delete'],
    ['DELETE', '', false, 'deletecollection'],
    ['OPTIONS', '', false, undefined],
  ])('%s of %j (watch: %s) is %s', (method, name, watch, verb) => {
    expect(resourceVerb(method, { name, watch })).toBe(verb);
  });

  it('can be listed by kinds in HTTP names or in Kubernetes names', () => {
    expect(serves(['post'], 'create')).toBe(true);
    expect(serves(['create'], 'create')).toBe(true);
    expect(serves(['put'], 'update')).toBe(true);
    expect(serves(['list'], 'watch')).toBe(true);
    expect(serves(['get'], 'list')).toBe(false);
  });
});
