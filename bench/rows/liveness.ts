import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pod } from '@orrery/api';
import { simulate } from '@orrery/testing';
import { median } from '../result.ts';
import { atMost, defineRow } from '../row.ts';

/** Each value is the median of the later half of several clusters, one after the other in one process. */
export default defineRow({
  what: 'simulated clusters of three nodes, warm',
  full: { clusters: 20 },
  quick: { clusters: 2 },
  warmUp: false,
  figures: {
    start: { what: 'a simulated cluster starts', unit: 'ms', goal: atMost(10) },
    story: { what: '12 minutes of the liveness example', unit: 'ms', goal: atMost(25) },
    firstStory: { what: '12 minutes of it, the first time', unit: 'ms' },
  },
  async measure({ clusters }) {
    const manifest = readFileSync(join(import.meta.dirname, '../../examples/clusters/liveness/pod.yaml'), 'utf8');
    const starts: number[] = [];
    const stories: number[] = [];
    for (let seed = 1; seed <= clusters; seed++) {
      const began = performance.now();
      const cluster = await simulate({ seed });
      const started = performance.now();
      await cluster.apply(manifest);
      await cluster.advance('12m');
      starts.push(started - began);
      stories.push(performance.now() - started);
      const pod = await cluster.client.get(Pod, { namespace: 'default', name: 'liveness' });
      const restarts = pod.status?.containerStatuses?.[0]?.restartCount ?? 0;
      if (restarts < 5) throw new Error(`the probe restarted the container only ${restarts} times`);
      await cluster.close();
    }
    const later = (values: readonly number[]) => median(values.slice(Math.floor(values.length / 2)));
    return {
      start: { value: later(starts) },
      story: { value: later(stories) },
      firstStory: { value: stories[0] ?? Number.NaN },
    };
  },
});
