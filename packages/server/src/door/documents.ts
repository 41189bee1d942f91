import { failures, type KindRegistry } from '@orrery/api';
import {
  type AggregatedVersion,
  contentHash,
  type DiscoveryDocuments,
  discoveryDocuments,
  loadDescriptions,
  openApiV2,
  openApiV2Protobuf,
  openApiV2ProtobufContentType,
  openApiV3,
  openApiV3Index,
} from '@orrery/api/server';
import { negotiate, parseMediaTypes } from '../rest/media-type.ts';
import type { ApiResponse } from './api-response.ts';
import type { Exchange } from './exchange.ts';
import { reply, replyJson, replyText } from './reply.ts';
import { version } from './version.ts';

/** A named health check, as `/readyz?verbose` lists it. */
export interface HealthCheck {
  readonly name: string;
  /** Undefined if healthy, else what is wrong. */
  check(): string | undefined;
}

/** Documents that the server derives from its kinds: each is built on first use and cached until the kinds change. */
export class Documents {
  readonly #kinds: KindRegistry;
  readonly #made = new Map<string, Document>();
  #generation = -1;
  #discovery: DiscoveryDocuments | undefined;
  /** Paths of served group versions: no document is built or cached for other paths. */
  #groupVersions: ReadonlySet<string> = new Set();
  #groups: ReadonlySet<string> = new Set();

  constructor(kinds: KindRegistry) {
    this.#kinds = kinds;
  }

  /** `/api`, `/apis`, and the paths below them; undefined for a path that is not served. */
  discovery(path: string): Document | undefined {
    this.#refresh();
    if (!this.#groups.has(path) && !this.#groupVersions.has(path)) return undefined;
    return this.#once(path, () => this.#discover().path(path) ?? {});
  }

  /** The aggregated form of `/api` or `/apis`: all resources of all groups at once. */
  aggregated(path: '/api' | '/apis', version: AggregatedVersion): Document {
    this.#refresh();
    return this.#once(`${path}?${version}`, () =>
      path === '/api' ? this.#discover().aggregatedApi(version) : this.#discover().aggregatedApis(version),
    );
  }

  /** `/openapi/v2`, `/openapi/v3`, `/openapi/v3/apis/apps/v1`; undefined for a path that is not served. */
  async openApi(path: string): Promise<Document | undefined> {
    const descriptions = await loadDescriptions();
    this.#refresh();
    const kinds = this.#kinds;
    if (path === '/openapi/v2') return this.#once(path, () => openApiV2(kinds, descriptions));
    if (path === '/openapi/v3') return this.#once(path, () => openApiV3Index(kinds, descriptions));
    const groupVersion = path.slice('/openapi/v3'.length);
    if (!path.startsWith('/openapi/v3/') || !this.#groupVersions.has(groupVersion)) return undefined;
    return this.#once(path, () => openApiV3(kinds, groupVersion.slice(1), descriptions) ?? {});
  }

  /** `/openapi/v2` in protobuf. */
  async openApiV2Protobuf(): Promise<Document> {
    const descriptions = await loadDescriptions();
    this.#refresh();
    return this.#once('/openapi/v2?protobuf', () => openApiV2Protobuf(this.#kinds, descriptions));
  }

  #refresh(): void {
    if (this.#generation === this.#kinds.generation) return;
    this.#generation = this.#kinds.generation;
    this.#made.clear();
    this.#discovery = undefined;
    const groups = new Set(['/api', '/apis']);
    const groupVersions = new Set<string>();
    for (const { group, version } of this.#kinds) {
      if (group !== '') groups.add(`/apis/${group}`);
      groupVersions.add(group === '' ? `/api/${version}` : `/apis/${group}/${version}`);
    }
    this.#groups = groups;
    this.#groupVersions = groupVersions;
  }

  #once(name: string, make: () => object): Document {
    let document = this.#made.get(name);
    if (document === undefined) {
      document = documentOf(make());
      this.#made.set(name, document);
    }
    return document;
  }

  #discover(): DiscoveryDocuments {
    this.#discovery ??= discoveryDocuments(this.#kinds);
    return this.#discovery;
  }
}

