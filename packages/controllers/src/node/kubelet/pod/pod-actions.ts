import { type Pod, restartsAfter } from '@orrery/api';
import type { PodSandboxStatus } from '@orrery/runtimes';
import { latest, latestIn, type ObservedPod } from '../containers/observed.ts';
import { type PodContainer, podContainers } from '../containers/pod-containers.ts';
import { hashAnnotation } from '../containers/runtime-labels.ts';
import { restartsWhenKilled, shouldStart } from './restart-policy.ts';

/** What the probes of a container's running instance say. A container without such a probe is a success. */
export interface ContainerHealth {
  liveness(containerId: string): ProbeVerdict;
  startup(containerId: string): ProbeVerdict;
}

/** `unknown` while no probe has come to a result. */
export type ProbeVerdict = 'success' | 'failure' | 'unknown';

/** An instance to be stopped, and why: `message` is the text of the Killing event. */
export interface ContainerKill {
  readonly containerId: string;
  readonly container: PodContainer;
  readonly message: string;
  readonly reason: 'StartupProbe' | 'LivenessProbe' | 'Changed' | 'Unknown';
}

/** The actions for a Pod that should run (kuberuntime's podActions). Applied in the order of the fields. */
export interface PodPlan {
  /** Stop the sandbox and all that runs in it. */
  readonly killPod: boolean;
  /** Make a new sandbox, as that attempt. */
  readonly createSandbox: boolean;
  readonly attempt: number;
  /** The sandbox that containers are started in; absent when one must be made first. */
  readonly sandbox: PodSandboxStatus | undefined;
  readonly kill: readonly ContainerKill[];
  readonly startEphemeral: readonly PodContainer[];
  readonly startInit: readonly PodContainer[];
  readonly start: readonly PodContainer[];
}

type Draft = { -readonly [field in keyof PodPlan]: PodPlan[field] } & {
  kill: ContainerKill[];
  startEphemeral: PodContainer[];
  startInit: PodContainer[];
  start: PodContainer[];
};

/**
 * The heart of the kubelet: what to do so that what runs becomes what the Pod's spec asks for. Only for a Pod that is neither
 * being deleted nor finished. `containerHash` is what a container's instance must have been made from to be kept; `outgrown` are
 * instances that must be made again to get other resources.
 */
export function podActions(
  pod: Pod,
  observed: ObservedPod,
  health: ContainerHealth,
  containerHash: (container: PodContainer) => string = () => '',
  outgrown: ReadonlySet<string> = new Set(),
): PodPlan {
  const { sandbox, changed, attempt } = sandboxToUse(pod, observed);
  const plan: Draft = {
    killPod: changed,
    createSandbox: changed,
    attempt,
    sandbox: changed ? undefined : sandbox,
    kill: [],
    startEphemeral: [],
    startInit: [],
    start: [],
  };
  const containers = podContainers(pod);
  if (changed) return planNewSandbox(plan, pod, containers, observed);
  if (sandbox === undefined) return plan;

  for (const container of containers) {
    if (container.role === 'ephemeral' && latest(observed, container.spec.name) === undefined) {
      plan.startEphemeral.push(container);
    }
  }
  const initialized = planInitContainers(plan, pod, containers, observed, sandbox, health);
  if (plan.killPod || !initialized) return plan;

  let kept = 0;
  for (const container of containers) {
    if (container.role !== 'regular') continue;
    const instance = latest(observed, container.spec.name);
    if (instance === undefined || instance.state !== 'RUNNING') {
      if (!shouldStart(container.spec, pod, instance)) continue;
      plan.start.push(container);
      if (instance?.state === 'UNKNOWN') plan.kill.push(killUnknown(instance.id, container));
      continue;
    }
    const hash = instance.annotations[hashAnnotation];
    if (hash !== undefined && hash !== containerHash(container)) {
      plan.kill.push(killChanged(instance.id, container, 'definition changed, will be restarted'));
      plan.start.push(container);
      continue;
    }
    if (outgrown.has(instance.id)) {
      plan.kill.push(killChanged(instance.id, container, 'resize requires restart'));
      plan.start.push(container);
      continue;
    }
    const probe = failedProbe(instance.id, health);
    if (probe === undefined) {
      kept++;
      continue;
    }
    const restart = restartsWhenKilled(container.spec, pod);
    plan.kill.push({
      containerId: instance.id,
      container,
      reason: probe === 'liveness' ? 'LivenessProbe' : 'StartupProbe',
      message: `Container ${container.spec.name} failed ${probe} probe${restart ? ', will be restarted' : ''}`,
    });
    if (restart) plan.start.push(container);
  }
  if (kept === 0 && plan.start.length === 0) {
    plan.killPod = true;
    plan.startInit = [];
  }
  return plan;
}

