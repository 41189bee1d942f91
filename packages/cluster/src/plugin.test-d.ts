import { Pod } from '@orrery/api';
import { definePlugin } from '@orrery/core';
import { defineImage } from '@orrery/runtimes/sim';
import { test } from 'vitest';

test('the slots of a plugin are typed by the packages that take them', () => {
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
  // @ts-expect-error no rule of the scheduler
  definePlugin({ name: 'wrong', scheduler: [{ nonsense: true }] });
  // @ts-expect-error no image
  definePlugin({ name: 'wrong', images: [{ nonsense: true }] });
  // @ts-expect-error no gate
  definePlugin({ name: 'wrong', admission: [{ nonsense: true }] });
  // @ts-expect-error nobody takes that
  definePlugin({ name: 'wrong', nonsense: [] });
});
