import {
  deepFreeze,
  failures,
  KindRegistry,
  type KubernetesObject,
  keyString,
  type Pod,
  StatusError,
  type Stored,
} from '@orrery/api';
import { createEnvironment, type ListOptions, type ObjectList, type UserInfo, type WatchEvent } from '@orrery/core';
import { concat, from, of, ReplaySubject, Subject } from 'rxjs';
import { apiServerNames, type CertificateAuthority, createCertificateAuthority } from '../certificates/index.ts';
import type { ContainerTarget, LogOptions, NodeApi } from '../node-api.ts';
import type { RequestPath, RequestScope } from '../request-path.ts';
import type { ProxyBackend } from '../subresources/proxy.ts';
import { type HttpsOptions, type HttpsServing, serveHttps } from './serve.ts';

/** A request path that keeps objects in a map and believes what it is told: for tests of the front door. */
class FakeRequestPath implements RequestPath {
  readonly kinds = new KindRegistry();
  readonly objects = new Map<string, Stored>();
  readonly events = new Subject<WatchEvent>();
  /** What proxy requests are passed on to. */
  backend: ProxyBackend | undefined;
  /** Everything that was asked, as `verb resource namespace/name options`. */
  readonly calls: { readonly verb: string; readonly scope: RequestScope; readonly options: unknown }[] = [];
  node_: NodeApi = new FakeNode();
  #revision = 0;

  async authenticate(credentials: Parameters<RequestPath['authenticate']>[0]): Promise<UserInfo> {
    const { bearerToken, certificate, impersonate } = credentials;
    if (impersonate !== undefined) return impersonate;
    if (certificate !== undefined) return { username: certificate.commonName, groups: certificate.organizations };
    if (bearerToken === undefined) return { username: 'system:anonymous', groups: ['system:unauthenticated'] };
    if (bearerToken !== 'good') throw failures.unauthorized();
    return { username: 'bearer', groups: [] };
  }

  async impersonate(_user: UserInfo, wanted: UserInfo): Promise<UserInfo> {
    return wanted;
  }

  async authorize(user: UserInfo, attributes: Parameters<RequestPath['authorize']>[1]): Promise<void> {
    if (user.username !== 'nobody') return;
    const what = 'path' in attributes ? `path ${attributes.path}` : attributes.resource;
    throw failures.forbidden({ group: '', resource: '' }, '', `User "nobody" cannot ${attributes.verb} ${what}`);
  }

  async get(scope: RequestScope, options: unknown): Promise<KubernetesObject> {
    this.#called('get', scope, options);
    return this.#find(scope);
  }

