import { textToBase64 } from '../base64.ts';
import { fieldErrors, invalid, quote } from '../field-error.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { builtinKinds, type Kind, parseApiVersion } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';
import { failures } from '../status.ts';
import { Decoding, goJsonType } from './decoding.ts';
import { typeDecoder } from './type-decoder.ts';

/** What to do about fields that a type does not have (query parameter `fieldValidation`, KEP-2885). */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** An object that has the form of its type, and texts for `Warning` headers. */
export interface DecodedObject {
  readonly object: KubernetesObject;
  readonly warnings: readonly string[];
}

const metaStruct =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/**
 * Checks a body from outside against the kind's type, and returns it in its stored form: no unknown fields, no
 * nulls, quantities and times in canonical text. Parts in which nothing changes are shared with the input. An absent
 * `apiVersion` or `kind` is filled in. `known` is the object as it is stored in this version, if it is: what the body shares
 * with it (`===`, in the same place) is not looked at again.
 * @throws StatusError BadRequest for a body that is not of the kind, a field of the wrong type and, when validation is
 * strict, an unknown field; Invalid for a custom kind's field of the wrong type.
 */
export function decodeObject(
  kind: Kind,
  body: unknown,
  fieldValidation: FieldValidation,
  known?: KubernetesObject,
): DecodedObject {
  const identity = checkIdentity(kind, body);
  const state = new Decoding();
  const decoded = typeDecoder(kind.types, kind.type, kind.custom ? 'openapi' : 'go')(identity, state, known);
  if (state.fault !== undefined) throw cannotBeHandled(kind, state.fault);
  if (fieldValidation === 'Strict' && state.unknownFields.length > 0) {
    throw cannotBeHandled(kind, `strict decoding error: ${state.unknownFields.join(', ')}`);
  }
  const object = decoded as KubernetesObject;
  if (state.fieldFaults.length > 0) throw invalid(kind, nameIn(identity), state.fieldFaults);
  return {
    object: kind.type === 'core.v1.Secret' ? mergeStringData(object) : object,
    warnings: fieldValidation === 'Warn' ? state.unknownFields : [],
  };
}

/** The body as an object that says what it is. */
function checkIdentity(kind: Kind, body: unknown): JsonObject {
  if (!isJsonObject(body)) {
    throw unrecognized(kind, `json: cannot unmarshal ${goJsonType(body)} into Go value of type ${metaStruct}`, body);
  }
  const { apiVersion = kind.apiVersion, kind: name = kind.kind } = body;
  for (const [field, value] of [
    ['apiVersion', apiVersion],
    ['kind', name],
  ] as const) {
    if (typeof value !== 'string' && value !== null) {
      const fault = `json: cannot unmarshal ${goJsonType(value)} into Go struct field .${field} of type string`;
      throw unrecognized(kind, fault, body);
    }
  }
  if (apiVersion === kind.apiVersion && name === kind.kind) {
    return body.apiVersion === undefined || body.kind === undefined ? withIdentity(kind, body) : body;
  }
  return checkMismatch(
    kind,
    body,
    (apiVersion as string | null) || kind.apiVersion,
    (name as string | null) || kind.kind,
  );
}

function checkMismatch(kind: Kind, body: JsonObject, apiVersion: string, name: string): JsonObject {
  if (kind.custom) {
    const faults = [
      ...(apiVersion === kind.apiVersion
        ? []
        : [fieldErrors.invalid('apiVersion', apiVersion, `must be ${kind.apiVersion}`)]),
      ...(name === kind.kind ? [] : [fieldErrors.invalid('kind', name, `must be ${kind.kind}`)]),
    ];
    if (faults.length > 0) throw invalid(kind, nameIn(body), faults);
  }
  if (name !== kind.kind) {
    const { group, version } = parseApiVersion(apiVersion);
    const known = builtinKinds.find((other) => other.kind === name && other.apiVersion === apiVersion);
    const why =
      known === undefined
        ? `no kind ${quote(name)} is registered for version ${quote(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`
        : `converting (v1.${name}) to (${kind.group === '' ? 'core' : kind.group.split('.')[0]}.${kind.kind}): unknown conversion`;
    if (group !== kind.group || version !== kind.version) throw wrongVersion(apiVersion, kind);
    throw failures.badRequest(`${name} in version ${quote(version)} cannot be handled as a ${kind.kind}: ${why}`);
  }
  if (apiVersion !== kind.apiVersion) throw wrongVersion(apiVersion, kind);
  return withIdentity(kind, body);
}

function wrongVersion(apiVersion: string, kind: Kind): Error {
  return failures.badRequest(
    `the API version in the data (${apiVersion}) does not match the expected API version (${kind.apiVersion})`,
  );
}

function withIdentity(kind: Kind, body: JsonObject): JsonObject {
  return { ...body, apiVersion: kind.apiVersion, kind: kind.kind };
}

function cannotBeHandled(kind: Kind, why: string): Error {
  return failures.badRequest(
    `${kind.kind} in version ${quote(kind.version)} cannot be handled as a ${kind.kind}: ${why}`,
  );
}

function unrecognized(kind: Kind, why: string, body: unknown): Error {
  const text = JSON.stringify(body) ?? '';
  const summary = text.length > 30 ? `${text.slice(0, 30)} ...` : text;
  return failures.badRequest(
    `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: ${why} (${summary})`,
  );
}

function nameIn(body: JsonObject): string {
  const { metadata } = body;
  return isJsonObject(metadata) && typeof metadata.name === 'string' ? metadata.name : '';
}

/** `stringData` is for writing alone: it overrides `data` key by key and is never given back. */
function mergeStringData(object: KubernetesObject): KubernetesObject {
  const { stringData, ...secret } = object as KubernetesObject & {
    readonly stringData?: { readonly [key: string]: string };
    readonly data?: { readonly [key: string]: string };
  };
  if (stringData === undefined) return object;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, textToBase64(text)] as const);
  const data = Object.fromEntries([...Object.entries(secret.data ?? {}), ...encoded]);
  return { ...secret, data } as KubernetesObject;
}
