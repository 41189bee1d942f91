import type { Representation } from '../rest/media-type.ts';
import { boolean } from '../rest/query.ts';
import type { ApiResponse, ApiResponseHeaders } from './api-response.ts';
import type { Exchange } from './exchange.ts';
import { ListBody } from './list-body.ts';
import { indentedForm, yamlForm } from './list-forms.ts';
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
    const body = encoder.encode((await goYaml()).writeGoYaml(JSON.parse(decoder.decode(json))));
    return reply(exchange, body, { ...options, contentType: 'application/yaml' });
  }
  const body = wantsPretty(exchange) ? indented(json) : json;
  return reply(exchange, body, { ...options, contentType: 'application/json' });
}

/** Builds a response from a list, which is streamed if it is long. */
export async function replyList(
  exchange: Exchange,
  json: ListJson,
  encoding: Representation['encoding'],
): Promise<ApiResponse> {
  const isYaml = encoding === 'yaml';
  const written = isYaml
    ? json.as(yamlForm((await goYaml()).writeGoYaml))
    : wantsPretty(exchange)
      ? json.as(indentedForm)
      : json;
  const first = written.take();
  const body = written.done ? first : new ListBody(exchange, first, written);
  return reply(exchange, body, { contentType: isYaml ? 'application/yaml' : 'application/json' });
}

/** Loaded when it is first needed. */
const goYaml = () => import('../rest/go-yaml.ts');

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function indented(json: Uint8Array): Uint8Array {
  return encoder.encode(`${JSON.stringify(JSON.parse(decoder.decode(json)), null, 2)}\n`);
}

/** Curl and browsers get indented JSON, as from Kubernetes. */
function wantsPretty({ query, request }: Exchange): boolean {
  const asked = boolean(query, 'pretty');
  return asked ?? /^(curl|Wget|Mozilla\/5\.0)/.test(request.headers.get('user-agent') ?? '');
}
