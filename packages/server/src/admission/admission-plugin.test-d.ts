import { Pod } from '@orrery/api';
import { definePlugin, type Plugin } from '@orrery/core';
import { expectTypeOf, test } from 'vitest';
import type { AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';

test('a plugin contributes admission plugins: the slot is part of the core Plugin type', () => {
  expectTypeOf<Plugin['admission']>().toEqualTypeOf<readonly AdmissionPlugin[] | undefined>();
});

test('the parameters of an admission plugin in a plugin are inferred', () => {
  definePlugin({
    name: 'gate',
    admission: [
      {
        name: 'Gate',
        matches: (request) => {
          expectTypeOf(request).toEqualTypeOf<AdmissionRequest>();
          return request.kind === Pod;
        },
      },
    ],
  });
  // @ts-expect-error: an admission plugin has a name
  definePlugin({ name: 'gate', admission: [{ matches: () => true }] });
});
