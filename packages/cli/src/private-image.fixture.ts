import { definePlugin } from '@orrery/core';
import { defineImage } from '@orrery/runtimes/sim';

/** An image that only `ann` with the password `sesame` may pull. For tests, as a plugin of `orrery up`. */
export default definePlugin({
  name: 'private-image',
  images: [
    defineImage({
      name: 'registry.example.com/team/app',
      command: ['/app'],
      private: { username: 'ann', password: 'sesame' },
      programs: { '/app': (process) => process.untilSignal('SIGTERM').then(() => 0) },
    }),
  ],
});
