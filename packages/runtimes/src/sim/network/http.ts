import type { HttpHeader, HttpRequest, HttpResponse } from '../../http.ts';

export type { HttpHeader, HttpRequest, HttpResponse };

/** What answers requests at a port. */
export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** The value of a header; undefined where it is missing. */
export function headerOf(headers: readonly HttpHeader[], name: string): string | undefined {
  const lower = name.toLowerCase();
  return headers.find((header) => header.name.toLowerCase() === lower)?.value;
}

/** A short text as a response. */
export function textResponse(status: number, body: string, type = 'text/plain'): HttpResponse {
  return { status, headers: { 'Content-Type': type }, body };
}

const reasons: { readonly [status: number]: string } = {
  101: 'Switching Protocols',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** `Not Found` for 404. */
export function reasonPhrase(status: number): string {
  return reasons[status] ?? 'Unknown';
}
