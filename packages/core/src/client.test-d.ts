import {
  ConfigMap,
  type Deployment,
  Deployment as DeploymentKind,
  defineKind,
  type Kind,
  type KubernetesObject,
  Namespace,
  Pod,
  type Scale,
  ServiceAccount,
  type Status,
  type Stored,
  schema,
  type TokenRequest,
} from '@orrery/api';
import { describe, expectTypeOf, test } from 'vitest';
import type { Client } from './client.ts';

declare const client: Client;
const key = { namespace: 'default', name: 'web' };

describe('a read', () => {
  test('takes its type from the kind', () => {
    expectTypeOf(client.get(DeploymentKind, key)).resolves.toEqualTypeOf<Stored<Deployment>>();
    expectTypeOf(client.get(ConfigMap, key)).resolves.toHaveProperty('data');
    expectTypeOf(client.list(Pod)).resolves.toHaveProperty('items').items.toEqualTypeOf<Stored<Pod>>();
  });
});

describe('a write', () => {
  test('takes its type from the object', () => {
    const page: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { text: 'hello' } };
    expectTypeOf(client.create(page)).resolves.toEqualTypeOf<Stored<ConfigMap>>();
    expectTypeOf(client.apply(page, { fieldManager: 'me' })).resolves.toEqualTypeOf<Stored<ConfigMap>>();
  });

  test('takes what was read, changed by spreading', async () => {
    const web = await client.get(DeploymentKind, key);
    client.update({ ...web, spec: { ...web.spec, replicas: 2 } });
    client.updateStatus({ ...web, status: { ...web.status, replicas: 2 } });
  });
});

describe('a subresource', () => {
  test('has the names and types that its kind says', () => {
    expectTypeOf(client.getSubresource(DeploymentKind, key, 'scale')).resolves.toEqualTypeOf<Scale>();
    expectTypeOf(client.getSubresource(Pod, key, 'resize')).resolves.toEqualTypeOf<Stored<Pod>>();
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [] },
    };
    expectTypeOf(
      client.createSubresource(ServiceAccount, key, 'token', request),
    ).resolves.toEqualTypeOf<TokenRequest>();
    expectTypeOf(
      client.createSubresource(Pod, key, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: key,
        target: { name: 'node1' },
      }),
    ).resolves.toEqualTypeOf<Status>();
    expectTypeOf<Parameters<typeof finalize>[0]>().toEqualTypeOf<Namespace>();
  });

  test('of another name or type does not compile', () => {
    // @ts-expect-error a Pod has no scale
    client.getSubresource(Pod, key, 'scale');
    // @ts-expect-error a ConfigMap has no subresource at all
    client.getSubresource(ConfigMap, key, 'status');
    // @ts-expect-error a binding is made, not replaced
    client.updateSubresource(Pod, key, 'binding', {});
    // @ts-expect-error a token is asked for with a TokenRequest
    client.createSubresource(ServiceAccount, key, 'token', { apiVersion: 'v1', kind: 'Binding' });
  });

  test('of a custom kind follows from its definition', () => {
    const content = schema.object({ spec: schema.object({ size: schema.integer() }) });
    const base = { group: 'demo.example.com', version: 'v1', schema: content } as const;
    const paths = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' };
    const Sized = defineKind({ ...base, kind: 'Sized', subresources: { status: true, scale: paths } });
    const Plain = defineKind({ ...base, kind: 'Plain' });
    expectTypeOf(client.getSubresource(Sized, key, 'scale')).resolves.toEqualTypeOf<Scale>();
    client.getSubresource(Sized, key, 'status');
    // @ts-expect-error it was not asked for
    client.getSubresource(Plain, key, 'scale');
  });

  test('of a kind that only the running program knows has any name', () => {
    const kind = DeploymentKind as Kind;
    expectTypeOf(client.getSubresource(kind, key, 'scale')).resolves.toEqualTypeOf<KubernetesObject>();
  });
});

function finalize(namespace: Namespace) {
  return client.updateSubresource(Namespace, namespace.metadata.name, 'finalize', namespace);
}
