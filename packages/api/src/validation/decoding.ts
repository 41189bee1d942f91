import { type FieldError, fieldErrors, quote } from '../field-error.ts';
import { failures } from '../status.ts';
import { goStringType } from './go-types.ts';

/** How deep lists and objects may be nested in a body. */
const maxDepth = 100;

/** Maximum number of unknown fields that are reported, as in Kubernetes. */
const maxReported = 100;

/**
 * How type errors are reported: `go` for built-in kinds (the first one ends in 400 BadRequest with Go's wording), `openapi`
 * for custom kinds (all of them end in 422 with the wording of a CustomResourceDefinition's schema).
 */
export type FaultStyle = 'go' | 'openapi';

/** The JSON type of a value, as Go's decoder calls it. */
export function goJsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** The JSON type of a value, as OpenAPI calls it. */
function openApiType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** What is known while one body is decoded: where we are, and what was found wrong so far. */
export class Decoding {
  readonly unknownFields: string[] = [];
  readonly fieldFaults: FieldError[] = [];
  /** The first fault in Go's wording. */
  fault: string | undefined;
  /** Where we are: fields, map keys and list indexes. */
  readonly path: (string | number)[] = [];
  /** Where we are in Go's eyes: fields of structs alone. */
  readonly fields: string[] = [];
  /** Name of the innermost struct. */
  struct = '';

  /** The path as Kubernetes prints it in decoding errors: `spec.containers[0].image`. */
  pathText(last?: string): string {
    let text = '';
    for (const step of this.path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`;
    if (last === undefined) return text;
    return text === '' ? last : `${text}.${last}`;
  }

  /** @throws StatusError BadRequest if the current path is too long. */
  checkDepth(): void {
    if (this.path.length > maxDepth) throw tooDeep();
  }

  unknownField(name: string): void {
    if (this.unknownFields.length < maxReported) this.unknownFields.push(`unknown field ${quote(this.pathText(name))}`);
  }

  /** A fault in the words of the check that found it. */
  failed(fault: string): undefined {
    this.fault ??= fault;
    return undefined;
  }

  /** A value of the wrong JSON type, in Go's words. */
  mistyped(value: unknown, goType: string, shown = goJsonType(value)): undefined {
    if (this.fault === undefined) {
      const where = this.fields.length === 0 ? 'Go value' : `Go struct field ${this.struct}.${this.fields.join('.')}`;
      this.fault = `json: cannot unmarshal ${shown} into ${where} of type ${goType}`;
    }
    return undefined;
  }

  /** A value of the wrong JSON type, in a custom kind. */
  wrongType(value: unknown, expected: string): undefined {
    const path = this.pathText();
    const actual = openApiType(value);
    this.fieldFaults.push(
      fieldErrors.typeInvalid(path, actual, `${path} in body must be of type ${expected}: ${quote(actual)}`),
    );
    return undefined;
  }

  /** Go's type of the string field that we are in. */
  goStringType(): string {
    return goStringType(this.struct, this.fields.at(-1) ?? '');
  }

  /** A value of the right type that is not in its format, in a custom kind. */
  wrongFormat(value: unknown, detail: string): undefined {
    const path = this.pathText();
    this.fieldFaults.push(fieldErrors.invalid(path, value, `${path} in body ${detail}`));
    return undefined;
  }
}

/** Checks that free-form JSON is not nested too deep below the current path. @throws StatusError BadRequest */
export function checkFreeForm(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > maxDepth) throw tooDeep();
  for (const child of Object.values(value)) checkFreeForm(child, depth + 1);
}

function tooDeep(): Error {
  return failures.badRequest(`the object is nested too deep: at most ${maxDepth} levels are allowed`);
}
