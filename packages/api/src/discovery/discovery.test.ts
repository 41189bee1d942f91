import { describe, expect, test } from 'vitest';
import { builtinKinds, type Kind } from '../kind.ts';
import { ConfigMap, Pod, PodPreset } from '../kinds.ts';
import { discoveryDocuments } from './documents.ts';
import { compareGroups, compareVersions } from './order.ts';
import { kubernetesVerbs } from './verbs.ts';

const documents = discoveryDocuments(builtinKinds);
const website: Kind = {
  ...ConfigMap,
  group: 'demo.orrery.dev',
  version: 'v1',
  apiVersion: 'demo.orrery.dev/v1',
  kind: 'Website',
  resource: 'websites',
  singular: 'website',
  shortNames: ['web'],
  custom: true,
};

interface Resource {
  name: string;
  [field: string]: unknown;
}
function resource(path: string, name: string): Resource | undefined {
  return (documents.path(path) as { resources: Resource[] }).resources.find((each) => each.name === name);
}

describe('order', () => {
  test('of versions: stable, beta, alpha, each by number, then the rest', () => {
    const versions = ['v1alpha1', 'v10', 'foo1', 'v1beta2', 'v1', 'v2beta1', 'v2', 'bar', 'v1beta1', 'v11alpha2'];
    expect(versions.sort(compareVersions).join(' ')).toBe(
      'v10 v2 v1 v2beta1 v1beta2 v1beta1 v11alpha2 v1alpha1 bar foo1',
    );
  });
  test("of groups: Kubernetes' own by rank, others by name after them", () => {
    const groups = ['zoo.example', 'batch', 'apps', 'demo.orrery.dev', '', 'rbac.authorization.k8s.io'];
    expect(groups.sort(compareGroups)).toEqual([
      '',
      'apps',
      'batch',
      'rbac.authorization.k8s.io',
      'demo.orrery.dev',
      'zoo.example',
    ]);
  });
});

describe('paths', () => {
  test('/api', () => {
    expect(documents.path('/api')).toEqual({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
  });
  test('/apis lists groups with the preferred version first', () => {
    const { kind, groups } = documents.path('/apis') as { kind: string; groups: { name: string }[] };
    expect(kind).toBe('APIGroupList');
    expect(groups.find((group) => group.name === 'autoscaling')).toEqual({
      name: 'autoscaling',
      versions: [
        { groupVersion: 'autoscaling/v2', version: 'v2' },
        { groupVersion: 'autoscaling/v1', version: 'v1' },
      ],
      preferredVersion: { groupVersion: 'autoscaling/v2', version: 'v2' },
    });
    const names = groups.map((group) => group.name);
    expect(names.indexOf('apps')).toBeLessThan(names.indexOf('batch'));
    expect(names).not.toContain('');
  });
  test('/apis/GROUP', () => {
    expect(documents.path('/apis/batch')).toEqual({
      kind: 'APIGroup',
      apiVersion: 'v1',
      name: 'batch',
      versions: [{ groupVersion: 'batch/v1', version: 'v1' }],
      preferredVersion: { groupVersion: 'batch/v1', version: 'v1' },
    });
  });
  test('/api/v1: a kind with its short names, categories and verbs', () => {
    expect(resource('/api/v1', 'pods')).toEqual({
      name: 'pods',
      singularName: 'pod',
      namespaced: true,
      kind: 'Pod',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['po'],
      categories: ['all'],
    });
  });
  test('subresources of another group say which', () => {
    expect(resource('/api/v1', 'pods/eviction')).toEqual({
      name: 'pods/eviction',
      singularName: '',
      namespaced: true,
      group: 'policy',
      version: 'v1',
      kind: 'Eviction',
      verbs: ['create'],
    });
    expect(resource('/apis/apps/v1', 'deployments/scale')).toMatchObject({
      group: 'autoscaling',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update'],
    });
  });
  test('streams are opened with create and get, a proxy with everything', () => {
    expect(resource('/api/v1', 'pods/exec')?.verbs).toEqual(['create', 'get']);
    expect(resource('/api/v1', 'pods/proxy')?.verbs).toEqual(['create', 'delete', 'get', 'patch', 'update']);
  });
  test('read-only and create-only resources cannot be watched', () => {
    expect(resource('/api/v1', 'componentstatuses')?.verbs).toEqual(['get', 'list']);
    expect(resource('/api/v1', 'bindings')?.verbs).toEqual(['create']);
  });
  test.each(['/', '/api/v2', '/api/v1/pods', '/apis/none', '/apis/apps/v9', '/apis/apps/v1/deployments', '/version'])(
    '%s is not discovery',
    (path) => {
      expect(documents.path(path)).toBeUndefined();
    },
  );
  test('ignores a trailing slash and builds documents once', () => {
    expect(documents.path('/apis/')).toBe(documents.path('/apis'));
  });
  test('a document is complete without other kinds', () => {
    const own = discoveryDocuments([website]);
    expect(own.path('/api')).toMatchObject({ versions: [] });
    expect(own.path('/apis/demo.orrery.dev/v1')).toMatchObject({
      groupVersion: 'demo.orrery.dev/v1',
      resources: [{ name: 'websites', shortNames: ['web'] }],
    });
  });
});

test('verbs that are named as Kubernetes names them stay', () => {
  const verbs = ['create', 'get', 'list', 'update'];
  expect(kubernetesVerbs({ ...website, verbs })).toEqual(['create', 'get', 'list', 'update', 'watch']);
});

describe('aggregated', () => {
  const small = discoveryDocuments([Pod, PodPreset, website]);

  test('/api holds the nameless group', () => {
    const { apiVersion, items } = small.aggregatedApi('v2') as { apiVersion: string; items: unknown[] };
    expect(apiVersion).toBe('apidiscovery.k8s.io/v2');
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ metadata: { creationTimestamp: null }, versions: [{ version: 'v1' }] });
  });
  test('/apis holds the others, with resources and their subresources', () => {
    const list = small.aggregatedApis('v2beta1') as { apiVersion: string; items: { metadata: { name: string } }[] };
    expect(list.apiVersion).toBe('apidiscovery.k8s.io/v2beta1');
    expect(list.items.map((item) => item.metadata.name)).toEqual(['settings.k8s.io', 'demo.orrery.dev']);
    expect(list.items[0]).toMatchObject({
      versions: [
        {
          version: 'v1alpha1',
          freshness: 'Current',
          resources: [
            {
              resource: 'podpresets',
              responseKind: { group: 'settings.k8s.io', version: 'v1alpha1', kind: 'PodPreset' },
              scope: 'Namespaced',
              singularResource: 'podpreset',
            },
          ],
        },
      ],
    });
    const pods = (small.aggregatedApi('v2') as { items: { versions: { resources: object[] }[] }[] }).items[0];
    expect(pods?.versions[0]?.resources[0]).toMatchObject({
      resource: 'pods',
      subresources: expect.arrayContaining([
        {
          subresource: 'eviction',
          responseKind: { group: 'policy', version: 'v1', kind: 'Eviction' },
          verbs: ['create'],
        },
      ]),
    });
  });
});
