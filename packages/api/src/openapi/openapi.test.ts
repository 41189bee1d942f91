import { beforeAll, describe, expect, test } from 'vitest';
import { builtinKinds, type Kind, KindRegistry } from '../kind.ts';
import { ConfigMap, Deployment, Pod, PodPreset } from '../kinds.ts';
import type { TypeInfo } from '../schema.ts';
import { type Descriptions, loadDescriptions } from './descriptions.ts';
import { openApiV2, openApiV3, openApiV3Index } from './documents.ts';

type Json = { readonly [key: string]: Json };

const types = new Map<string, TypeInfo>([
  ['Website', { description: 'A site.', fields: { metadata: { type: 'meta.v1.ObjectMeta' }, spec: { type: 'Spec' } } }],
  [
    'Spec',
    {
      fields: {
        replicas: {
          type: 'int32',
          default: 1,
          description: 'How many.',
          constraints: { minimum: 1, nullable: true },
        },
        pages: { type: 'Page[]', listType: 'map', listMapKeys: ['path'] },
        env: { type: 'core.v1.EnvVar[]' },
        extra: { type: 'Extra' },
      },
    },
  ],
  ['Page', { fields: { path: { type: 'string', required: true }, children: { type: 'Page[]' } } }],
  ['Extra', { preserveUnknownFields: true }],
]);
const website: Kind = {
  ...ConfigMap,
  group: 'demo.orrery.dev',
  version: 'v1',
  apiVersion: 'demo.orrery.dev/v1',
  kind: 'Website',
  listKind: 'WebsiteList',
  resource: 'websites',
  type: 'Website',
  types,
  custom: true,
};
const kinds = new KindRegistry([...builtinKinds, website]);

let descriptions: Descriptions;
beforeAll(async () => {
  descriptions = await loadDescriptions();
});

function v3(groupVersion: string): { paths: Json; schemas: Json } {
  const document = openApiV3(kinds, groupVersion, descriptions) as unknown as Json;
  return { paths: document.paths as Json, schemas: document.components?.schemas as Json };
}
const core = (type: string): Json => v3('api/v1').schemas[`io.k8s.api.core.v1.${type}`] as Json;
const property = (type: string, field: string): Json => core(type).properties?.[field] as Json;

/** Every `$ref` in a document. */
function* references(value: unknown): Iterable<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (key === '$ref' && typeof child === 'string') yield child;
    else yield* references(child);
  }
}

/** Every operation of a document, with its path. */
function operations(document: { paths: Json }): { path: string; method: string; operation: Json }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => method !== 'parameters')
      .map(([method, operation]) => ({ path, method, operation })),
  );
}

describe('the index', () => {
  const index = () =>
    openApiV3Index(kinds, descriptions) as { paths: { [name: string]: { serverRelativeURL: string } } };

  test('lists every group version at an address that has a hash', () => {
    const { paths } = index();
    expect(Object.keys(paths).slice(0, 3)).toEqual(['api/v1', 'apis/apiregistration.k8s.io/v1', 'apis/apps/v1']);
    expect(paths['apis/apps/v1']?.serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{32}$/);
    expect(new Set(Object.values(paths).map((entry) => entry.serverRelativeURL.split('=')[1])).size).toBe(
      Object.keys(paths).length,
    );
  });
  test('the hash changes with the content, and only then', () => {
    const address = (registry: KindRegistry, with_?: Descriptions): string | undefined =>
      (openApiV3Index(registry, with_) as ReturnType<typeof index>).paths['apis/apps/v1']?.serverRelativeURL;
    const plain = address(new KindRegistry([Deployment]));
    expect(address(new KindRegistry([Pod, Deployment]))).toBe(plain);
    expect(address(new KindRegistry([Deployment]), descriptions)).not.toBe(plain);
    expect(address(new KindRegistry([{ ...Deployment, subresources: {} }]))).not.toBe(plain);
  });
});

