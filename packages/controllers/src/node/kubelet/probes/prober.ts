import type { Container, Pod, Probe } from '@orrery/api';
import {
  type Clock,
  type ControllerContext,
  type EventRecorder,
  errorText,
  type Milliseconds,
  type Random,
} from '@orrery/core';
import type { ContainerRuntime, ContainerStatus } from '@orrery/runtimes';
import { type Observable, Subject } from 'rxjs';
import type { PodContainer } from '../containers/pod-containers.ts';
import { PerPod } from '../pod/per-pod.ts';
import type { ContainerHealth, ProbeVerdict } from '../pod/pod-actions.ts';
import type { PodRecord } from '../pod/pod-records.ts';
import { type ProbeCall, type ProbeResult, probeCall } from './probe-handler.ts';
import { newProbeState, type ProbeState, type ProbeType, recordOutcome } from './probe-state.ts';

const titles: { readonly [type in ProbeType]: string } = {
  liveness: 'Liveness',
  readiness: 'Readiness',
  startup: 'Startup',
};

/** A probe that breaks is tried so many times in one go. */
const attempts = 3;

/** What all probes of a kubelet share. */
interface ProberContext {
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly runtime: ContainerRuntime;
  readonly random: Random;
  /** Instances that started before were running when the kubelet was restarted. */
  readonly startedAt: Milliseconds;
}

/** What is probed of one Pod. */
interface ProbedPod {
  /** The ids of its instances. */
  readonly ids: Set<string>;
  /** The Pod is being stopped. */
  terminating: boolean;
}

/** Probes of running instances (Kubernetes "Liveness, Readiness, and Startup Probes"). */
export class Prober implements ContainerHealth {
  readonly #context: ProberContext;
  readonly #instances = new Map<string, Probes>();
  readonly #pods = new PerPod<ProbedPod>(() => ({ ids: new Set(), terminating: false }));
  readonly #changes = new Subject<PodRecord>();

  /** Pods of which a probe has come to another verdict. */
  readonly changes: Observable<PodRecord> = this.#changes.asObservable();

  constructor(runtime: ContainerRuntime, { clock, events, random }: ControllerContext) {
    this.#context = { clock, events, runtime, random: random.fork('probes'), startedAt: clock.now() };
  }

