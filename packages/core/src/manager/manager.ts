import { aborted } from '../abort.ts';
import { cacheClient } from '../cache/cache-client.ts';
import { controllerView } from '../cache/controller-view.ts';
import { type CacheOptions, createCache, type WatchingCache } from '../cache/watching-cache.ts';
import { inspectClient } from '../client/inspect-client.ts';
import type { Client } from '../client.ts';
import type { Controller } from '../controller.ts';
import type { Environment } from '../environment.ts';
import { createEventRecorder } from '../events/event-recorder.ts';
import { errorText } from '../inspection/error-text.ts';
import { createLogger } from '../inspection/logger.ts';

/** What {@link createManager} needs. */
export interface ManagerOptions {
  readonly environment: Environment;
  /** A client that acts as the named controller's own account. */
  clientFor(name: string): Client;
  /** The name under which the shared cache reads. Default `controller-manager`. */
  readonly name?: string;
  /** Kinds of which the shared cache keeps only some objects: a kubelet's, its node's Pods. Default: all objects. */
  readonly selectors?: CacheOptions['selectors'];
  /**
   * A cache of the controller's own: a kubelet's, say, that keeps only its node's Pods. The manager ends it with the
   * controller. Default: all controllers share one cache.
   */
  cacheFor?(controller: Controller): WatchingCache | undefined;
  /** The `source.component` of the controller's Events. Default: the controller's name. */
  componentFor?(controller: Controller): { readonly component: string; readonly host?: string };
}

/** Runs controllers (controller-runtime's Manager): gives each its client, cache, recorder and logger, and ends them together. */
export interface Manager {
  /** The cache that controllers share. */
  readonly cache: WatchingCache;
  /** Takes a controller in; it starts with the others, or now if they run already. @throws Error if its name is taken. */
  add(controller: Controller): Promise<void>;
  /** Stops one controller and forgets it. Resolves when its loop has ended. */
  remove(name: string): Promise<void>;
  /** Starts all. Resolves when the kinds of each have synced and its loop runs. @throws what a controller's start throws. */
  start(): Promise<void>;
  /** Stops all. Resolves when every loop has ended. @throws what a loop ended with, if not in order. */
  stop(): Promise<void>;
}

/** Makes a manager; nothing runs before its start. */
export function createManager(options: ManagerOptions): Manager {
  return new ControllerManager(options);
}

interface Running {
  readonly controller: Controller;
  readonly abort: AbortController;
  readonly ownCache: WatchingCache | undefined;
  /** Set once the loop runs; never rejects. */
  loop: Promise<void> | undefined;
}

class ControllerManager implements Manager {
  readonly cache: WatchingCache;
  readonly #options: ManagerOptions;
  readonly #name: string;
  readonly #controllers = new Map<string, Running>();
  #state: 'new' | 'running' | 'stopped' = 'new';
  readonly #failures: unknown[] = [];

  constructor(options: ManagerOptions) {
    this.#options = options;
    const { environment, clientFor, name = 'controller-manager', selectors } = options;
    this.#name = name;
    this.cache = createCache({
      client: inspectClient(clientFor(name), environment, name),
      environment,
      actor: name,
      ...(selectors === undefined ? {} : { selectors }),
    });
  }

  async add(controller: Controller): Promise<void> {
    if (this.#controllers.has(controller.name)) throw new Error(`there is a controller ${controller.name} already`);
    if (this.#state === 'stopped') throw new Error('the manager has stopped');
    const running: Running = {
      controller,
      abort: new AbortController(),
      ownCache: this.#options.cacheFor?.(controller),
      loop: undefined,
    };
    this.#controllers.set(controller.name, running);
    if (this.#state === 'running') await this.#run(running);
  }

  async remove(name: string): Promise<void> {
    const running = this.#controllers.get(name);
    if (running === undefined) return;
    this.#controllers.delete(name);
    await end(running);
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') throw new Error(`the manager is ${this.#state} already`);
    this.#state = 'running';
    await Promise.all([...this.#controllers.values()].map((running) => this.#run(running)));
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    const all = [...this.#controllers.values()];
    this.#controllers.clear();
    await Promise.all(all.map(end));
    this.cache[Symbol.dispose]();
    if (this.#failures.length > 0) throw new AggregateError(this.#failures, 'controllers have failed');
  }

  async #run(running: Running): Promise<void> {
    const { controller, ownCache, abort } = running;
    const { environment, clientFor, componentFor } = this.#options;
    const { name } = controller;
    const { signal } = abort;
    const cache = ownCache ?? this.cache;
    cache.addIndexes(controller.indexes ?? []);
    const kinds = controller.kinds === 'any' ? [] : controller.kinds;
    await Promise.race([cache.sync(...kinds), aborted(signal)]);
    if (signal.aborted) return;
    const own = clientFor(name);
    const log = createLogger(environment.inspector, environment.clock, name);
    const { component, host } = componentFor?.(controller) ?? { component: name, host: undefined };
    // With the time, so that a controller which is started again does not draw the same names and ids again.
    const random = environment.random.fork(`${this.#name} ${name} ${environment.clock.now()}`);
    const loop = controller.start({
      ...environment,
      random,
      client: cacheClient(inspectClient(own, environment, name), cache),
      cache: controllerView(cache, controller),
      events: createEventRecorder({
        client: inspectClient(own, environment, `${name} events`),
        environment: { ...environment, random: random.fork('events') },
        component,
        ...(host === undefined ? {} : { host }),
        signal,
      }),
      log,
      signal,
    });
    running.loop = Promise.resolve(loop).catch((error: unknown) => {
      this.#failures.push(error);
      log.error('the controller has failed', { error: errorText(error) });
    });
  }
}

async function end({ abort, loop, ownCache }: Running): Promise<void> {
  abort.abort(new Error('the controller was stopped'));
  await loop;
  ownCache?.[Symbol.dispose]();
}
