import { type KubernetesObject, SortedObjects, type Stored } from '@orrery/api';
import { delegatingClient, type Link } from '@orrery/core/assembly';
import { map } from 'rxjs';
import { vi } from 'vitest';

/** How many different objects each part of the house has visited. */
export type Visits = ReadonlyMap<string, number>;

/**
 * Counts the objects that the parts of a cluster visit. A part visits an object when it gets it in a list, of a cache or of the
 * store, and when it reads the object's metadata, spec or status: objects reach the loops as proxies that notice such reads. The
 * part is found on the stack: `replicaset`, `endpoints`, `kubelet`; code outside the loops counts as its room, `core` or `server`.
 */
export class VisitCounter implements Disposable {
  readonly #proxies = new WeakMap<object, object>();
  readonly #originals = new WeakMap<object, object>();
  readonly #spies: Disposable[] = [];
  /** By part; undefined while nothing is counted. */
  #visited: Map<string, Set<unknown>> | undefined;

  constructor() {
    for (const name of ['list', 'under', 'with'] as const) this.#spyOn(name);
  }

  /** Stands between the loops and the server, and makes visible what the loops read. */
  readonly link: Link = (client) =>
    delegatingClient(client, {
      get: async (...call) => this.#watched(await client.get(...call)),
      list: async (...call) => {
        const list = await client.list(...call);
        return { ...list, items: list.items.map((item) => this.#watched(item)) };
      },
      watch: (...call) =>
        client
          .watch(...call)
          .pipe(
            map((event) => (event.type === 'BOOKMARK' ? event : { ...event, object: this.#watched(event.object) })),
          ),
      create: async (...call) => this.#watched(await client.create(...call)),
      update: async (...call) => this.#watched(await client.update(...call)),
      updateStatus: async (...call) => this.#watched(await client.updateStatus(...call)),
      patch: async (...call) => this.#watched(await client.patch(...call)),
      as: (user) => this.link(client.as(user), ''),
    });

  /** What is visited until `work` is done. */
  async during(work: () => Promise<void>): Promise<Visits> {
    const visited = new Map<string, Set<unknown>>();
    this.#visited = visited;
    try {
      await work();
    } finally {
      this.#visited = undefined;
    }
    return new Map([...visited].sort(([a], [b]) => (a < b ? -1 : 1)).map(([part, objects]) => [part, objects.size]));
  }

  [Symbol.dispose](): void {
    for (const spy of this.#spies) spy[Symbol.dispose]();
  }

  #spyOn(name: 'list' | 'under' | 'with'): void {
    const real = SortedObjects.prototype[name] as (...args: unknown[]) => readonly Stored[];
    if (vi.isMockFunction(real)) throw new Error('one counter at a time');
    const visit = (items: readonly Stored[]) => this.#visit(items);
    const spy = vi.spyOn(SortedObjects.prototype, name).mockImplementation(function (
      this: unknown,
      ...args: unknown[]
    ) {
      const items = real.apply(this, args);
      visit(items);
      return items;
    });
    this.#spies.push({ [Symbol.dispose]: () => spy.mockRestore() });
  }

  #watched<T extends KubernetesObject>(object: Stored<T>): Stored<T> {
    if (this.#originals.has(object)) return object;
    let proxy = this.#proxies.get(object);
    if (proxy === undefined) {
      proxy = new Proxy(object, {
        get: (target, property) => {
          if (property === 'metadata' || property === 'spec' || property === 'status') this.#visit([target]);
          return Reflect.get(target, property);
        },
      });
      this.#proxies.set(object, proxy);
      this.#originals.set(proxy, object);
    }
    return proxy as Stored<T>;
  }

  #visit(objects: readonly object[]): void {
    const visited = this.#visited;
    if (visited === undefined || objects.length === 0) return;
    const part = partOnStack();
    let seen = visited.get(part);
    if (seen === undefined) {
      seen = new Set();
      visited.set(part, seen);
    }
    for (const object of objects) seen.add(this.#originals.get(object) ?? object);
  }
}

/** The loop that runs: the outermost folder of a controller on the stack; or else the innermost room. */
function partOnStack(): string {
  const files = filesOnStack();
  const loops = files.flatMap((file) => /\/controllers\/src\/(?:node\/)?([a-z-]+)\//.exec(file)?.[1] ?? []);
  const loop = loops.findLast((folder) => folder !== 'workload') ?? loops[0];
  if (loop !== undefined) return loop;
  const rooms = files.flatMap((file) => /\/packages\/([a-z]+)\/src\//.exec(file)?.[1] ?? []);
  return rooms.find((room) => room !== 'testing') ?? 'testing';
}

/** Without the positions in the sources, which take far longer to find. */
function filesOnStack(): readonly string[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = 100;
  let files: readonly string[] = [];
  Error.prepareStackTrace = (_, sites) => {
    files = sites.map((site) => site.getFileName() ?? '');
    return '';
  };
  // Reading the stack is what prepares it.
  void new Error().stack;
  Error.stackTraceLimit = stackTraceLimit;
  Error.prepareStackTrace = prepareStackTrace;
  return files;
}