  async list(scope: RequestScope, options: ListOptions): Promise<ObjectList> {
    this.#called('list', scope, options);
    if (options.labelSelector === 'broken') throw new Error('a bug');
    if (options.labelSelector === 'busy') throw failures.tooManyRequests('slow down', 3);
    const items = [...this.objects.values()].filter(
      (object) =>
        object.kind === scope.kind.kind && (scope.namespace === '' || object.metadata.namespace === scope.namespace),
    );
    return { items, metadata: { resourceVersion: String(this.#revision) } };
  }

  async watch(scope: RequestScope, options: unknown) {
    this.#called('watch', scope, options);
    const { items } = await this.list(scope, {});
    return concat(from(items.map((object): WatchEvent => ({ type: 'ADDED', object }))), this.events);
  }

  async create(scope: RequestScope, body: unknown, options: unknown) {
    this.#called('create', scope, options);
    scope.warn('unknown field "spec.f\u00fc"');
    return { object: this.put(body as KubernetesObject, scope.namespace), created: true };
  }

  async update(scope: RequestScope, body: unknown, options: unknown) {
    this.#called('update', scope, options);
    const created = !this.objects.has(this.#key(scope));
    return { object: this.put(body as KubernetesObject, scope.namespace), created };
  }

  async patch(scope: RequestScope, patch: Parameters<RequestPath['patch']>[1], options: unknown) {
    this.#called('patch', scope, { ...(options as object), patch });
    return { object: this.#find(scope), created: false };
  }

  async delete(scope: RequestScope, options: unknown) {
    this.#called('delete', scope, options);
    const object = this.#find(scope);
    this.objects.delete(this.#key(scope));
    this.events.next({ type: 'DELETED', object });
    return { body: object, accepted: false };
  }

  async deleteCollection(scope: RequestScope, selection: ListOptions, options: unknown): Promise<ObjectList> {
    this.#called('deletecollection', scope, { selection, options });
    return this.list(scope, selection);
  }

  async node(scope: RequestScope): Promise<{ pod: Stored<Pod>; node: NodeApi }> {
    this.#called('node', scope, {});
    return { pod: this.#find(scope) as Stored<Pod>, node: this.node_ };
  }

  async proxied(scope: RequestScope, verb: string): Promise<ProxyBackend> {
    this.#called(`proxy ${verb}`, scope, {});
    if (this.backend === undefined) throw failures.serviceUnavailable('no endpoints available for service "a"');
    return this.backend;
  }

  /** Stores an object, frozen, and tells watchers. */
  put(object: KubernetesObject, namespace = object.metadata?.namespace ?? ''): Stored {
    this.#revision++;
    const stored = deepFreeze({
      ...object,
      metadata: {
        ...object.metadata,
        ...(namespace === '' ? {} : { namespace }),
        name: object.metadata?.name ?? '',
        uid: `uid-${this.#revision}`,
        resourceVersion: String(this.#revision),
        creationTimestamp: '2026-01-01T00:00:00Z',
      },
    });
    const key = `${stored.kind} ${keyString({ namespace, name: stored.metadata.name })}`;
    const type = this.objects.has(key) ? 'MODIFIED' : 'ADDED';
    this.objects.set(key, stored);
    this.events.next({ type, object: stored });
    return stored;
  }

  #find(scope: RequestScope): Stored {
    const found = this.objects.get(this.#key(scope));
    if (found === undefined) throw failures.notFound(scope.kind, scope.name);
    return found;
  }

  #key({ kind, namespace, name }: RequestScope): string {
    return `${kind.kind} ${keyString({ namespace, name })}`;
  }

  #called(verb: string, scope: RequestScope, options: unknown): void {
    this.calls.push({ verb, scope, options });
  }
}

/** A node whose commands are made up: `echo`, `cat`, `exit N`, `size`, `hang`. Every port echoes what it gets. */
export class FakeNode implements NodeApi {
  readonly sizes: string[] = [];
  closed = 0;

  async logs(target: ContainerTarget, options: LogOptions) {
    if (target.container === 'waiting') throw failures.badRequest('container "waiting" in pod "x" is waiting to start');
    return of(text(`${target.container}\n`), text(`${JSON.stringify(options)}\n`));
  }

  async exec(_target: ContainerTarget, { command: [program = '', ...rest] }: { readonly command: readonly string[] }) {
    if (program === 'missing') throw failures.unexpected('container not found ("a")');
    if (program === 'nosuch') throw new Error('failed to exec in container: no such program');
    const stdout = new ReplaySubject<Uint8Array>();
    const stderr = new ReplaySubject<Uint8Array>();
    const { promise: exit, resolve, reject } = Promise.withResolvers<{ readonly exitCode: number }>();
    const end = (exitCode: number) => {
      stdout.complete();
      stderr.complete();
      resolve({ exitCode });
    };
    if (program === 'echo') {
      stdout.next(text(`${rest.join(' ')}\n`));
      stderr.next(text('to stderr\n'));
      end(0);
    } else if (program === 'exit') {
      end(Number(rest[0]));
    } else if (program === 'flood') {
      for (let i = 0; i < Number(rest[0]); i++) stdout.next(new Uint8Array(65_536).fill(97));
      end(0);
    } else if (program === 'crash') {
      reject(new Error('runtime is gone'));
    }
    return {
      stdin: {
        write: (chunk: Uint8Array) => stdout.next(chunk),
        end: () => end(0),
      },
      stdout,
      stderr,
      exit,
      resize: (columns: number, rows: number) => {
        this.sizes.push(`${columns}x${rows}`);
        if (program === 'size') {
          stdout.next(text(`${columns}x${rows}`));
          end(0);
        }
      },
      close: () => {
        this.closed++;
        end(137);
      },
    };
  }

  attach(target: ContainerTarget) {
    return this.exec(target, { command: ['cat'] });
  }

  async portForward(_target: unknown, port: number) {
    if (port === 81) throw new StatusError(failures.badRequest('connection refused').status);
    const data = new Subject<Uint8Array>();
    return {
      data,
      sink: {
        write: (chunk: Uint8Array) => data.next(chunk),
        end: () => data.complete(),
      },
      close: () => data.complete(),
    };
  }
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

/** A front door over a fake, with what it takes to come in. */
export interface TestServer extends HttpsServing {
  readonly path: FakeRequestPath;
  readonly authority: CertificateAuthority;
}

let authority: Promise<CertificateAuthority> | undefined;

/** Serves a fake on any free port. */
export async function serveFake(options: Partial<HttpsOptions> = {}): Promise<TestServer> {
  const environment = createEnvironment();
  authority ??= createCertificateAuthority(environment);
  const known = await authority;
  const path = new FakeRequestPath();
  const serving = await serveHttps({
    requestPath: path,
    environment,
    port: 0,
    certificates: {
      serving: await known.serving(apiServerNames),
      clientAuthority: known.authority.certificate,
    },
    ...options,
  });
  return { ...serving, path, authority: known };
}

/** A Pod for tests. */
export function pod(name: string, namespace = 'default', containers: readonly string[] = ['a']): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { containers: containers.map((container) => ({ name: container, image: 'none' })) },
  };
}
