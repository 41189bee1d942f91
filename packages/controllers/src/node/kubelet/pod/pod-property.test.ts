import { type ContainerStatus, Pod, type PodSpec } from '@orrery/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FakeProgram } from '../../fake-runtime.fixture.ts';
import { startNode } from '../../node.fixture.ts';

/** What happens to the Pod, one step after the other. */
type Step =
  | { readonly type: 'wait'; readonly seconds: number }
  | { readonly type: 'exit'; readonly pick: number; readonly code: number }
  | { readonly type: 'probe'; readonly healthy: boolean }
  | { readonly type: 'restart' }
  | { readonly type: 'sandbox' }
  | { readonly type: 'delete'; readonly grace: number };

const program: fc.Arbitrary<FakeProgram> = fc.record(
  {
    exits: fc.array(fc.record({ after: fc.integer({ min: 0, max: 90_000 }), code: fc.constantFrom(0, 1, 137) }), {
      minLength: 1,
      maxLength: 3,
    }),
    stopsAfter: fc.constantFrom(0, 3000, Number.POSITIVE_INFINITY),
  },
  { requiredKeys: [] },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 60 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('exit' as const), pick: fc.nat(5), code: fc.constantFrom(0, 1) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('probe' as const), healthy: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('sandbox' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), grace: fc.constantFrom(1, 30) }) },
);

const scenario = fc.record({
  restartPolicy: fc.constantFrom('Always' as const, 'OnFailure' as const, 'Never' as const),
  init: fc.array(fc.record({ sidecar: fc.boolean(), program }), { maxLength: 3 }),
  regular: fc.array(fc.record({ probed: fc.boolean(), program }), { minLength: 1, maxLength: 3 }),
  steps: fc.array(step, { maxLength: 12 }),
  seed: fc.nat(1000),
});

test('whatever happens, the history of a Pod obeys the rules', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ restartPolicy, init, regular, steps, seed }) => {
      const node = await startNode({}, seed);
      const { runtime, api } = node;
      let healthy = true;
      const spec: Partial<PodSpec> = {
        restartPolicy,
        initContainers: init.map(({ sidecar }, i) => ({
          name: `i${i}`,
          image: `i${i}:1`,
          ...(sidecar ? { restartPolicy: 'Always' } : {}),
        })),
        containers: regular.map(({ probed }, i) => ({
          name: `c${i}`,
          image: `c${i}:1`,
          ...(probed ? { livenessProbe: { exec: { command: ['check'] }, periodSeconds: 5 } } : {}),
        })),
      };
      for (const [i, one] of init.entries()) {
        // A regular init container ends some time, or nothing would ever be seen of the rest.
        const exits = one.program.exits ?? { after: 5000, code: 0 };
        runtime.programs.set(`i${i}:1`, one.sidecar ? one.program : { ...one.program, exits });
      }
      for (const [i, one] of regular.entries()) {
        runtime.programs.set(`c${i}:1`, { ...one.program, exec: () => (healthy ? 0 : 1) });
      }

      const problems: string[] = [];
      const say = (problem: string) => problems.push(problem);
      const sidecars = new Set(
        spec.initContainers?.filter((one) => one.restartPolicy === 'Always').map(({ name }) => name),
      );
      let finalPhase: string | undefined;
      const restarts = new Map<string, number>();
      const watching = api.client.watch(Pod).subscribe((event) => {
        if (event.type === 'BOOKMARK' || event.type === 'DELETED') return;
        const { status } = event.object;
        if (finalPhase !== undefined && status?.phase !== finalPhase)
          say(`phase ${finalPhase} became ${status?.phase}`);
        if (status?.phase === 'Succeeded' || status?.phase === 'Failed') {
          finalPhase = status.phase;
          if (runtime.running().length > 0) say(`${finalPhase} while ${runtime.running()} run`);
        }
        const all: ContainerStatus[] = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
        for (const { name, restartCount } of all) {
          if (restartCount < (restarts.get(name) ?? 0)) say(`restartCount of ${name} fell to ${restartCount}`);
          restarts.set(name, restartCount);
        }
      });
      const started = runtime.events().subscribe(({ type, containerId, sandboxId }) => {
        if (type !== 'STARTED' || containerId === sandboxId) return;
        const { name } = runtime.containerStatus(containerId).metadata;
        if (runtime.sandboxes.get(sandboxId)?.status.state !== 'READY') say(`${name} started without its sandbox`);
        const twins = runtime.running().filter((one) => one === name);
        if (twins.length > 1) say(`two instances of ${name} run`);
        if (sidecars.has(name)) return;
        // All init containers before it have succeeded in this sandbox, all sidecars before it have started.
        const index = name.startsWith('i') ? Number(name.slice(1)) : Number.POSITIVE_INFINITY;
        for (const [i, before] of (spec.initContainers ?? []).entries()) {
          if (i >= index) break;
          const instances = runtime
            .listContainers()
            .filter((one) => one.metadata.name === before.name && one.sandboxId === sandboxId);
          const fine = sidecars.has(before.name)
            ? instances.length > 0
            : instances.some((one) => one.state === 'EXITED' && one.exitCode === 0);
          if (!fine && !hasRunBefore(runtime.calls, name)) say(`${name} started before ${before.name} was done`);
        }
      });

      await node.create(spec);
      let deleted = false;
      for (const one of steps) {
        if (one.type === 'wait') await node.advance(one.seconds * 1000);
        else if (one.type === 'probe') healthy = one.healthy;
        else if (one.type === 'restart') await node.restart();
        else if (one.type === 'exit') {
          const running = runtime.listContainers().filter(({ state }) => state === 'RUNNING');
          const picked = running[one.pick % Math.max(running.length, 1)];
          if (picked !== undefined) runtime.end(picked.id, one.code);
        } else if (one.type === 'sandbox') {
          for (const { id, state } of runtime.listPodSandboxes())
            if (state === 'READY') await runtime.stopPodSandbox(id);
        } else if ((await node.find()) !== undefined) {
          await node.delete({ gracePeriodSeconds: one.grace });
          deleted = true;
        }
        await node.simulation.settle();
      }
      if (deleted) {
        await node.advance('2m');
        if ((await node.find()) !== undefined) say('a deleted Pod is still there');
        if (runtime.containers.size + runtime.sandboxes.size > 0) say('a deleted Pod left containers behind');
        if (runtime.files.readdir('/var/lib/kubelet/pods').length > 0) say('a deleted Pod left files behind');
      }
      watching.unsubscribe();
      started.unsubscribe();
      expect(problems).toEqual([]);
    }),
    { numRuns: 150, seed: 3 },
  );
}, 30_000);

/** A container that has run once may run again though the runtime forgot its init containers. */
function hasRunBefore(calls: readonly string[], name: string): boolean {
  const sandbox = calls.findLastIndex((call) => call.startsWith('sandbox'));
  return calls.slice(sandbox).filter((call) => call === `start ${name}`).length > 1;
}
