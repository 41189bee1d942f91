import { failures, type StatusCause, type StatusError } from './status.ts';

/** `field.ErrorType`: the cause's `reason`. */
export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueNotFound'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError';

/** One fault in an object: where it is (`spec.containers[0].image`, `data[key]`) and what is wrong, in Kubernetes' words. */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  /** The message without the field: `Required value`, `Invalid value: "x": must be …`. */
  readonly body: string;
}

/** A Go-quoted string (`strconv.Quote`), as Kubernetes' messages print values. */
export function quote(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === '"') out += '\\"';
    else if (char === '\\') out += '\\\\';
    else if (char === '\n') out += '\\n';
    else if (char === '\t') out += '\\t';
    else if (char === '\r') out += '\\r';
    else if (code === 7) out += '\\a';
    else if (code === 8) out += '\\b';
    else if (code === 12) out += '\\f';
    else if (code === 11) out += '\\v';
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (isPrintable(char)) out += char;
    else out += code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return `${out}"`;
}

function isPrintable(char: string): boolean {
  return char === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char);
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'object') return objectText(value);
  return String(value);
}

const objectTexts = new WeakMap<object, string>();

/** A whole list may be named by the faults of each of its items. */
function objectText(value: object): string {
  let text = objectTexts.get(value);
  if (text === undefined) {
    text = JSON.stringify(value);
    if (Object.isFrozen(value)) objectTexts.set(value, text);
  }
  return text;
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`;
}

/** Constructors of field errors, with Kubernetes' wording (`apimachinery/pkg/util/validation/field`). */
export const fieldErrors = {
  required: (field: string, detail = ''): FieldError => ({
    type: 'FieldValueRequired',
    field,
    body: withDetail('Required value', detail),
  }),
  invalid: (field: string, value: unknown, detail = ''): FieldError => ({
    type: 'FieldValueInvalid',
    field,
    body: withDetail(`Invalid value: ${valueText(value)}`, detail),
  }),
  typeInvalid: (field: string, value: unknown, detail = ''): FieldError => ({
    type: 'FieldValueTypeInvalid',
    field,
    body: withDetail(`Invalid value: ${valueText(value)}`, detail),
  }),
  notSupported: (field: string, value: unknown, supported: readonly string[]): FieldError => ({
    type: 'FieldValueNotSupported',
    field,
    body: `Unsupported value: ${valueText(value)}${supported.length > 0 ? `: supported values: ${[...supported].sort().map(quote).join(', ')}` : ''}`,
  }),
  duplicate: (field: string, value: unknown): FieldError => ({
    type: 'FieldValueDuplicate',
    field,
    body: `Duplicate value: ${valueText(value)}`,
  }),
  forbidden: (field: string, detail = ''): FieldError => ({
    type: 'FieldValueForbidden',
    field,
    body: withDetail('Forbidden', detail),
  }),
  notFound: (field: string, value: unknown): FieldError => ({
    type: 'FieldValueNotFound',
    field,
    body: `Not found: ${valueText(value)}`,
  }),
  /** `max` in bytes. */
  tooLong: (field: string, max: number): FieldError => ({
    type: 'FieldValueTooLong',
    field,
    body: `Too long: may not be more than ${max} bytes`,
  }),
  tooMany: (field: string, actual: number, max: number): FieldError => ({
    type: 'FieldValueTooMany',
    field,
    body: `Too many: ${actual}: must have at most ${max} items`,
  }),
  internal: (field: string, detail: string): FieldError => ({
    type: 'InternalError',
    field,
    body: `Internal error: ${detail}`,
  }),
};

/** `field: body`, as a message prints it. */
export function fieldErrorText(error: FieldError): string {
  return error.field === '' ? error.body : `${error.field}: ${error.body}`;
}

/** Characters of faults that an answer lists. */
const maxListed = 2 ** 20;

/**
 * The 422 for an object with these faults: `Pod "x" is invalid: …`, `Deployment.apps "x" is invalid: …`. Of more than 1 Mi characters
 * of faults, the first are listed. `errors` must not be empty.
 */
export function invalid(
  kind: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const listed = firstOf(errors);
  const texts = [...new Set(listed.map(fieldErrorText))];
  if (listed.length < errors.length) texts.push(`and ${errors.length - listed.length} more`);
  const joined = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const causes: StatusCause[] = listed.map((e) => ({ reason: e.type, message: e.body, field: e.field }));
  const qualified = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return failures.unprocessable(`${qualified} ${quote(name)} is invalid: ${joined}`, {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes,
  });
}

function firstOf(errors: readonly FieldError[]): readonly FieldError[] {
  let length = 0;
  const end = errors.findIndex(({ field, body }, i) => {
    length += field.length + body.length;
    return i > 0 && length > maxListed;
  });
  return end < 0 ? errors : errors.slice(0, end);
}
