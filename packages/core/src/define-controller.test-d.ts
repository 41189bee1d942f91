import { ConfigMap, Deployment, defineKind, type ObjectOf, Pod, Secret, type Stored, schema } from '@orrery/api';
import { describe, expectTypeOf, test } from 'vitest';
import { defineController, requeueAfter } from './define-controller.ts';
import { defineIndex, ownedBy } from './define-index.ts';

const Website = defineKind({
  group: 'demo.example.com',
  version: 'v1',
  kind: 'Website',
  schema: schema.object({ spec: schema.object({ page: schema.string() }) }),
  subresources: { status: true },
});
type Website = ObjectOf<typeof Website>;

describe('defineController infers, with no type argument', () => {
  test('the object from `for`', () => {
    defineController({
      name: 'website-controller',
      for: Website,
      when(site, previous) {
        expectTypeOf(site).toEqualTypeOf<Stored<Website>>();
        return site.spec.page !== previous?.spec.page;
      },
      reconcile(site) {
        expectTypeOf(site).toEqualTypeOf<Stored<Website>>();
        expectTypeOf(site.spec.page).toEqualTypeOf<string>();
        // @ts-expect-error it is frozen
        site.spec.page = 'another';
      },
    });
  });

  test('each watched object from its kind', () => {
    defineController({
      name: 'website-controller',
      for: Website,
      owns: [Deployment],
      watches: [
        {
          kind: ConfigMap,
          map(page) {
            expectTypeOf(page).toEqualTypeOf<Stored<ConfigMap>>();
            return [page.data?.site ?? ''];
          },
        },
        {
          kind: Pod,
          map(pod, { previous }) {
            expectTypeOf(pod.spec.nodeName).toEqualTypeOf<string | undefined>();
            expectTypeOf(previous).toEqualTypeOf<Stored<Pod> | undefined>();
            // @ts-expect-error a Pod has no data
            pod.data;
            return [];
          },
        },
      ],
      reconcile: () => undefined,
    });
  });

  test('each owned or watched object from its kind, with selectors and `when`', () => {
    defineController({
      name: 'website-controller',
      for: Website,
      owns: [
        Secret,
        {
          kind: Deployment,
          labelSelector: 'website',
          when(deployment, previous) {
            expectTypeOf(deployment).toEqualTypeOf<Stored<Deployment>>();
            expectTypeOf(previous).toEqualTypeOf<Stored<Deployment> | undefined>();
            return deployment.spec.replicas !== previous?.spec.replicas;
          },
        },
      ],
      watches: [
        ConfigMap,
        {
          kind: Pod,
          fieldSelector: 'status.phase=Running',
          when: (pod) => pod.spec.nodeName !== undefined,
        },
      ],
      reconcile: () => undefined,
    });
    defineController({
      name: 'website-controller',
      for: Website,
      // @ts-expect-error neither a kind nor a source
      watches: [{ map: () => [] }],
      reconcile: () => undefined,
    });
  });

  test('what is finalized from `for`', () => {
    defineController({
      name: 'website-controller',
      for: Website,
      reconcile: () => undefined,
      finalize(site) {
        expectTypeOf(site).toEqualTypeOf<Stored<Website>>();
        return site.spec.page === '' ? requeueAfter('30s') : undefined;
      },
    });
  });

  test('what an index finds from its kind', () => {
    const byNode = defineIndex(Pod, (pod) => {
      expectTypeOf(pod).toEqualTypeOf<Stored<Pod>>();
      return pod.spec.nodeName === undefined ? [] : [pod.spec.nodeName];
    });
    defineController({
      name: 'website-controller',
      for: Website,
      reads: [Pod],
      indexes: [byNode],
      reconcile(site, { cache }) {
        expectTypeOf(cache.list(byNode.at('node1'))).toEqualTypeOf<readonly Stored<Pod>[]>();
        expectTypeOf(cache.list(ownedBy(Pod, site.metadata.uid))).toEqualTypeOf<readonly Stored<Pod>[]>();
        // @ts-expect-error an index has no name
        cache.list(Pod, { index: 'node' });
      },
    });
  });

  test('what is read from the cache from the kind', () => {
    defineController({
      name: 'website-controller',
      for: Website,
      reads: [Secret],
      reconcile({ metadata }, { cache }) {
        expectTypeOf(cache.get(Secret, metadata.name)).toEqualTypeOf<Stored<Secret> | undefined>();
        expectTypeOf(cache.list(Secret)).toEqualTypeOf<readonly Stored<Secret>[]>();
      },
    });
  });
});

test('a duration is checked as it is written', () => {
  requeueAfter(250);
  requeueAfter('30s');
  requeueAfter('1.5h');
  requeueAfter('1h30m');
  requeueAfter('1d');
  // @ts-expect-error a blank
  requeueAfter('30 s');
  // @ts-expect-error no unit
  requeueAfter('30');
  // @ts-expect-error no such unit
  requeueAfter('3 weeks');
  // @ts-expect-error no number
  requeueAfter('soon');
});
