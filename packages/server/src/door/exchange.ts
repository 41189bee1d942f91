import type { Clock, Environment, Random, UserInfo } from '@orrery/core';
import type { Admission, Classification } from '../flow-control/flow-control.ts';
import type { EnteringRequest, RequestPath } from '../request-path.ts';
import type { ReadYaml } from '../rest/yaml-body.ts';
import type { ApiRequest, Peer } from './api-request.ts';
import type { ApiResponseHeaders } from './api-response.ts';
import { credentialsOf } from './credentials.ts';
import type { Documents, HealthCheck } from './documents.ts';
import type { SendToPort } from './proxy/proxy.ts';
import { type Failure, record } from './record.ts';
import type { Uploads } from './uploads.ts';

/** The services that all handlers use. */
export interface DoorContext {
  readonly requestPath: RequestPath;
  readonly environment: Environment;
  readonly random: Random;
  readonly clock: Clock;
  readonly health: readonly HealthCheck[];
  readonly documents: Documents;
  readonly uploads: Uploads;
  readonly sendToPort?: SendToPort;
  readonly readYaml?: ReadYaml;
}

/** Maximum total length of the warnings of one response, in characters: clients limit the size of headers. */
const maxWarningLength = 4096;

/** One request, with its user and response headers. */
export class Exchange {
  readonly context: DoorContext;
  readonly request: ApiRequest;
  readonly peer: Peer;
  /** Path of the URL, still percent-encoded. */
  readonly path: string;
  /** The URL's query as received, with its question mark; `''` if there is none. */
  readonly search: string;
  readonly query: URLSearchParams;
  #user: UserInfo | undefined;
  #admission: Admission | undefined;
  #warnings: string[] | undefined;
  #warningLength = 0;
  #uploaded = 0;

  constructor(context: DoorContext, request: ApiRequest, peer: Peer) {
    this.context = context;
    this.request = request;
    this.peer = peer;
    const target = targetOf(request.url);
    const question = target.indexOf('?');
    this.path = question < 0 ? target : target.slice(0, question);
    this.search = question < 0 ? '' : target.slice(question);
    this.query = question < 0 ? noQuery : new URLSearchParams(this.search);
  }

  /** The authenticated user. @throws Error before {@link authenticate} */
  get user(): UserInfo {
    if (this.#user === undefined) throw new Error('the request is not authenticated yet');
    return this.#user;
  }

  /** Authenticates the request. @throws StatusError Unauthorized */
  async authenticate(): Promise<void> {
    this.#user = await this.context.requestPath.authenticate(credentialsOf(this.request.headers, this.peer));
  }

  /** Waits until the server has room for the request; undefined if there is room now. @throws Overloaded, or rejects with it */
  readonly enter = (request: Omit<EnteringRequest, 'user'>): Promise<void> | undefined => {
    const admission = this.context.requestPath.enter({ ...request, user: this.user }, () => this.request.signal);
    if (!(admission instanceof Promise)) {
      this.#admission = admission;
      return undefined;
    }
    return admission.then((admitted) => {
      this.#admission = admitted;
    });
  };

  /** Gives back the room that the request took. */
  readonly leave = (): void => this.#admission?.leave();

  /** Charges bytes of the body to the user. @throws StatusError TooManyRequests */
  charge(bytes: number): void {
    this.context.uploads.charge(this.user.username, bytes);
    this.#uploaded += bytes;
  }

  /** The request is answered: its body is no longer held. */
  over(): void {
    if (this.#uploaded === 0) return;
    this.context.uploads.release(this.user.username, this.#uploaded);
    this.#uploaded = 0;
  }

  /** Adds a `Warning` header. Each text is sent only once. */
  readonly warn = (text: string): void => {
    const header = warningHeader(text);
    this.#warnings ??= [];
    if (this.#warnings.includes(header)) return;
    this.#warningLength += text.length;
    if (this.#warningLength <= maxWarningLength) this.#warnings.push(header);
  };

  /** The headers of every response. */
  head(): ApiResponseHeaders {
    const auditId = this.request.headers.get('audit-id') ?? this.context.random.uuid();
    const head = {
      'audit-id': auditId,
      'cache-control': 'no-cache, private',
      ...(this.#admission === undefined ? {} : classificationHeaders(this.#admission)),
    };
    return this.#warnings === undefined ? head : { ...head, warning: this.#warnings };
  }

  /** Records an error that the client does not see, or sees as another one. */
  record(level: Failure['level'], message: string, error: unknown): void {
    const { method } = this.request;
    record(this.context.environment, { level, message, error, method, path: this.path });
  }
}

/** Tells clients how their request was classified, as Kubernetes does. */
export function classificationHeaders({ flowSchema, priorityLevel }: Classification): ApiResponseHeaders {
  return {
    'x-kubernetes-pf-flowschema-uid': flowSchema,
    'x-kubernetes-pf-prioritylevel-uid': priorityLevel,
  };
}

/** Shared by all requests without a query; never written to. */
const noQuery = new URLSearchParams();

/** Path and query of a URL, which may be absolute. */
function targetOf(url: string): string {
  const authority = url.startsWith('/') ? -1 : url.indexOf('://');
  const path = authority < 0 ? 0 : url.indexOf('/', authority + 3);
  if (path < 0) return '/';
  const fragment = url.indexOf('#');
  return fragment < 0 ? url.slice(path) : url.slice(path, fragment);
}

const encoder = new TextEncoder();

/** Value of a `Warning` header (RFC 7234, code 299) with `text`: as in all headers, each character is a byte of UTF-8. */
function warningHeader(text: string): string {
  const printable = [...text]
    .filter((char) => !/\p{Cc}/u.test(char))
    .join('')
    .replace(/["\\]/g, '\\$&');
  return `299 - "${Array.from(encoder.encode(printable), (byte) => String.fromCharCode(byte)).join('')}"`;
}
