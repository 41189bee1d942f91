import type { GroupVersionKind } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';
import { failures } from '../status.ts';
import { type FieldReader, selectableFields } from './selectable-fields.ts';

/** One condition on one field. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** A field selector that was read for one kind (Kubernetes "Field Selectors"). */
export interface FieldMatcher {
  matches(object: KubernetesObject): boolean;
  /** All must hold. Callers with an index on a field can look its `=` requirement up instead of asking every object. */
  readonly requirements: readonly FieldRequirement[];
  /** The value that the selector demands of a field, if it demands one. */
  exactly(field: string): string | undefined;
  readonly text: string;
}

const parsed = new Map<string, FieldMatcher>();
const maxParsed = 1024;
/** Longer selectors are read each time: what is kept is bounded in bytes. */
const maxKeptLength = 512;

/**
 * Reads a field selector for objects of a kind: `status.phase!=Running,spec.nodeName=node1`. The empty text matches
 * everything. Selectors read before are shared.
 * @throws StatusError BadRequest if it is malformed, or names a field that the kind does not offer.
 */
export function parseFieldSelector(text: string, kind: Pick<GroupVersionKind, 'group' | 'kind'>): FieldMatcher {
  const id = `${kind.group}/${kind.kind} ${text}`;
  let matcher = parsed.get(id);
  if (matcher === undefined) {
    matcher = new RequirementMatcher(text, kind);
    if (id.length > maxKeptLength) return matcher;
    if (parsed.size >= maxParsed) parsed.clear();
    parsed.set(id, matcher);
  }
  return matcher;
}

/** A value as a field selector must write it: `\`, `,` and `=` get a backslash. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&');
}

class RequirementMatcher implements FieldMatcher {
  readonly requirements: readonly FieldRequirement[];
  readonly text: string;
  readonly #readers: readonly FieldReader[];

  constructor(source: string, kind: Pick<GroupVersionKind, 'group' | 'kind'>) {
    const { fields, aliases, unknown } = selectableFields(kind);
    const readers: FieldReader[] = [];
    this.requirements = requirementsOf(source).map((requirement) => {
      const field = own(aliases, requirement.field) ?? requirement.field;
      const reader = own(fields, field);
      if (reader === undefined) throw failures.badRequest(unknown(requirement.field));
      readers.push(reader);
      return { ...requirement, field };
    });
    this.#readers = readers;
    this.text = this.requirements.map((r) => `${r.field}${r.operator}${escapeFieldValue(r.value)}`).join(',');
  }

  matches(object: KubernetesObject): boolean {
    for (let i = 0; i < this.#readers.length; i++) {
      const { operator, value } = this.requirements[i] as FieldRequirement;
      if (((this.#readers[i] as FieldReader)(object) === value) !== (operator === '=')) return false;
    }
    return true;
  }

  exactly(field: string): string | undefined {
    return this.requirements.find((r) => r.field === field && r.operator === '=')?.value;
  }
}

function own<T>(table: { readonly [name: string]: T } | undefined, name: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}

function requirementsOf(source: string): FieldRequirement[] {
  const terms = source.match(/(?:\\[\s\S]|[^,\\]|\\$)+/g) ?? [];
  return terms.sort().map((term) => {
    const split = /^([^=!]*(?:![^=!]*)*?)(!=|==|=)([\s\S]*)$/.exec(term);
    if (split === null) throw failures.badRequest(`invalid selector: '${source}'; can't understand '${term}'`);
    const [, field = '', operator, value = ''] = split;
    return { field, operator: operator === '!=' ? '!=' : '=', value: unescapeFieldValue(value) };
  });
}

function unescapeFieldValue(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (char === '\\') {
      const next = text[++i];
      if (next !== '\\' && next !== ',' && next !== '=') {
        throw failures.badRequest(`invalid field selector: invalid escape sequence: \\${next ?? ''}`);
      }
      out += next;
    } else if (char === '=') {
      throw failures.badRequest(`invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`);
    } else out += char;
  }
  return out;
}
