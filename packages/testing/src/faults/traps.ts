import { type ClientRequest, interceptClient, type Link, LoopCrash } from '@orrery/core/assembly';
import type { ContainerRuntime, MachineProvider, Machines } from '@orrery/runtimes';
import { overriding } from '../machines/overriding.ts';
import { wrapRuntimes } from '../machines/wrap-runtimes.ts';
import { actorPattern } from './fault-rules.ts';
import { connectionLost } from './fault-source.ts';

/** A single fault at an exact step, where {@link createFaults} leaves the step to chance. */
export interface Trap {
  /** `write`: a loop's request that writes. `call`: a kubelet's call that changes something in its node's runtime. */
  readonly at: 'write' | 'call';
  /** The trap springs at the Nth such step from now on: 1 is the next. */
  readonly after: number;
  /** Whose steps are counted: names of actors, in which `*` matches any text. Calls are the kubelet's. Default: all actors. */
  readonly actors?: readonly string[];
  /** Whether the step at which it springs fails without taking effect. Default false. */
  readonly lost?: boolean;
  /** Which loop crashes at that step, regardless of whose step it is. Default: none. */
  readonly crash?: string;
}

/**
 * Traps for the loops of a cluster, set by a test at any time. A loop that has crashed in one changes nothing more: its calls
 * and requests fail, and with its next request it is restarted as after any crash (see `LoopCrash`). Pass both {@link link} and
 * {@link machines} to the cluster; requests of tests through a cluster's `client` meet no trap.
 */
export class Traps {
  readonly #set = new Set<{ readonly trap: Trap; readonly counts: (actor: string) => boolean; left: number }>();
  readonly #dead = new Set<string>();

  /** For `createCluster`. */
  readonly link: Link = (client, actor) => {
    // Its next life.
    this.#dead.delete(loopOf(actor));
    return interceptClient(client, {
      request: (request, send) => (writes(request) ? this.#step('write', actor, send) : this.#alive(actor, send)),
      watch: (_, open) => open(),
    });
  };

  add(trap: Trap): void {
    if (!(trap.after >= 1)) throw new RangeError(`a trap springs after 1 step or more, not after ${trap.after}`);
    this.#set.add({ trap, counts: actorPattern(trap.actors), left: trap.after });
  }

  /** Removes all traps that have not sprung. */
  clear(): void {
    this.#set.clear();
  }

  /** Wraps machines so that their kubelets can step into traps when they change something in the runtime. */
  machines<M extends Machines>(provider: MachineProvider<M>): MachineProvider<M> {
    return wrapRuntimes(provider, (runtime, { name }) => this.#runtime(runtime, `kubelet-${name}`));
  }

  #runtime(runtime: ContainerRuntime, actor: string): ContainerRuntime {
    const step = <R>(call: () => Promise<R>) => this.#step('call', actor, call);
    const { updateContainerResources: update } = runtime;
    return overriding<ContainerRuntime>(runtime, {
      runPodSandbox: (config) => step(() => runtime.runPodSandbox(config)),
      stopPodSandbox: (id) => step(() => runtime.stopPodSandbox(id)),
      removePodSandbox: (id) => step(() => runtime.removePodSandbox(id)),
      createContainer: (sandboxId, config) => step(() => runtime.createContainer(sandboxId, config)),
      startContainer: (id) => step(() => runtime.startContainer(id)),
      stopContainer: (id, grace) => step(() => runtime.stopContainer(id, grace)),
      removeContainer: (id) => step(() => runtime.removeContainer(id)),
      ...(update && { updateContainerResources: (id, resources) => step(() => update.call(runtime, id, resources)) }),
    });
  }

  /** Takes a step, unless the step is lost or its loop has crashed. */
  async #step<R>(at: Trap['at'], actor: string, take: () => Promise<R>): Promise<R> {
    return this.#alive(actor, async () => {
      const lost = this.#spring(at, actor);
      if (!lost) return take();
      this.#check(actor);
      throw connectionLost();
    });
  }

  /** Returns whether the step is lost. */
  #spring(at: Trap['at'], actor: string): boolean {
    let lost = false;
    for (const one of this.#set) {
      const { trap } = one;
      if (trap.at !== at || !one.counts(actor) || --one.left > 0) continue;
      this.#set.delete(one);
      if (trap.crash !== undefined) this.#dead.add(trap.crash);
      lost ||= trap.lost === true;
    }
    return lost;
  }

  async #alive<R>(actor: string, take: () => Promise<R>): Promise<R> {
    this.#check(actor);
    const result = await take();
    this.#check(actor);
    return result;
  }

  /** @throws LoopCrash if the loop has crashed */
  #check(actor: string): void {
    if (this.#dead.has(loopOf(actor))) throw new LoopCrash('it has stepped into a trap');
  }
}

/** The loop of an actor: the one whose Events it records, or itself. */
function loopOf(actor: string): string {
  return actor.replace(/ events$/, '');
}

function writes({ verb }: ClientRequest): boolean {
  return verb !== 'get' && verb !== 'list' && verb !== 'watch';
}
