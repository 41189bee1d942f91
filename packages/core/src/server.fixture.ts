import { failures, type Kind, type KubernetesObject, keyOf, keyString, type ObjectKey, type Stored } from '@orrery/api';
import { testApi } from '@orrery/server/fixtures';
import { Observable, type Subscriber } from 'rxjs';
import { delegatingClient } from './client/delegating-client.ts';
import type { Client, WatchEvent } from './client.ts';
import type { Environment } from './environment.ts';

/** What goes wrong between the loops under test and the server. */
export interface TestServerOptions {
  /** Milliseconds of the environment's clock that an event takes to a watcher. Default: none. */
  readonly lag?: () => number;
  /** Whether the server has streaming lists. Default true. */
  readonly streamingLists?: boolean;
}

/** The API server over an empty store, for tests of loops, and a client on the way to which things go wrong. */
export interface TestServer {
  readonly client: Client;
  /** Calls made, as `verb Kind/key`. A verb is that of the client's method, `status`, or the name of a subresource; a delete has its grace behind it. */
  readonly calls: string[];
  /** What the next calls are refused with. */
  readonly refusals: unknown[];
  /** What a call is refused with, if it gives something. */
  refuse?: ((call: string) => unknown) | undefined;
  /** How many watches are open. */
  readonly watches: number;
  /** What the server has, in key order. */
  objects(kind: Kind): readonly Stored[];
  /** Makes the server forget the history, so that watches from earlier revisions are refused. */
  compact(): Promise<void>;
  /** Ends all watches, with an error or as if they had timed out. What is under way is lost. */
  breakWatches(error?: unknown): void;
}

/** Starts one in an environment, with chance of its own. */
export async function openTestServer(environment: Environment, options: TestServerOptions = {}): Promise<TestServer> {
  const random = environment.random.fork('server');
  const { admin, store, stored } = await testApi({ environment: { ...environment, random } });
  // No cluster is at revision 0, which to a watch means any.
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  const calls: string[] = [];
  const refusals: unknown[] = [];
  const watches = new Set<Subscriber<WatchEvent>>();
  const called = (call: string) => {
    calls.push(call);
    if (refusals.length > 0) throw refusals.shift();
    const refusal = server.refuse?.(call);
    if (refusal !== undefined) throw refusal;
  };
  const server: TestServer = {
    client: clientWithFaults(admin, { environment, options, watches, called }),
    calls,
    refusals,
    get watches() {
      return watches.size;
    },
    objects: stored,
    compact: () => store.compact(store.revision),
    breakWatches: (error) => {
      for (const subscriber of [...watches]) {
        watches.delete(subscriber);
        if (error === undefined) subscriber.complete();
        else subscriber.error(error);
      }
    },
  };
  return server;
}

interface Faults {
  readonly environment: Environment;
  readonly options: TestServerOptions;
  readonly watches: Set<Subscriber<WatchEvent>>;
  /** @throws what the call is refused with */
  called(call: string): void;
}

function clientWithFaults(client: Client, faults: Faults): Client {
  const about = async (verb: string, { kind }: Pick<Kind, 'kind'>, key: ObjectKey | string) =>
    faults.called(`${verb} ${kind}/${textOf(key)}`);
  const aboutObject = (verb: string, object: KubernetesObject) =>
    about(verb, { kind: object.kind ?? '' }, keyOf(object));
  return delegatingClient(client, {
    get: (kind, key, ...rest) => about('get', kind, key).then(() => client.get(kind, key, ...rest)),
    list: (kind, ...rest) => about('list', kind, '').then(() => client.list(kind, ...rest)),
    watch: (kind, options) => watchWithFaults(kind, client.watch(kind, options), options ?? {}, faults) as never,
    create: (object, ...rest) => aboutObject('create', object).then(() => client.create(object, ...rest)),
    update: (object, ...rest) => aboutObject('update', object).then(() => client.update(object, ...rest)),
    updateStatus: (object, ...rest) => aboutObject('status', object).then(() => client.updateStatus(object, ...rest)),
    patch: (kind, key, ...rest) => about('patch', kind, key).then(() => client.patch(kind, key, ...rest)),
    apply: (object, ...rest) => aboutObject('apply', object).then(() => client.apply(object, ...rest)),
    delete: (kind, key, options = {}) => {
      const grace = options.gracePeriodSeconds === undefined ? '' : ` ${options.gracePeriodSeconds}`;
      return about('delete', kind, `${textOf(key)}${grace}`).then(() => client.delete(kind, key, options));
    },
    createSubresource: (kind, key, subresource, ...rest) =>
      about(subresource, kind, key).then(() => client.createSubresource(kind, key, subresource, ...rest)),
    as: (user) => clientWithFaults(client.as(user), faults),
  });
}

function textOf(key: ObjectKey | string): string {
  return typeof key === 'string' ? key : keyString(key);
}

function watchWithFaults(
  { kind }: Kind,
  events: Observable<WatchEvent>,
  { resourceVersion, sendInitialEvents }: { readonly resourceVersion?: string; readonly sendInitialEvents?: boolean },
  { environment, options, watches, called }: Faults,
): Observable<WatchEvent> {
  return new Observable((subscriber) => {
    called(`watch ${kind} ${resourceVersion ?? 'all'}`);
    if (sendInitialEvents === true && options.streamingLists === false) {
      throw failures.unprocessable('sendInitialEvents is forbidden', {});
    }
    const underWay: WatchEvent[] = [];
    const arrive = () => {
      const next = underWay.shift();
      if (next !== undefined && watches.has(subscriber)) subscriber.next(next);
    };
    watches.add(subscriber);
    subscriber.add(() => watches.delete(subscriber));
    return events.subscribe({
      next: (event) => {
        underWay.push(event);
        const lag = options.lag?.() ?? 0;
        if (lag === 0 && underWay.length === 1) arrive();
        else environment.clock.schedule(lag, arrive);
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
  });
}
