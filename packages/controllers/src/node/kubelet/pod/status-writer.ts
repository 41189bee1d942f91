import { equalJson, isConflict, isNotFound, Pod, type PodStatus, type Stored } from '@orrery/api';
import { type ControllerContext, errorText, type WorkQueue } from '@orrery/core';
import { retryPace } from './retry-pace.ts';

/** What a status is written for. */
export interface StatusSource {
  /** The Pod as the cache has it; undefined if it is gone. */
  current(): Stored<Pod> | undefined;
  /** The status as it should be now, given the Pod as the API has it. */
  compute(pod: Stored<Pod>): PodStatus;
}

/** Writes Pods' statuses: one write per Pod at a time, only when something changed, with what is true when it is sent. */
export class StatusWriter {
  readonly #context: Pick<ControllerContext, 'client' | 'log' | 'signal'>;
  readonly #queue: WorkQueue;
  readonly #writing = new Map<string, { again: boolean; done: Promise<void> }>();

  /** A Pod whose status could not be written goes to the queue. */
  constructor(context: Pick<ControllerContext, 'client' | 'log' | 'signal'>, queue: WorkQueue) {
    this.#context = context;
    this.#queue = queue;
  }

  /** Whether a write is under way: changes that come meanwhile are its own, or are looked at when it is done. */
  isWriting(uid: string): boolean {
    return this.#writing.has(uid);
  }

  /** Makes sure that the Pod's status gets written as it now should be. Resolves when it is. */
  write(uid: string, source: StatusSource): Promise<void> {
    const writing = this.#writing.get(uid);
    if (writing !== undefined) {
      writing.again = true;
      return writing.done;
    }
    const pod = source.current();
    if (pod === undefined || pod.metadata.uid !== uid) return Promise.resolve();
    const status = source.compute(pod);
    if (equalJson(pod.status, status)) return Promise.resolve();
    const entry = { again: false, done: Promise.resolve() };
    this.#writing.set(uid, entry);
    entry.done = this.#loop(uid, source, pod, status, entry);
    return entry.done;
  }

  async #loop(
    uid: string,
    source: StatusSource,
    first: Stored<Pod>,
    firstStatus: PodStatus,
    entry: { again: boolean },
  ): Promise<void> {
    const { client, log, signal } = this.#context;
    let pod: Stored<Pod> | undefined = first;
    let status = firstStatus;
    try {
      while (pod !== undefined && pod.metadata.uid === uid && !signal.aborted) {
        entry.again = false;
        if (!equalJson(pod.status, status)) {
          const written = await this.#send(pod, status);
          if (written === undefined) return;
          if (written === 'conflict') {
            pod = await client.get(Pod, { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name });
            status = source.compute(pod);
            continue;
          }
          pod = written;
        } else if (!entry.again) return;
        const current = newer(source.current(), pod);
        // Takes a concurrent change by another client into account.
        if (!entry.again && current?.metadata.resourceVersion === pod.metadata.resourceVersion) return;
        pod = current;
        if (pod !== undefined) status = source.compute(pod);
      }
    } catch (error) {
      if (isNotFound(error) || signal.aborted) return;
      log.warn('status could not be written', {
        pod: `${first.metadata.namespace}/${first.metadata.name}`,
        error: errorText(error),
      });
      this.#queue.addAfter(uid, retryPace);
    } finally {
      this.#writing.delete(uid);
    }
  }

  async #send(pod: Stored<Pod>, status: PodStatus): Promise<Stored<Pod> | 'conflict' | undefined> {
    try {
      return await this.#context.client.updateStatus<Pod>({ ...pod, status });
    } catch (error) {
      if (isConflict(error)) return 'conflict';
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

/** The cache shows what this kubelet wrote; where it does not yet, the answer of the write counts. */
function newer(cached: Stored<Pod> | undefined, written: Stored<Pod>): Stored<Pod> | undefined {
  if (cached === undefined) return undefined;
  return cached.metadata.uid === written.metadata.uid ? cached : undefined;
}