describe('documents', () => {
  test('are kept until the kinds of the registry change', () => {
    const registry = new KindRegistry([Pod]);
    const first = openApiV3(registry, 'api/v1');
    expect(openApiV3(registry, 'api/v1')).toBe(first);
    registry.add(ConfigMap);
    expect(openApiV3(registry, 'api/v1')).not.toBe(first);
  });
  test('are found by address or by apiVersion', () => {
    expect(openApiV3(kinds, 'apps/v1', descriptions)).toBe(openApiV3(kinds, 'apis/apps/v1', descriptions));
    expect(openApiV3(kinds, 'v1', descriptions)).toBe(openApiV3(kinds, 'api/v1', descriptions));
    expect(openApiV3(kinds, 'apis/none/v1')).toBeUndefined();
  });
  test('refer to nothing that they lack', () => {
    const names = new Set([...kinds].map((kind) => (kind.group === '' ? 'api/v1' : `apis/${kind.apiVersion}`)));
    for (const name of names) {
      const document = openApiV3(kinds, name, descriptions);
      const { schemas } = v3(name);
      for (const reference of references(document)) {
        expect(schemas, name).toHaveProperty([reference.replace('#/components/schemas/', '')]);
      }
    }
    const swagger = openApiV2(kinds, descriptions) as unknown as Json;
    for (const reference of references(swagger)) {
      expect(swagger.definitions).toHaveProperty([reference.replace('#/definitions/', '')]);
    }
  });
  test('name every operation once', () => {
    const ids = operations(openApiV2(kinds, descriptions) as never).map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('schemas', () => {
  test('say which kinds they are', () => {
    expect(core('Pod')['x-kubernetes-group-version-kind']).toEqual([{ group: '', kind: 'Pod', version: 'v1' }]);
    expect(core('PodList')['x-kubernetes-group-version-kind']).toEqual([{ group: '', kind: 'PodList', version: 'v1' }]);
  });
  test('describe types and fields in Kubernetes words', () => {
    expect(core('Pod').description).toMatch(/^Pod is a collection of containers/);
    expect(property('Container', 'image').description).toMatch(/^Container image name/);
    expect(property('Pod', 'apiVersion').description).toMatch(/^APIVersion/);
  });
  test('a version without its own descriptions borrows those of a newer one', () => {
    const { schemas } = v3('apis/resource.k8s.io/v1beta1');
    expect(schemas['io.k8s.api.resource.v1beta1.DeviceClass']?.description).toMatch(/^DeviceClass is/);
  });
  test('lists carry their type, keys and patch strategy', () => {
    expect(property('Container', 'ports')).toMatchObject({
      type: 'array',
      items: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.ContainerPort' }], default: {} },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
      'x-kubernetes-patch-merge-key': 'containerPort',
      'x-kubernetes-patch-strategy': 'merge',
    });
    expect(property('PodSpec', 'nodeSelector')).toMatchObject({
      type: 'object',
      additionalProperties: { type: 'string', default: '' },
      'x-kubernetes-map-type': 'atomic',
    });
  });
  test('limited texts list their values, also in lists', () => {
    expect(property('Container', 'imagePullPolicy').enum).toEqual(['Always', 'IfNotPresent', 'Never']);
    expect(property('ServiceSpec', 'ipFamilies').items?.enum).toEqual(['', 'IPv4', 'IPv6']);
  });
  test('required fields, their zero values, and declared defaults', () => {
    expect(core('ContainerPort').required).toEqual(['containerPort']);
    expect(property('ContainerPort', 'containerPort')).toMatchObject({ type: 'integer', format: 'int32', default: 0 });
    expect(property('ContainerPort', 'protocol').default).toBe('TCP');
  });
  test('scalars with names of their own', () => {
    const { schemas } = v3('api/v1');
    expect(schemas['io.k8s.apimachinery.pkg.util.intstr.IntOrString']).toMatchObject({
      format: 'int-or-string',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
    });
    expect(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.Time']).toMatchObject({ type: 'string', format: 'date-time' });
    expect(schemas['io.k8s.apimachinery.pkg.api.resource.Quantity']).toMatchObject({
      oneOf: [{ type: 'string' }, { type: 'number' }],
    });
    expect(property('Secret', 'data').additionalProperties).toEqual({ type: 'string', format: 'byte' });
  });
  test('omit fields behind a feature gate', () => {
    expect(core('PodSpec').properties).not.toHaveProperty('workloadRef');
  });
  test('a list that the table lacks is written', () => {
    const { schemas } = v3('apis/settings.k8s.io/v1alpha1');
    expect(schemas['io.k8s.api.settings.v1alpha1.PodPresetList']).toMatchObject({
      required: ['items'],
      'x-kubernetes-group-version-kind': [{ group: PodPreset.group, kind: 'PodPresetList', version: 'v1alpha1' }],
    });
  });
});

describe('custom kinds', () => {
  const schema = () => v3('apis/demo.orrery.dev/v1').schemas['dev.orrery.demo.v1.Website'] as Json;
  const spec = () => schema().properties?.spec?.properties as Json;

  test('are named by their group, backwards, and written in place', () => {
    expect(schema().description).toBe('A site.');
    expect(spec().replicas).toEqual({
      type: 'integer',
      format: 'int32',
      description: 'How many.',
      default: 1,
      minimum: 1,
      nullable: true,
    });
  });
  test('refer to built-in types', () => {
    expect(spec().env?.items).toEqual({ $ref: '#/components/schemas/io.k8s.api.core.v1.EnvVar' });
  });
  test('that contain themselves end there', () => {
    expect(spec().pages?.items?.properties?.children?.items).toEqual({
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
    });
  });
  test('may keep unknown fields', () => {
    expect(spec().extra).toMatchObject({ 'x-kubernetes-preserve-unknown-fields': true });
  });
});

describe('paths', () => {
  const pod = '/api/v1/namespaces/{namespace}/pods/{name}';
  const parameters = (operation: Json | undefined): string[] =>
    ((operation?.parameters ?? []) as unknown as { name: string }[]).map(({ name }) => name);

  test('PATCH declares field validation and the kind', () => {
    const patch = v3('api/v1').paths[pod]?.patch as Json;
    expect(parameters(patch)).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    expect(patch).toMatchObject({
      operationId: 'patchCoreV1NamespacedPod',
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': { group: '', kind: 'Pod', version: 'v1' },
    });
    expect(Object.keys(patch.requestBody?.content as Json)).toContain('application/strategic-merge-patch+json');
  });
  test('custom kinds take no strategic merge patch', () => {
    const patch =
      v3('apis/demo.orrery.dev/v1').paths['/apis/demo.orrery.dev/v1/namespaces/{namespace}/websites/{name}']?.patch;
    expect(patch?.operationId as unknown).toBe('patchDemoOrreryDevV1NamespacedWebsite');
    expect(Object.keys(patch?.requestBody?.content as Json)).toEqual([
      'application/apply-patch+yaml',
      'application/json-patch+json',
      'application/merge-patch+json',
    ]);
  });
  test.each([
    [pod, 'delete get parameters patch put'],
    ['/api/v1/namespaces/{namespace}/pods', 'delete get parameters post'],
    ['/api/v1/pods', 'get parameters'],
    ['/api/v1/namespaces/{name}', 'delete get parameters patch put'],
    ['/api/v1/namespaces/{namespace}/bindings', 'parameters post'],
    [`${pod}/log`, 'get parameters'],
    [`${pod}/exec`, 'get parameters post'],
    [`${pod}/status`, 'get parameters patch put'],
    [`${pod}/eviction`, 'parameters post'],
    [`${pod}/proxy/{path}`, 'delete get parameters patch post put'],
    ['/api/v1/', 'get'],
  ])('%s: %s', (path, methods) => {
    expect(
      Object.keys(v3('api/v1').paths[path] ?? {})
        .sort()
        .join(' '),
    ).toBe(methods);
  });
  test('the actions', () => {
    const action = (path: string, method: string) => v3('api/v1').paths[path]?.[method]?.['x-kubernetes-action'];
    expect(action('/api/v1/pods', 'get')).toBe('list');
    expect(action('/api/v1/namespaces/{namespace}/pods', 'delete')).toBe('deletecollection');
    expect(action(`${pod}/exec`, 'post')).toBe('connect');
    expect(action(pod, 'put')).toBe('put');
  });
  test('a subresource of another kind accepts and returns that kind', () => {
    const post = v3('api/v1').paths[`${pod}/eviction`]?.post;
    expect(post?.['x-kubernetes-group-version-kind']).toEqual({ group: 'policy', kind: 'Eviction', version: 'v1' });
    expect(post?.requestBody?.content?.['*/*']?.schema).toEqual({
      $ref: '#/components/schemas/io.k8s.api.policy.v1.Eviction',
    });
  });
});

describe('Swagger 2.0', () => {
  const swagger = () => openApiV2(kinds, descriptions) as unknown as Json;

  test('writes the same as OpenAPI 3.0, in its own notation', () => {
    const definitions = swagger().definitions as Json;
    expect(definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString']).toMatchObject({
      type: 'string',
      format: 'int-or-string',
    });
    expect(definitions['io.k8s.api.core.v1.Pod']?.properties?.spec).toMatchObject({
      $ref: '#/definitions/io.k8s.api.core.v1.PodSpec',
      description: expect.stringContaining('Specification'),
    });
    expect(definitions['dev.orrery.demo.v1.Website']?.properties?.spec?.properties?.replicas).not.toHaveProperty(
      'nullable',
    );
  });
  test('puts the body among the parameters', () => {
    const post = swagger().paths?.['/apis/apps/v1/namespaces/{namespace}/deployments']?.post as Json;
    expect((post.parameters as unknown as Json[])[0]).toEqual({
      name: 'body',
      in: 'body',
      required: true,
      schema: { $ref: '#/definitions/io.k8s.api.apps.v1.Deployment' },
    });
  });
});
