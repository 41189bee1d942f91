import type { Representation } from '../rest/media-type.ts';
import { boolean } from '../rest/query.ts';
import type { ApiResponse, ApiResponseHeaders } from './api-response.ts';
import type { Exchange } from './exchange.ts';
import { ListBody } from './list-body.ts';
import type { ListJson } from './list-json.ts';

/** The parts of a response besides its body. */
export interface ReplyOptions {
  /** Default 200. */
  readonly status?: number;
  readonly contentType: string;
  readonly headers?: ApiResponseHeaders;
}

/** Builds a response to an exchange. */
export function reply(
  exchange: Exchange,
  body: ApiResponse['body'],
  { status = 200, contentType, headers }: ReplyOptions,
): ApiResponse {
  return { status, headers: { ...exchange.head(), ...headers, 'content-type': contentType }, body };
}

/** Builds a text response. */
export function replyText(exchange: Exchange, status: number, text: string): ApiResponse {
  return reply(exchange, encoder.encode(text), { status, contentType: 'text/plain; charset=utf-8' });
}

/** Builds a response from JSON bytes, in the encoding and format that the client asks for. */
export async function replyJson(
  exchange: Exchange,
  json: Uint8Array,
  encoding: Representation['encoding'],
  options: Omit<ReplyOptions, 'contentType'> = {},
): Promise<ApiResponse> {
  if (encoding === 'yaml') {
    const text = await yamlText(exchange, JSON.parse(decoder.decode(json)));
    return reply(exchange, encoder.encode(text), { ...options, contentType: 'application/yaml' });
  }
  const body = wantsPretty(exchange) ? await indented(exchange, json) : json;
  return reply(exchange, body, { ...options, contentType: 'application/json' });
}

/** Builds a response from a list, which is streamed if it is long. */
export async function replyList(
  exchange: Exchange,
  json: ListJson,
  encoding: Representation['encoding'],
): Promise<ApiResponse> {
  if (encoding !== 'json') return replyJson(exchange, json.rest(), encoding);
  const written = wantsPretty(exchange) ? json.indented() : json;
  const first = written.take();
  const body = written.done ? first : new ListBody(exchange, first, written);
  return reply(exchange, body, { contentType: 'application/json' });
}

/** YAML of a value. The items of a list are written one by one, so that others have their turns meanwhile. */
async function yamlText({ context }: Exchange, value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  const write = (part: unknown) => stringify(part, { aliasDuplicateObjects: false });
  const { items, ...head } = value as { readonly items?: unknown };
  if (!Array.isArray(items) || items.length === 0) return write(value);
  const { work } = context.environment;
  const parts = [write(head), 'items:\n'];
  for (const item of items) {
    if (work.crowded()) await work.turn('apiserver');
    // Everything below the dash is two columns deeper; an empty line stays empty.
    const text = write([item]);
    parts.push(text.replaceAll(/^(?=.)/gm, '  '));
  }
  return parts.join('');
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Indented JSON. The items of a list are written one by one, as in YAML. */
async function indented({ context }: Exchange, json: Uint8Array): Promise<Uint8Array> {
  const value: unknown = JSON.parse(decoder.decode(json));
  const { items, ...head } = value as { readonly items?: unknown };
  if (!Array.isArray(items) || items.length === 0 || Object.keys(value as object).at(-1) !== 'items')
    return encoder.encode(`${JSON.stringify(value, null, 2)}\n`);
  const { work } = context.environment;
  const parts: string[] = [];
  for (const item of items) {
    if (work.crowded()) await work.turn('apiserver');
    parts.push(`    ${JSON.stringify(item, null, 2).replaceAll('\n', '\n    ')}`);
  }
  const above = JSON.stringify(head, null, 2).slice(0, -2);
  return encoder.encode(`${above},\n  "items": [\n${parts.join(',\n')}\n  ]\n}\n`);
}

/** Curl and browsers get indented JSON, as from Kubernetes. */
function wantsPretty({ query, request }: Exchange): boolean {
  const asked = boolean(query, 'pretty');
  return asked ?? /^(curl|Wget|Mozilla\/5\.0)/.test(request.headers.get('user-agent') ?? '');
}