/** Which sandbox the Pod uses, or that it needs a new one (kuberuntime's PodSandboxChanged). */
export function sandboxToUse(
  pod: Pod,
  observed: ObservedPod,
): { sandbox: PodSandboxStatus | undefined; changed: boolean; attempt: number } {
  const newest = observed.sandboxes[0];
  if (newest === undefined) return { sandbox: undefined, changed: true, attempt: 0 };
  const ready = observed.sandboxes.filter((sandbox) => sandbox.state === 'READY').length;
  const hasNetwork = pod.spec.hostNetwork === true || newest.ips.length > 0;
  if (ready > 1 || newest.state !== 'READY' || !hasNetwork) {
    return { sandbox: newest, changed: true, attempt: newest.metadata.attempt + 1 };
  }
  return { sandbox: newest, changed: false, attempt: newest.metadata.attempt };
}

/** A new sandbox starts the Pod from its beginning: all init containers run again. */
function planNewSandbox(plan: Draft, pod: Pod, containers: readonly PodContainer[], observed: ObservedPod): PodPlan {
  const regular = containers.filter((container) => container.role === 'regular');
  const restartable = regular.some((container) => restartsWhenKilled(container.spec, pod));
  if (!restartable && plan.attempt !== 0 && observed.containers.length > 0) {
    plan.createSandbox = false;
    return plan;
  }
  const toStart = regular.filter((container) => {
    const instance = latest(observed, container.spec.name);
    if (instance === undefined || instance.state !== 'EXITED') return true;
    return restartsAfter(container.spec, pod.spec.restartPolicy, instance.exitCode);
  });
  const hasRun = regular.some((container) => latest(observed, container.spec.name) !== undefined);
  if (toStart.length === 0 && hasRun) {
    plan.createSandbox = false;
    return plan;
  }
  const first = containers[0];
  if (first !== undefined && first.role !== 'regular') plan.startInit.push(first);
  else plan.start = toStart;
  return plan;
}

/**
 * Init containers run in the order of the spec, each after the one before has succeeded or, for a sidecar, has started.
 * Returns whether the regular containers may run.
 */
function planInitContainers(
  plan: Draft,
  pod: Pod,
  containers: readonly PodContainer[],
  observed: ObservedPod,
  sandbox: PodSandboxStatus,
  health: ContainerHealth,
): boolean {
  const inits = containers.filter(({ role }) => role === 'init' || role === 'sidecar');
  if (inits.length === 0) return true;
  const initialized = containers.some(
    ({ role, spec }) => role === 'regular' && latestIn(observed, spec.name, sandbox.id) !== undefined,
  );
  let current = inits.length - 1;
  while (current >= 0 && latestIn(observed, inits[current]?.spec.name ?? '', sandbox.id) === undefined) current--;

  let done = false;
  for (let i = 0; i < inits.length; i++) {
    const container = inits[i] as PodContainer;
    if (!initialized && i > current) break;
    const instance = latestIn(observed, container.spec.name, sandbox.id);
    done = false;
    if (container.role === 'sidecar') {
      if (instance === undefined || instance.state === 'EXITED' || instance.state === 'CREATED') {
        plan.startInit.push(container);
      } else if (instance.state === 'UNKNOWN') {
        plan.kill.push(killUnknown(instance.id, container));
        plan.startInit.push(container);
      } else {
        done = health.startup(instance.id) === 'success';
        const probe = failedProbe(instance.id, health);
        if (probe !== undefined) {
          plan.kill.push({
            containerId: instance.id,
            container,
            reason: probe === 'liveness' ? 'LivenessProbe' : 'StartupProbe',
            message: `Init container ${container.spec.name} failed ${probe} probe`,
          });
          plan.startInit.push(container);
        }
      }
    } else if (!initialized && i === current && instance !== undefined) {
      if (instance.state === 'RUNNING') return false;
      if (instance.state === 'EXITED' && instance.exitCode === 0) done = true;
      else if (
        instance.state === 'EXITED' &&
        !restartsAfter(container.spec, pod.spec.restartPolicy, instance.exitCode)
      ) {
        plan.killPod = true;
        plan.startInit = [];
        return false;
      } else {
        if (instance.state === 'UNKNOWN') plan.kill.push(killUnknown(instance.id, container));
        plan.startInit.push(container);
      }
    }
  }
  if (initialized) return true;
  if (current >= 0 && !done) return false;
  if (current === inits.length - 1) return true;
  plan.startInit.push(inits[current + 1] as PodContainer);
  return false;
}

function failedProbe(containerId: string, health: ContainerHealth): 'liveness' | 'startup' | undefined {
  if (health.liveness(containerId) === 'failure') return 'liveness';
  return health.startup(containerId) === 'failure' ? 'startup' : undefined;
}

function killUnknown(containerId: string, container: PodContainer): ContainerKill {
  return {
    containerId,
    container,
    reason: 'Unknown',
    message: `Container is in "Unknown" state, try killing it before restart`,
  };
}

function killChanged(containerId: string, container: PodContainer, why: string): ContainerKill {
  return { containerId, container, reason: 'Changed', message: `Container ${container.spec.name} ${why}` };
}
