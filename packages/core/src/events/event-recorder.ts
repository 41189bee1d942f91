import { Event, isAlreadyExists, isNotFound, type KubernetesObject, keyOf, StatusError, timestamp } from '@orrery/api';
import type { Client } from '../client.ts';
import type { Milliseconds } from '../clock/clock.ts';
import { scheduleRetry } from '../clock/retry.ts';
import type { Environment } from '../environment.ts';
import type { EventOptions, EventRecorder } from '../event-recorder.ts';
import { Fifo } from '../fifo.ts';
import { errorText } from '../inspection/error-text.ts';
import { createLogger } from '../inspection/logger.ts';
import { Correlator, type Observation } from './correlator.ts';

/** What {@link createEventRecorder} needs. */
export interface EventRecorderOptions {
  readonly client: Client;
  readonly environment: Environment;
  /** The reporter: `kubelet`, `default-scheduler`, `deployment-controller` (the Event's `source.component`). */
  readonly component: string;
  /** The node, where the component is one of a node. */
  readonly host?: string;
  /** Ends the recorder; what is not written yet is dropped. */
  readonly signal?: AbortSignal;
}

/** Events that wait to be written; more are dropped. client-go's. */
const longestQueue = 1000;
/** client-go's: how often an Event is tried to be written, and the wait in between. */
const tries = 12;
const retryWait: Milliseconds = 10_000;

/**
 * Writes core/v1 Events in the background, in order, and never fails its caller: what the server refuses is logged and
 * dropped, what it could not take is tried again. The same event again raises the count of the Event that is there; many
 * similar ones are combined, and an object that has had too many gets no more for a while (client-go's EventCorrelator).
 * Events about cluster-scoped objects are written in the namespace `default`.
 */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new Recorder(options);
}

interface Write {
  readonly event: Event;
  readonly count: number;
}

class Recorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #actor: string;
  readonly #correlator = new Correlator();
  readonly #queue = new Fifo<Write>();
  #writing = false;
  #newest = 0n;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    const { component, host } = options;
    this.#actor = host === undefined ? `${component} events` : `${component} ${host} events`;
  }

  event(
    about: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    options: EventOptions = {},
  ): void {
    const { environment, component, host = '', signal } = this.#options;
    if (signal?.aborted === true) return;
    const { namespace, name } = keyOf(about);
    const { uid = '' } = about.metadata ?? {};
    const object = JSON.stringify([component, host, about.apiVersion, about.kind, namespace, name, uid]);
    const subject = `${object} ${options.fieldPath ?? ''}`;
    const now = environment.clock.now();
    const observation = this.#correlator.correlate({ subject, object, type, reason, message }, now, () =>
      this.#newName(name),
    );
    if (observation === undefined) return;
    if (this.#queue.length >= longestQueue) {
      this.#log('dropped an event: too many wait to be written', { reason, message });
      return;
    }
    this.#queue.push({ event: this.#compose(about, type, reason, observation, options), count: observation.count });
    if (this.#writing) return;
    this.#writing = true;
    void this.#writeAll();
  }

  /**
   * client-go's `NAME.NANOSECONDS` in hexadecimal. The clock has milliseconds, so chance has to give the rest; a later event never
   * gets the lower name, because the API lists by names.
   */
  #newName(name: string): string {
    const { clock, random } = this.#options.environment;
    const nanoseconds = BigInt(Math.floor(clock.now())) * 1_000_000n + BigInt(random.integer(1_000_000));
    this.#newest = nanoseconds > this.#newest ? nanoseconds : this.#newest + 1n + (nanoseconds % 1_000n);
    return `${name}.${this.#newest.toString(16)}`;
  }

  #compose(
    about: KubernetesObject,
    type: string,
    reason: string,
    { name, count, first, message }: Observation,
    { fieldPath, action }: EventOptions,
  ): Event {
    const { component, host, environment } = this.#options;
    const { namespace, name: objectName } = keyOf(about);
    const { uid, resourceVersion } = about.metadata ?? {};
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: namespace === '' ? 'default' : namespace },
      involvedObject: {
        ...(about.kind === undefined ? {} : { kind: about.kind }),
        ...(namespace === '' ? {} : { namespace }),
        name: objectName,
        ...(uid === undefined ? {} : { uid }),
        ...(about.apiVersion === undefined ? {} : { apiVersion: about.apiVersion }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
        ...(fieldPath === undefined ? {} : { fieldPath }),
      },
      reason,
      message,
      source: { component, ...(host === undefined ? {} : { host }) },
      firstTimestamp: timestamp(first),
      lastTimestamp: timestamp(environment.clock.now()),
      count,
      type,
      ...(action === undefined ? {} : { action }),
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
  }

  async #writeAll(): Promise<void> {
    const { environment, signal } = this.#options;
    await environment.work.turn(this.#actor);
    for (let next = this.#queue.first; next !== undefined && signal?.aborted !== true; next = this.#queue.first) {
      await this.#write(next);
      this.#queue.shift();
    }
    this.#queue.clear();
    this.#writing = false;
  }

  /** Resolves when the Event is written or given up. */
  async #write({ event, count }: Write): Promise<void> {
    let next = event;
    for (let attempt = 1; this.#options.signal?.aborted !== true; attempt++) {
      try {
        if (count > 1) await this.#update(next);
        else await this.#options.client.create(next);
        return;
      } catch (error) {
        if (attempt === tries || !canRecover(error)) {
          const { reason = '', message = '' } = event;
          this.#log('dropped an event: it cannot be written', { reason, message, error: errorText(error) });
          return;
        }
        if (isAlreadyExists(error)) {
          next = { ...next, metadata: { ...next.metadata, name: this.#newName(event.involvedObject.name ?? '') } };
        } else {
          await this.#wait(attempt, next.metadata.name, error);
        }
      }
    }
  }

  async #update(event: Event): Promise<void> {
    const { metadata, count, lastTimestamp, message } = event;
    const key = { namespace: metadata.namespace ?? '', name: metadata.name };
    try {
      await this.#options.client.patch(Event, key, { type: 'merge', patch: { count, lastTimestamp, message } });
    } catch (error) {
      // It has expired meanwhile, or could never be written.
      if (!isNotFound(error)) throw error;
      await this.#options.client.create(event);
    }
  }

  #wait(attempt: number, key: string, error: unknown): Promise<void> {
    const { environment, signal } = this.#options;
    return new Promise((resolve) => {
      const retry = { actor: this.#actor, key, attempt, error: errorText(error), causes: [] };
      const timer = scheduleRetry(environment.clock, retryWait, retry, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      const abort = () => {
        timer[Symbol.dispose]();
        resolve();
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #log(message: string, fields: { readonly [name: string]: string }): void {
    const { inspector, clock } = this.#options.environment;
    createLogger(inspector, clock, this.#actor).warn(message, fields);
  }
}

/** Whether another try can go better: not if the server has understood the request and refused it. */
function canRecover(error: unknown): boolean {
  return !(error instanceof StatusError) || error.code >= 500 || error.code === 429 || isAlreadyExists(error);
}
