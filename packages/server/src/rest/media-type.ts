import { failures } from '@orrery/api';

/** One media type of an Accept or Content-Type header. */
export interface MediaType {
  /** Lower case, without parameters: `application/json`. */
  readonly type: string;
  readonly parameters: { readonly [name: string]: string };
}

/** The representation of objects that a client asks for: the encoding, and an optional replacement. */
export interface Representation {
  readonly encoding: 'json' | 'yaml';
  /** The `object` itself, a `Table` for people, or only the metadata. */
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata';
  /** Version of `meta.k8s.io` that the table or metadata is written in. */
  readonly version: 'v1' | 'v1beta1';
}

/** Media types of request bodies. */
export const bodyTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'] as const;

/** Parses a header such as `application/json;as=Table;v=v1,application/json;q=0.5`; best first. */
export function parseMediaTypes(header: string): readonly MediaType[] {
  const types: { readonly type: MediaType; readonly quality: number }[] = [];
  for (const entry of header.split(',')) {
    const [name = '', ...rest] = entry.split(';').map((part) => part.trim());
    if (name === '') continue;
    const parameters: { [name: string]: string } = Object.create(null);
    for (const parameter of rest) {
      const equals = parameter.indexOf('=');
      if (equals > 0) parameters[parameter.slice(0, equals).toLowerCase()] = unquote(parameter.slice(equals + 1));
    }
    const quality = Number(parameters.q ?? 1);
    types.push({ type: { type: name.toLowerCase(), parameters }, quality: Number.isNaN(quality) ? 1 : quality });
  }
  // The sort is stable: among equals, the client's order decides.
  return types.sort((a, b) => b.quality - a.quality).map(({ type }) => type);
}

function unquote(text: string): string {
  return text.startsWith('"') && text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text;
}

const plainJson: Representation = { encoding: 'json', as: 'object', version: 'v1' };
const negotiated = new Map<string, Representation>();

/**
 * Negotiates the representation for an Accept header. JSON is always available; protobuf is not.
 * @throws StatusError NotAcceptable if the client accepts none of the available types
 */
export function negotiate(accept: string | undefined): Representation {
  if (accept === undefined || accept === '') return plainJson;
  let found = negotiated.get(accept);
  if (found === undefined) {
    found = choose(accept);
    // Clients send the same few headers over and over; the bound keeps a hostile one from filling the memory.
    if (negotiated.size < 1000 && accept.length < 512) negotiated.set(accept, found);
  }
  return found;
}

function choose(accept: string): Representation {
  for (const { type, parameters } of parseMediaTypes(accept)) {
    const encoding = encodingOf(type);
    if (encoding === undefined) continue;
    const as = parameters.as;
    if (as === undefined) return { ...plainJson, encoding };
    const version = parameters.v;
    if ((version !== 'v1' && version !== 'v1beta1') || parameters.g !== 'meta.k8s.io') continue;
    if (as === 'Table') return { encoding, as, version };
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') {
      return { encoding, as: 'PartialObjectMetadata', version };
    }
  }
  throw failures.notAcceptable(['application/json', 'application/yaml']);
}

function encodingOf(type: string): 'json' | 'yaml' | undefined {
  switch (type) {
    case 'application/json':
    case 'application/*':
    case '*/*':
      return 'json';
    case 'application/yaml':
      return 'yaml';
    default:
      return undefined;
  }
}
