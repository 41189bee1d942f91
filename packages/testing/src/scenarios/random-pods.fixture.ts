import type { Container, PodSpec } from '@orrery/api';
import fc from 'fast-check';

/** What a container does: when it exits and with which code, and how long it takes to stop on SIGTERM. */
interface Behaviour {
  readonly seconds: number;
  readonly code: number;
  readonly stop: 'at once' | 'slowly' | 'never';
}

/** A randomly generated Pod. */
export interface RandomPod {
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  readonly init: readonly { readonly sidecar: boolean; readonly startup: boolean; readonly does: Behaviour }[];
  readonly regular: readonly { readonly probed: boolean; readonly hooked: boolean; readonly does: Behaviour }[];
  readonly graceSeconds: number;
  readonly deadlineSeconds: number | undefined;
}

/** What happens to the cluster, in order. */
export type Step =
  | { readonly type: 'wait'; readonly seconds: number }
  | { readonly type: 'kill'; readonly node: number; readonly pick: number }
  | { readonly type: 'sandbox'; readonly node: number }
  | { readonly type: 'probe'; readonly healthy: boolean }
  | { readonly type: 'kubelet'; readonly node: number }
  | { readonly type: 'machine'; readonly node: number }
  /** A machine is shut down, so that its Pods end first; the next step follows `seconds` later. */
  | { readonly type: 'shutdown'; readonly node: number; readonly seconds: number }
  | { readonly type: 'control-plane' }
  /** A kubelet dies in the middle of its work: at one of the next writes to the store, or of the next calls of its runtime. */
  | {
      readonly type: 'crash';
      readonly node: number;
      readonly at: 'write' | 'call';
      readonly after: number;
      /** The write or call is not executed. */
      readonly lost: boolean;
    }
  | { readonly type: 'delete'; readonly pick: number; readonly grace: number };

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  seconds: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constant(1_000_000)),
  code: fc.constantFrom(0, 0, 1, 3),
  stop: fc.constantFrom('at once' as const, 'slowly' as const, 'never' as const),
});
/** Init containers mostly succeed soon; otherwise the other containers would rarely run. */
const preparing: fc.Arbitrary<Behaviour> = fc.record({
  seconds: fc.integer({ min: 0, max: 5 }),
  code: fc.constantFrom(0, 0, 0, 1),
  stop: fc.constantFrom('at once' as const, 'never' as const),
});

const pod: fc.Arbitrary<RandomPod> = fc.record({
  restartPolicy: fc.constantFrom('Always' as const, 'OnFailure' as const, 'Never' as const),
  init: fc.array(
    fc
      .boolean()
      .chain((sidecar) =>
        fc.record({ sidecar: fc.constant(sidecar), startup: fc.boolean(), does: sidecar ? behaviour : preparing }),
      ),
    { maxLength: 3 },
  ),
  regular: fc.array(fc.record({ probed: fc.boolean(), hooked: fc.boolean(), does: behaviour }), {
    minLength: 1,
    maxLength: 3,
  }),
  graceSeconds: fc.constantFrom(1, 10, 30),
  deadlineSeconds: fc.constantFrom(undefined, undefined, undefined, 40),
});

const kind = <T extends Step['type']>(type: T) => fc.constant(type);
const node = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: kind('wait'), seconds: fc.integer({ min: 0, max: 60 }) }) },
  { weight: 3, arbitrary: fc.record({ type: kind('kill'), node, pick: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ type: kind('sandbox'), node }) },
  { weight: 2, arbitrary: fc.record({ type: kind('probe'), healthy: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ type: kind('kubelet'), node }) },
  { weight: 1, arbitrary: fc.record({ type: kind('machine'), node }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: kind('shutdown'), node, seconds: fc.integer({ min: 0, max: 40 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: kind('control-plane') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: kind('crash'),
      node,
      at: fc.constantFrom('write' as const, 'call' as const),
      after: fc.integer({ min: 1, max: 8 }),
      lost: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: kind('delete'), pick: fc.nat(2), grace: fc.constantFrom(0, 1, 30) }) },
);

/** Pods, what happens to their cluster, and the seed for everything else. */
export interface Scenario {
  readonly pods: readonly RandomPod[];
  readonly steps: readonly Step[];
  readonly seed: number;
}

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  pods: fc.array(pod, { minLength: 1, maxLength: 3 }),
  steps: fc.array(step, { maxLength: 14 }),
  seed: fc.nat(1000),
});

/** The spec of a randomly generated Pod. `/health/bad` on the node makes probes fail. */
export function podTemplate({ restartPolicy, init, regular, graceSeconds, deadlineSeconds }: RandomPod): PodSpec {
  return {
    restartPolicy,
    terminationGracePeriodSeconds: graceSeconds,
    ...(deadlineSeconds === undefined ? {} : { activeDeadlineSeconds: deadlineSeconds }),
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'health', hostPath: { path: '/health', type: 'DirectoryOrCreate' } },
    ],
    initContainers: init.map(({ sidecar, startup, does }, i) => ({
      ...container(`i${i}`, does),
      ...(sidecar ? { restartPolicy: 'Always', ...(startup ? { startupProbe: probe(2) } : {}) } : {}),
    })),
    containers: regular.map(({ probed, hooked, does }, i) => ({
      ...container(`c${i}`, does),
      ...(probed ? { livenessProbe: probe(5), readinessProbe: probe(3) } : {}),
      ...(hooked
        ? { lifecycle: { postStart: { exec: { command: ['sleep', '2'] } }, preStop: { sleep: { seconds: 1 } } } }
        : {}),
    })),
  };
}

const probe = (periodSeconds: number) => ({
  exec: { command: ['test', '!', '-e', '/health/bad'] },
  periodSeconds,
  failureThreshold: 2,
});

const traps = { 'at once': 'exit 0', slowly: 'sleep 5; exit 0', never: '' };

function container(name: string, { seconds, code, stop }: Behaviour): Container {
  return {
    name,
    image: 'busybox:1',
    command: ['sh', '-c', `trap "${traps[stop]}" TERM; sleep ${seconds} & wait $!; exit ${code}`],
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'health', mountPath: '/health' },
    ],
  };
}
