import { simulate } from '@orrery/testing';
import { heapMegabytes, residentMegabytes } from '../memory.ts';
import { atMost, defineRow } from '../row.ts';
import { deploymentWhere, isComplete, webDeployment } from '../workload.ts';

const commands: { readonly [name: string]: string[] } = {
  sleeper: ['sleep', '86400'],
  script: ['sh', '-c', 'while true; do date >> /tmp/log; sleep 60; done'],
};

/** What containers that have nothing to do add to the process: half of them `sleep`, half run a small script. */
export default defineRow({
  what: '2,000 containers that run sleep or a small script on 100 nodes',
  full: { nodes: 100, replicas: 1_000 },
  quick: { nodes: 2, replicas: 10 },
  figures: {
    added: { what: 'memory that they add', unit: 'MB', goal: atMost(200) },
    resident: { what: 'memory of the whole process', unit: 'MB' },
  },
  async measure({ nodes, replicas }) {
    const cluster = await simulate({ nodes });
    const before = heapMegabytes();
    for (const [name, command] of Object.entries(commands))
      await cluster.client.create(webDeployment(name, replicas, { containers: [{ name, image: 'busybox', command }] }));
    await cluster.advance('5m');
    for (const name of Object.keys(commands)) await deploymentWhere(cluster.client, name, isComplete);
    const added = heapMegabytes() - before;
    const resident = residentMegabytes();
    await cluster.close();
    return { added: { value: added }, resident: { value: resident } };
  },
});
