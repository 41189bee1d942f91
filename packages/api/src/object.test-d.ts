import { assertType, describe, expectTypeOf, test } from 'vitest';
import { type Deployment, defineKind, type Immutable, type ObjectOf, type Pod, type Stored, schema } from './index.ts';

declare const pod: Stored<Pod>;
declare const deployment: Stored<Deployment>;

describe('a stored object', () => {
  test('is readonly all through, as it is frozen at run time', () => {
    // @ts-expect-error metadata cannot be changed
    pod.metadata.labels = { app: 'web' };
    // @ts-expect-error nor what is in it
    (pod.metadata.labels ?? {}).app = 'web';
    // @ts-expect-error lists have no methods that change them
    pod.spec.containers.push({ name: 'another' });
    // @ts-expect-error nor can their elements be replaced
    pod.spec.containers[0] = { name: 'another' };
    for (const container of pod.spec.containers) {
      // @ts-expect-error nor changed
      container.image = 'nginx';
    }
    // @ts-expect-error fields cannot be deleted
    delete deployment.spec.replicas;
    // @ts-expect-error nor those deep down
    deployment.spec.template.spec?.containers.pop();
  });

  test('has the metadata that only the server writes', () => {
    expectTypeOf(pod.metadata.uid).toEqualTypeOf<string>();
    expectTypeOf(pod.metadata.resourceVersion).toEqualTypeOf<string>();
    expectTypeOf(pod.metadata.creationTimestamp).toEqualTypeOf<string>();
    expectTypeOf(pod.metadata.labels).toEqualTypeOf<{ readonly [key: string]: string } | undefined>();
  });

  test('can be given where its kind is wanted', () => {
    assertType<Pod>(pod);
    assertType<Pod>({ ...pod, spec: { ...pod.spec, nodeName: 'node1' } });
  });
});

test('a value of unknown type stays one', () => {
  expectTypeOf<Immutable<{ raw: unknown }>>().toEqualTypeOf<{ readonly raw: unknown }>();
});

const Site = defineKind({
  group: 'demo.example.com',
  version: 'v1',
  kind: 'Site',
  schema: schema.object({
    spec: schema.object({ hosts: schema.array(schema.string()), size: schema.integer().optional() }),
    status: schema.object({ ready: schema.boolean() }).optional(),
  }),
  subresources: { status: true, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
});
type Site = ObjectOf<typeof Site>;
declare const site: Stored<Site>;

test('a custom kind infers its objects from the schema, readonly when they are stored', () => {
  expectTypeOf(site.spec.hosts).toEqualTypeOf<readonly string[]>();
  expectTypeOf(site.spec.size).toEqualTypeOf<number | undefined>();
  expectTypeOf(site.status).toEqualTypeOf<{ readonly ready: boolean } | undefined>();
  expectTypeOf(site.apiVersion).toEqualTypeOf<'demo.example.com/v1'>();
  // @ts-expect-error the list cannot be changed
  site.spec.hosts.push('www');
  // @ts-expect-error the schema has no such field
  site.spec.colour;
});