  /**
   * Starts the probes of a running instance, unless they run already or the Pod is being stopped. `known` is what its status
   * said of it: after a restart of the kubelet, what was ready stays so until a probe says otherwise.
   */
  watch(
    record: PodRecord,
    pod: Pod,
    container: PodContainer,
    instance: ContainerStatus,
    podIp: string,
    known?: { readonly started?: boolean; readonly ready: boolean },
  ): void {
    const { ids, terminating } = this.#pods.of(record);
    if (terminating || this.#instances.has(instance.id)) return;
    const { spec } = container;
    if (spec.livenessProbe === undefined && spec.readinessProbe === undefined && spec.startupProbe === undefined)
      return;
    const changed = () => this.#changes.next(record);
    this.#instances.set(
      instance.id,
      new Probes(this.#context, record, pod, container, instance, podIp, changed, known),
    );
    ids.add(instance.id);
  }

  /** The instance has ended. */
  forget(record: PodRecord, containerId: string): void {
    this.#instances.get(containerId)?.stop();
    if (this.#instances.delete(containerId)) this.#pods.of(record).ids.delete(containerId);
  }

  /** The Pod is being stopped: only readiness goes on being asked. */
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

/** The up to three probes of one instance. */
class Probes {
  readonly liveness: ProbeLoop | undefined;
  readonly readiness: ProbeLoop | undefined;
  readonly startup: ProbeLoop | undefined;

  constructor(
    context: ProberContext,
    record: PodRecord,
    pod: Pod,
    container: PodContainer,
    instance: ContainerStatus,
    podIp: string,
    changed: () => void,
    known: { readonly started?: boolean; readonly ready: boolean } | undefined,
  ) {
    const { spec } = container;
    const loop = (type: ProbeType, probe: Probe | undefined, flipped: () => void): ProbeLoop | undefined =>
      probe === undefined
        ? undefined
        : new ProbeLoop(
            context,
            { record, container, startedAt: instance.startedAt },
            type,
            probe,
            probeCall(context.runtime, pod, spec as Container, probe, instance.id, podIp),
            flipped,
          );
    this.liveness = loop('liveness', spec.livenessProbe, changed);
    this.readiness = loop('readiness', spec.readinessProbe, changed);
    this.startup = loop('startup', spec.startupProbe, () => {
      if (this.startup?.state.verdict === 'success') {
        this.startup.stop();
        this.liveness?.start();
        this.readiness?.start();
      }
      changed();
    });
    if (known?.started === true && this.startup !== undefined) this.startup.state.verdict = 'success';
    if (known?.ready === true && this.readiness !== undefined) this.readiness.state.verdict = 'success';
    if (this.startup !== undefined && known?.started !== true) this.startup.start();
    else {
      this.liveness?.start();
      this.readiness?.start();
    }
  }

  terminating(): void {
    this.liveness?.stop();
    this.startup?.stop();
    if (this.liveness !== undefined) this.liveness.state.verdict = 'success';
  }

  stop(): void {
    this.terminating();
    this.readiness?.stop();
  }
}

interface Probed {
  readonly record: PodRecord;
  readonly container: PodContainer;
  readonly startedAt: Milliseconds;
}

/** One probe of one instance. A tick that changes nothing sets one timer and allocates nothing of its own. */
class ProbeLoop {
  readonly state: ProbeState;
  readonly #context: ProberContext;
  readonly #probed: Probed;
  readonly #type: ProbeType;
  readonly #call: ProbeCall;
  readonly #changed: () => void;
  readonly #period: Milliseconds;
  readonly #initialDelay: Milliseconds;
  readonly #failureThreshold: number;
  readonly #successThreshold: number;
  #timer: Disposable | undefined;
  #stopped = false;
  #tries = 0;
  #steady = false;

  constructor(
    context: ProberContext,
    probed: Probed,
    type: ProbeType,
    probe: Probe,
    call: ProbeCall,
    changed: () => void,
  ) {
    this.state = newProbeState(type);
    this.#context = context;
    this.#probed = probed;
    this.#type = type;
    this.#call = call;
    this.#changed = changed;
    this.#period = (probe.periodSeconds ?? 10) * 1000;
    this.#initialDelay = (probe.initialDelaySeconds ?? 0) * 1000;
    this.#failureThreshold = probe.failureThreshold ?? 3;
    this.#successThreshold = probe.successThreshold ?? 1;
  }

  start(): void {
    if (this.#stopped || this.#timer !== undefined) return;
    const { clock, random, startedAt } = this.#context;
    const due = this.#probed.startedAt + this.#initialDelay - clock.now();
    // After a restart of the kubelet its probes do not all begin at once.
    const spread = this.#probed.startedAt < startedAt ? random.next() * this.#period : 0;
    this.#timer = clock.schedule(Math.max(due, spread, 0), this.#tick);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  readonly #tick = (): void | Promise<void> => {
    if (this.#stopped) return;
    this.#timer = this.#context.clock.schedule(this.#period, this.#tick);
    this.#tries = 0;
    return this.#probe();
  };

  #probe(): void | Promise<void> {
    for (;;) {
      let result: ProbeResult | Promise<ProbeResult>;
      try {
        result = this.#call();
      } catch (error) {
        result = { outcome: 'error', message: errorText(error) };
      }
      if (result instanceof Promise) return this.#later(result);
      if (result.outcome !== 'error' || ++this.#tries === attempts) {
        this.#take(result);
        return;
      }
    }
  }

  /** The next tick waits until this one has its answer. */
  async #later(pending: Promise<ProbeResult>): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    const begun = this.#context.clock.now();
    const result = await pending.catch(
      (error: unknown): ProbeResult => ({ outcome: 'error', message: errorText(error) }),
    );
    if (this.#stopped) return;
    if (result.outcome === 'error' && ++this.#tries < attempts) {
      await this.#probe();
      return;
    }
    const elapsed = this.#context.clock.now() - begun;
    const wait = elapsed < this.#period ? this.#period - elapsed : 0;
    this.#timer = this.#context.clock.schedule(wait, this.#tick);
    this.#take(result);
  }

  #take({ outcome, message }: ProbeResult): void {
    // One more success of what succeeds is no news.
    if (this.#steady && outcome === 'success') return;
    if (outcome !== 'success') this.#record(outcome, message);
    const flipped = recordOutcome(this.state, this.#type, outcome, this.#failureThreshold, this.#successThreshold);
    this.#steady = this.state.last === 'success' && this.state.verdict === 'success';
    if (this.state.onHold) this.stop();
    if (flipped) this.#changed();
  }

  #record(outcome: 'warning' | 'failure' | 'error', message: string): void {
    const { record, container } = this.#probed;
    const { pod } = record;
    if (pod === undefined) return;
    const title = titles[this.#type];
    const [reason, text] =
      outcome === 'warning'
        ? ['ProbeWarning', `${title} probe warning: ${message}`]
        : ['Unhealthy', `${title} probe ${outcome === 'error' ? 'errored' : 'failed'}: ${message}`];
    this.#context.events.event(pod, 'Warning', reason, text, { fieldPath: container.fieldPath });
  }
}
