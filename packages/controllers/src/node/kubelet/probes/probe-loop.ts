import type { Probe } from '@orrery/api';
import { type Clock, type EventRecorder, errorText, type Milliseconds, type Random } from '@orrery/core';
import type { ContainerRuntime } from '@orrery/runtimes';
import type { PodContainer } from '../containers/pod-containers.ts';
import type { PodRecord } from '../pod/pod-records.ts';
import type { ProbeCall, ProbeResult } from './probe-handler.ts';
import { newProbeState, type ProbeState, type ProbeType, recordOutcome } from './probe-state.ts';

/** What all probes of a kubelet share. */
export interface ProberContext {
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly runtime: ContainerRuntime;
  readonly random: Random;
  /** Instances that started before were running when the kubelet was restarted. */
  readonly startedAt: Milliseconds;
}

/** What a probe is about. */
interface Probed {
  readonly record: PodRecord;
  readonly container: PodContainer;
  readonly startedAt: Milliseconds;
}

/** One probe of one instance. A tick that changes nothing sets one timer and allocates nothing of its own. */
export class ProbeLoop {
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
    // Another success after a success changes nothing.
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

const titles: { readonly [type in ProbeType]: string } = {
  liveness: 'Liveness',
  readiness: 'Readiness',
  startup: 'Startup',
};

/** How many times in a row a probe that errors is tried. */
const attempts = 3;
