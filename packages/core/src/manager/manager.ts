import { aborted } from '../abort.ts';
import { cacheClient } from '../cache/cache-client.ts';
import { controllerView } from '../cache/controller-view.ts';
import { type CacheOptions, createCache, type WatchingCache } from '../cache/watching-cache.ts';
import { inspectClient } from '../client/inspect-client.ts';
import type { Link, LoopCrash } from '../client/link.ts';
import type { Client } from '../client.ts';
import type { Milliseconds } from '../clock/clock.ts';
import { scheduleRetry } from '../clock/retry.ts';
import type { Controller } from '../controller.ts';
import type { Environment } from '../environment.ts';
import { createEventRecorder } from '../events/event-recorder.ts';
import { errorText } from '../inspection/error-text.ts';
import { createLogger } from '../inspection/logger.ts';
import { LoopLife } from './loop-life.ts';

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
  /** Stands between every loop (the caches and recorders too) and {@link clientFor}. Default: nothing. */
  readonly link?: Link;
  /**
   * Called when a controller has crashed at its link, if that is to be the crash of the whole process: all that the manager
   * runs is cut off then, and its owner stops the manager and creates another. Default: the one controller is started
   * afresh after a second, with a cache of its own.
   */
  crashed?(controller: string): void;
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

/** How long a controller that has crashed is away. */
const restartDelay: Milliseconds = 1000;

interface Running {
  readonly controller: Controller;
  readonly life: LoopLife;
  readonly abort: AbortController;
  readonly ownCache: WatchingCache | undefined;
  /** Set once the loop runs; never rejects. */
  loop: Promise<void> | undefined;
  /** The wait before it is started afresh. */
  restart: Disposable | undefined;
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
    this.#name = options.name ?? 'controller-manager';
    this.cache = this.#newCache(this.#name);
  }

  async add(controller: Controller): Promise<void> {
    if (this.#controllers.has(controller.name)) throw new Error(`there is a controller ${controller.name} already`);
    if (this.#state === 'stopped') throw new Error('the manager has stopped');
    const running = this.#take(controller);
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

  /** `afresh` after a crash, which has taken the cache along with all else that the loop knew. */
  #take(controller: Controller, afresh = false): Running {
    const life = new LoopLife((crash) => this.#crashed(running, crash));
    const running: Running = {
      controller,
      life,
      abort: new AbortController(),
      ownCache: this.#options.cacheFor?.(controller) ?? (afresh ? this.#newCache(controller.name, life) : undefined),
      loop: undefined,
      restart: undefined,
    };
    this.#controllers.set(controller.name, running);
    return running;
  }

  async #run(running: Running): Promise<void> {
    const { controller, ownCache, abort, life } = running;
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
      client: cacheClient(this.#linked(own, name, life), cache),
      cache: controllerView(cache, controller),
      events: createEventRecorder({
        client: this.#linked(own, `${name} events`, life),
        environment: { ...environment, random: random.fork('events') },
        component,
        ...(host === undefined ? {} : { host }),
        signal,
      }),
      log,
      signal,
    });
    running.loop = Promise.resolve(loop).catch((error: unknown) => {
      // It has failed of its own crash.
      if (!life.crashed) this.#failed(name, error);
    });
  }

  /** The client of one actor, through its link; of one life, if it can crash. */
  #linked(client: Client, actor: string, life?: LoopLife): Client {
    const { environment, link } = this.#options;
    const linked = link === undefined ? client : link(client, actor);
    return inspectClient(link === undefined || life === undefined ? linked : life.client(linked), environment, actor);
  }

  #newCache(actor: string, life?: LoopLife): WatchingCache {
    const { environment, clientFor, selectors } = this.#options;
    return createCache({
      client: this.#linked(clientFor(this.#name), `${actor} cache`, life),
      environment,
      actor,
      ...(selectors === undefined ? {} : { selectors }),
    });
  }

  #crashed(running: Running, crash: LoopCrash): void {
    const { environment, crashed } = this.#options;
    const { name } = running.controller;
    createLogger(environment.inspector, environment.clock, name).warn('the controller has crashed', {
      error: crash.message,
    });
    if (crashed === undefined) {
      void this.#restart(running, crash);
      return;
    }
    for (const { life, abort } of this.#controllers.values()) {
      life.cut(crash);
      abort.abort(crash);
    }
    crashed(name);
  }

  /** Starts a controller afresh, after a while, unless it is removed before. */
  async #restart(running: Running, crash: LoopCrash): Promise<void> {
    const { controller } = running;
    const { name } = controller;
    await end(running);
    if (this.#controllers.get(name) !== running) return;
    const retry = { actor: name, key: 'restart', attempt: 1, error: crash.message, causes: [] };
    running.restart = scheduleRetry(this.#options.environment.clock, restartDelay, retry, () => {
      this.#run(this.#take(controller, true)).catch((error: unknown) => this.#failed(name, error));
    });
  }

  #failed(name: string, error: unknown): void {
    const { inspector, clock } = this.#options.environment;
    this.#failures.push(error);
    createLogger(inspector, clock, name).error('the controller has failed', { error: errorText(error) });
  }
}

async function end({ abort, loop, ownCache, restart }: Running): Promise<void> {
  restart?.[Symbol.dispose]();
  abort.abort(new Error('the controller was stopped'));
  await loop;
  ownCache?.[Symbol.dispose]();
}
