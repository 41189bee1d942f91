import { ConfigMap, Deployment, defineKind, type ObjectOf, Pod, Secret, type Stored, schema } from '@orrery/api';
import { describe, expectTypeOf, test } from 'vitest';
import { defineController, requeueAfter } from './define-controller.ts';

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
