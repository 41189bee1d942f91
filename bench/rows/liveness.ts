import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pod } from '@orrery/api';
import { simulate } from '@orrery/testing';
import { median, report } from '../report.ts';

/** Starting a simulated cluster, warm, and 12 minutes of the liveness example in virtual time. */
const manifest = readFileSync(join(import.meta.dirname, '../../examples/clusters/liveness/pod.yaml'), 'utf8');
const starts: number[] = [];
const stories: number[] = [];
for (let round = 0; round < 9; round++) {
  const began = performance.now();
  const cluster = await simulate({ seed: round });
  starts.push(performance.now() - began);
  const recorded = performance.now();
  await cluster.apply(manifest);
  await cluster.settle();
  await cluster.advance('12m');
  stories.push(performance.now() - recorded);
  const pod = await cluster.client.get(Pod, { namespace: 'default', name: 'liveness' });
  if ((pod.status?.containerStatuses?.[0]?.restartCount ?? 0) < 5)
    throw new Error('the probe did not restart the container');
  await cluster.close();
}
report({
  what: 'simulated clusters of three nodes (median of the last 5 of 9)',
  figures: [
    { name: 'a cluster starts, warm', value: median(starts.slice(4)), unit: 'ms', goal: 20 },
    { name: '12 minutes of the liveness example', value: median(stories.slice(4)), unit: 'ms', goal: 500 },
    { name: '12 minutes of the liveness example, first time', value: stories[0] ?? Number.NaN, unit: 'ms' },
  ],
});
