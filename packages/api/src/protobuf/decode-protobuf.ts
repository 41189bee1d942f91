import type { KindRegistry } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';
import { failures } from '../status.ts';
import { decodeMessage } from './decode-message.ts';
import { messageNameOf, messageOf } from './message-table.ts';
import { WireError, WireReader } from './wire-reader.ts';

/** What every body of `application/vnd.kubernetes.protobuf` begins with: `k8s` and a zero. */
export const protobufMagic: readonly number[] = [0x6b, 0x38, 0x73, 0x00];

/** The types that can be in protobuf bodies. Lists, options and subresources are found without being kinds. */
export type ProtobufKinds = Pick<KindRegistry, 'byKind'>;

/** `runtime.Unknown`: the envelope around an object. */
interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
  contentEncoding: string;
  contentType: string;
}

/**
 * An object from a body of `application/vnd.kubernetes.protobuf`, as a client that speaks JSON would have sent it: what is
 * always there in protobuf but says nothing (empty strings, zeros, times that are not set) is left out.
 * @throws StatusError BadRequest if the bytes are malformed or of an unknown type, UnsupportedMediaType for kinds that have no
 * protobuf form (custom ones).
 */
export function decodeProtobuf(bytes: Uint8Array, kinds: ProtobufKinds): KubernetesObject {
  try {
    return decode(bytes, kinds);
  } catch (error) {
    if (error instanceof WireError) throw failures.badRequest(`unable to decode protobuf: ${error.message}`);
    throw error;
  }
}

function decode(bytes: Uint8Array, kinds: ProtobufKinds): KubernetesObject {
  if (!protobufMagic.every((byte, i) => bytes[i] === byte)) {
    throw new WireError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const envelope = readEnvelope(new WireReader(bytes, protobufMagic.length));
  const { apiVersion, kind, raw } = envelope;
  if (envelope.contentEncoding !== '') throw new WireError(`content encoding ${envelope.contentEncoding} is unknown`);
  if (apiVersion === '' || kind === '') throw new WireError('the object has no apiVersion or kind');
  const known = kinds.byKind(apiVersion, kind);
  const name = known?.custom === true ? undefined : (messageNameOf(apiVersion, kind) ?? known?.type);
  const message = name === undefined ? undefined : messageOf(name);
  if (message === undefined) {
    if (known !== undefined) throw failures.unsupportedMediaType(['application/json', 'application/yaml']);
    throw failures.badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
  }
  return { apiVersion, kind, ...decodeMessage(new WireReader(raw), message) };
}

function readEnvelope(reader: WireReader): Envelope {
  const envelope: Envelope = { apiVersion: '', kind: '', raw: new Uint8Array(), contentEncoding: '', contentType: '' };
  while (!reader.atEnd) {
    const { number, type } = reader.tag();
    if (type !== 2) reader.skip(type);
    else if (number === 1) readTypeMeta(reader.part(), envelope);
    else if (number === 2) envelope.raw = reader.bytes();
    else if (number === 3) envelope.contentEncoding = reader.string();
    else if (number === 4) envelope.contentType = reader.string();
    else reader.skip(type);
  }
  return envelope;
}

function readTypeMeta(reader: WireReader, envelope: Envelope): void {
  while (!reader.atEnd) {
    const { number, type } = reader.tag();
    if (type === 2 && number === 1) envelope.apiVersion = reader.string();
    else if (type === 2 && number === 2) envelope.kind = reader.string();
    else reader.skip(type);
  }
}
