import { beforeAll, expect, test } from 'vitest';
import { hostileScripts } from '../hostile.fixture.ts';
import { createFixture, type Fixture } from './sim.fixture.ts';

/** In virtual time, where a program that never lets time pass would never end. */

let fixture: Fixture;
let sandbox: string;
let witness: string;

beforeAll(async () => {
  fixture = createFixture({ memoryBytes: 64 * 1024 ** 2 });
  sandbox = await fixture.sandbox('pod');
  witness = await fixture.container(await fixture.sandbox('witness'), 'busybox', { command: ['sleep', 'infinity'] });
});

const shown = (script: string) =>
  script.length > 80 ? `${script.slice(0, 60)}… (${script.length} characters)` : script;

test.each(hostileScripts.map((each) => ({ ...each, name: shown(each.script) })))(
  '$name lets time pass, and holds nothing once it is gone',
  async ({ script, memoryLimitBytes }) => {
    const id = await fixture.container(sandbox, 'nicolaka/netshoot', {
      command: ['bash', '-c', script],
      resources: { memoryLimitBytes, cpuShares: 0, cpuQuota: 0 },
    });
    await fixture.simulation.advance('20ms');
    expect(await fixture.run(witness, 'echo alive')).toMatchObject({ exitCode: 0, stdout: 'alive\n' });
    await fixture.runtime.removeContainer(id);
    expect((await fixture.runtime.nodeUsage?.())?.memoryBytes).toBe(0);
    expect((await fixture.runtime.nodeUsage?.())?.processes).toBeLessThan(10);
  },
);
