import type { ControllerContext } from '@orrery/core';
import type { ContainerRuntime } from '@orrery/runtimes';
import { type Observable, Subject } from 'rxjs';
import { PerPod } from '../pod/per-pod.ts';
import type { ContainerHealth, ProbeVerdict } from '../pod/pod-actions.ts';
import type { PodRecord } from '../pod/pod-records.ts';
import { InstanceProbes, type ProbedInstance } from './instance-probes.ts';
import type { ProberContext } from './probe-loop.ts';

/** The probes of one Pod. */
interface ProbedPod {
  /** The ids of its instances. */
  readonly ids: Set<string>;
  /** The Pod is being stopped. */
  terminating: boolean;
}

/** Probes of running instances (Kubernetes "Liveness, Readiness, and Startup Probes"). */
export class Prober implements ContainerHealth {
  readonly #context: ProberContext;
  readonly #instances = new Map<string, InstanceProbes>();
  readonly #pods = new PerPod<ProbedPod>(() => ({ ids: new Set(), terminating: false }));
  readonly #changes = new Subject<PodRecord>();

  /** Pods of which a probe has come to another verdict. */
  readonly changes: Observable<PodRecord> = this.#changes.asObservable();

  constructor(runtime: ContainerRuntime, { clock, events, random }: ControllerContext) {
    this.#context = { clock, events, runtime, random: random.fork('probes'), startedAt: clock.now() };
  }

  /** Starts the probes of a running instance, unless they run already or the Pod is being stopped. */
  watch(record: PodRecord, probed: ProbedInstance): void {
    const { ids, terminating } = this.#pods.of(record);
    const { id } = probed.instance;
    if (terminating || this.#instances.has(id)) return;
    const { spec } = probed.container;
    if (spec.livenessProbe === undefined && spec.readinessProbe === undefined && spec.startupProbe === undefined)
      return;
    const changed = () => this.#changes.next(record);
    this.#instances.set(id, new InstanceProbes(this.#context, record, probed, changed));
    ids.add(id);
  }

  /** The instance has ended. */
  forget(record: PodRecord, containerId: string): void {
    this.#instances.get(containerId)?.stop();
    if (this.#instances.delete(containerId)) this.#pods.of(record).ids.delete(containerId);
  }

  /** The Pod is being stopped: only readiness is still probed. */
  terminating(record: PodRecord): void {
    const probed = this.#pods.of(record);
    probed.terminating = true;
    for (const id of probed.ids) this.#instances.get(id)?.terminating();
  }

  /** Nothing of the Pod runs any more. */
  forgetPod(record: PodRecord): void {
    for (const id of [...this.#pods.of(record).ids]) this.forget(record, id);
  }

  stop(): void {
    for (const probes of this.#instances.values()) probes.stop();
    this.#instances.clear();
  }

  liveness(containerId: string): ProbeVerdict {
    return this.#instances.get(containerId)?.liveness?.state.verdict ?? 'success';
  }

  startup(containerId: string): ProbeVerdict {
    return this.#instances.get(containerId)?.startup?.state.verdict ?? 'success';
  }

  /** Whether a running instance has started. */
  started(containerId: string): boolean {
    return this.startup(containerId) === 'success';
  }

  /** What the readiness probe says. */
  ready(containerId: string): boolean {
    return (this.#instances.get(containerId)?.readiness?.state.verdict ?? 'success') === 'success';
  }
}
