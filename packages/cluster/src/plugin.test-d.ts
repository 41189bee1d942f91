import { Pod } from '@orrery/api';
import { definePlugin } from '@orrery/core';
import { defineImage } from '@orrery/runtimes/sim';
import { test } from 'vitest';

test('the fields of a plugin are typed by the packages that use them', () => {
  definePlugin({
    name: 'all',
    kinds: [Pod],
    scheduler: [
      {
        name: 'WetPaint',
        filter: () => (node) => (node.labels?.paint === 'wet' ? { reasons: ['wet'], unresolvable: true } : undefined),
      },
    ],
    images: [defineImage({ name: 'nothing', command: ['true'] })],
  });
  // @ts-expect-error not a scheduler plugin
  definePlugin({ name: 'wrong', scheduler: [{ nonsense: true }] });
  // @ts-expect-error not an image
  definePlugin({ name: 'wrong', images: [{ nonsense: true }] });
  // @ts-expect-error not an admission plugin
  definePlugin({ name: 'wrong', admission: [{ nonsense: true }] });
  // @ts-expect-error not a field of plugins
  definePlugin({ name: 'wrong', nonsense: [] });
});