interface Document {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

const encoder = new TextEncoder();

function documentOf(value: object): Document {
  const bytes = value instanceof Uint8Array ? value : encoder.encode(JSON.stringify(value));
  return { bytes, etag: `"${contentHash(bytes)}"` };
}

/**
 * Answers requests for non-resource paths: discovery, OpenAPI, version and health.
 * @throws StatusError Forbidden, NotFound
 */
export async function handlePath(exchange: Exchange, path: string): Promise<ApiResponse> {
  const { context } = exchange;
  const verb = await authorizePath(exchange, path);
  if (verb !== 'get') throw failures.noSuchPath();
  const check = /^\/(healthz|livez|readyz)(?:\/(.+))?$/.exec(path);
  if (check !== null) return replyHealth(exchange, check[1] ?? '', check[2]);
  if (path === '/version') return replyPlain(exchange, documentOf(version));
  if (path === '/') return replyPlain(exchange, documentOf({ paths: rootPaths }));
  if (path.startsWith('/openapi/')) return replyOpenApi(exchange, path);
  const { documents } = context;
  const aggregated = path === '/api' || path === '/apis' ? aggregatedForm(exchange) : undefined;
  if (aggregated !== undefined) {
    const type = `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`;
    return replyDocument(exchange, documents.aggregated(path as '/api' | '/apis', aggregated), type);
  }
  const document = documents.discovery(path);
  if (document === undefined) throw failures.noSuchPath();
  return replyPlain(exchange, document);
}

/** Authorizes a request for a non-resource path; returns its verb. @throws StatusError Forbidden */
export async function authorizePath({ request, context, user, enter }: Exchange, path: string): Promise<string> {
  const verb = request.method === 'HEAD' ? 'get' : request.method.toLowerCase();
  const wait = enter({ attributes: { verb, path } });
  if (wait !== undefined) await wait;
  await context.requestPath.authorize(user, { verb, path });
  return verb;
}

const rootPaths = ['/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'];

async function replyOpenApi(exchange: Exchange, path: string): Promise<ApiResponse> {
  const { documents } = exchange.context;
  if (path === '/openapi/v2' && prefersProtobuf(exchange)) {
    return replyDocument(exchange, await documents.openApiV2Protobuf(), openApiV2ProtobufContentType);
  }
  const document = await documents.openApi(path);
  if (document === undefined) throw failures.noSuchPath();
  return replyDocument(exchange, document, 'application/json');
}

function prefersProtobuf({ request }: Exchange): boolean {
  const [first] = parseMediaTypes(request.headers.get('accept') ?? '');
  return (
    first !== undefined && /^application\/com\.github\.proto-openapi\.spec\.v2(@|\.)v1\.0\+protobuf$/.test(first.type)
  );
}

/** The version of aggregated discovery that the client prefers; undefined if it prefers plain discovery. */
function aggregatedForm({ request }: Exchange): AggregatedVersion | undefined {
  for (const { type, parameters } of parseMediaTypes(request.headers.get('accept') ?? '')) {
    if (type !== 'application/json') continue;
    if (parameters.as === undefined) return undefined;
    const { g, v, as } = parameters;
    if (as === 'APIGroupDiscoveryList' && g === 'apidiscovery.k8s.io' && (v === 'v2' || v === 'v2beta1')) return v;
  }
  return undefined;
}

function replyDocument(exchange: Exchange, { bytes, etag }: Document, contentType: string): ApiResponse {
  const headers = { etag, vary: 'Accept' };
  if (exchange.request.headers.get('if-none-match') === etag) {
    return { status: 304, headers: { ...exchange.head(), ...headers }, body: undefined };
  }
  return reply(exchange, bytes, { contentType, headers });
}

function replyPlain(exchange: Exchange, { bytes }: Document): Promise<ApiResponse> {
  return replyJson(exchange, bytes, negotiate(exchange.request.headers.get('accept') ?? '').encoding);
}

function replyHealth(exchange: Exchange, endpoint: string, only: string | undefined): ApiResponse {
  const all: readonly HealthCheck[] = [{ name: 'ping', check: () => undefined }, ...exchange.context.health];
  // Liveness does not depend on others: a server that waits for its store is alive.
  const checks = (endpoint === 'livez' ? all.slice(0, 1) : all).filter(
    ({ name }) => only === undefined || name === only,
  );
  if (checks.length === 0) throw failures.noSuchPath();
  const lines = checks.map(({ name, check }) => {
    const problem = check();
    return {
      ok: problem === undefined,
      text: problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
    };
  });
  const ok = lines.every((line) => line.ok);
  const report = [...lines.map(({ text }) => text), `${endpoint} check ${ok ? 'passed' : 'failed'}`, ''].join('\n');
  return replyText(exchange, ok ? 200 : 500, ok && !exchange.query.has('verbose') ? 'ok' : report);
}
