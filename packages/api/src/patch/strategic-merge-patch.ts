import { equalJson, isJsonObject, type JsonObject } from '../json.ts';
import { type ParsedType, parseType, type TypeTable } from '../schema.ts';
import { failures } from '../status.ts';
import { goText } from './go-text.ts';
import { rejected } from './json-patch.ts';
import { MergeWork } from './merge-work.ts';
import { type MergeRules, mergedList, orderedList } from './strategic-list.ts';

const patchDirective = '$patch';
const retainKeysDirective = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList';
const orderPrefix = '$setElementOrder';

type Fields = { [field: string]: unknown };

/** How a field's own value is patched, as the type table says. */
interface FieldRule {
  /** The type of the field's value, or of its items if it is a list; undefined where the table knows none. */
  readonly type: ParsedType | undefined;
  readonly strategy: 'merge' | 'replace' | undefined;
  readonly mergeKey: string | undefined;
}

/**
 * An object changed by a strategic merge patch: a merge patch that also merges lists, by the merge keys of the type table,
 * and obeys the directives `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/…` and `$setElementOrder/…` (Kubernetes
 * "Strategic Merge Patch"). What the patch leaves equal is shared with the document.
 * @param type the document's type in the table.
 * @throws StatusError BadRequest if a directive is malformed or a merge key is missing, Invalid for lists of lists,
 *   RequestEntityTooLarge if the patch changes the same lists and maps over and over, so that it would take more than linear time
 */
export function applyStrategicMergePatch(document: unknown, patch: unknown, type: string, types: TypeTable): unknown {
  if (!isJsonObject(patch)) throw failures.badRequest('invalid JSON document');
  return new StrategicMerge(types, new MergeWork(document, patch)).object(document, patch, parseType(type));
}

class StrategicMerge {
  readonly #types: TypeTable;
  readonly #work: MergeWork;

  constructor(types: TypeTable, work: MergeWork) {
    this.#types = types;
    this.#work = work;
  }

  object(document: unknown, patch: JsonObject, type: ParsedType | undefined): unknown {
    const original: JsonObject = isJsonObject(document) ? document : {};
    if (Object.hasOwn(patch, patchDirective)) return replaced(patch);

    let result: Fields | undefined;
    const set = (field: string, value: unknown): void => {
      const before = result ?? original;
      if (Object.hasOwn(before, field) ? before[field] === value : value === undefined) return;
      if (result === undefined) {
        result = { ...original };
        this.#work.visit(Object.keys(result).length);
      }
      if (value === undefined) delete result[field];
      else Object.defineProperty(result, field, { value, enumerable: true, writable: true, configurable: true });
    };
    const current = (field: string): unknown => {
      const now = result ?? original;
      return Object.hasOwn(now, field) ? now[field] : undefined;
    };

    const retained = retainedKeys(patch);
    if (retained !== undefined) {
      for (const field of Object.keys(original)) if (!retained.has(field)) set(field, undefined);
    }
    const ordered = new Set<string>();
    for (const field of Object.keys(patch)) {
      if (!field.startsWith(orderPrefix)) continue;
      const listField = directiveTarget(field, orderPrefix, 'setElementOrder');
      ordered.add(listField);
      const change = Object.hasOwn(patch, listField) ? patch[listField] : undefined;
      if (change === null) set(listField, undefined);
      else set(listField, this.#orderedField(current(listField), change, patch[field], this.#rule(type, listField)));
    }
    for (const field of Object.keys(patch)) {
      if (field === retainKeysDirective || field.startsWith(orderPrefix) || ordered.has(field)) continue;
      if (field.startsWith(deletePrefix)) {
        const listField = directiveTarget(field, deletePrefix, 'primitive');
        set(listField, this.#withoutItems(current(listField), patch[field]));
        continue;
      }
      const change = patch[field];
      if (change === undefined) continue;
      set(field, change === null ? undefined : this.#field(current(field), change, this.#rule(type, field)));
    }
    return result ?? original;
  }

  #field(before: unknown, change: unknown, rule: FieldRule): unknown {
    if (isJsonObject(change)) {
      if (isJsonObject(before) && rule.strategy !== 'replace') return this.object(before, change, rule.type);
      return sameOr(before, withoutDirectives(change));
    }
    if (Array.isArray(change) && Array.isArray(before) && rule.strategy === 'merge') {
      return this.#list(before, change, rule);
    }
    return sameOr(before, withoutDirectives(change));
  }

  #list(before: readonly unknown[], change: readonly unknown[], rule: FieldRule): unknown {
    if (before.length === 0 && change.length === 0) return before;
    this.#work.visit(before.length + change.length);
    return sameItemsOr(before, mergedList(before, change, this.#rules(rule)));
  }

  #orderedField(before: unknown, change: unknown, order: unknown, rule: FieldRule): unknown {
    if (!Array.isArray(order)) throw malformed('setElementOrder');
    for (const list of [before, change]) {
      if (list !== undefined && !Array.isArray(list))
        throw failures.badRequest('expected a list, but received another value');
    }
    const live = before as readonly unknown[] | undefined;
    const patch = change as readonly unknown[] | undefined;
    if (live === undefined && patch === undefined) return undefined;
    this.#work.visit((live?.length ?? 0) + (patch?.length ?? 0) + order.length);
    if (rule.strategy !== 'merge') return patch === undefined ? live : this.#field(live, patch, rule);
    return sameItemsOr(live, orderedList(live, patch, order, this.#rules(rule)));
  }

  #withoutItems(before: unknown, removed: unknown): unknown {
    this.#work.visit((Array.isArray(before) ? before.length : 0) + (Array.isArray(removed) ? removed.length : 0));
    return withoutItems(before, removed);
  }

  #rules(rule: FieldRule): MergeRules {
    return {
      mergeKey: rule.mergeKey,
      typeText: rule.type?.kind === 'ref' ? rule.type.name : '',
      merge: (before, patch) => this.object(before, patch, rule.type),
      clean: withoutDirectives,
    };
  }

  #rule(type: ParsedType | undefined, field: string): FieldRule {
    if (type?.kind === 'map') return { type: itemsOf(type.values), strategy: undefined, mergeKey: undefined };
    const fields = type?.kind === 'ref' ? this.#types.get(type.name)?.fields : undefined;
    const info = fields !== undefined && Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (info === undefined) return { type: undefined, strategy: undefined, mergeKey: undefined };
    const strategies = info.patchStrategy?.split(',') ?? [];
    return {
      type: itemsOf(parseType(info.type)),
      strategy: strategies.includes('merge') ? 'merge' : strategies.includes('replace') ? 'replace' : undefined,
      mergeKey: info.patchMergeKey,
    };
  }
}

function itemsOf(type: ParsedType): ParsedType {
  return type.kind === 'list' ? type.items : type;
}

/** What a map with a `$patch` directive becomes. */
function replaced(patch: JsonObject): unknown {
  const { [patchDirective]: directive, ...rest } = patch;
  if (directive === 'replace') return withoutDirectives(rest);
  if (directive === 'delete') return {};
  throw failures.badRequest(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
}

function retainedKeys(patch: JsonObject): ReadonlySet<unknown> | undefined {
  if (!Object.hasOwn(patch, retainKeysDirective)) return undefined;
  const list = patch[retainKeysDirective];
  if (!Array.isArray(list)) throw malformed('retainKeys');
  const retained = new Set<unknown>(list);
  for (const [field, value] of Object.entries(patch)) {
    const directive = field === retainKeysDirective || field.startsWith(deletePrefix) || field.startsWith(orderPrefix);
    if (!directive && value !== null && !retained.has(field)) throw malformed('retainKeys');
  }
  return retained;
}

type Malformed = 'retainKeys' | 'setElementOrder' | 'primitive';

function malformed(directive: Malformed): Error {
  const what = { retainKeys: 'retainKeys', setElementOrder: 'setElementOrder list', primitive: 'primitive list' };
  return failures.badRequest(`invalid patch format of ${what[directive]}`);
}

/** The list that a directive such as `$setElementOrder/containers` is about. */
function directiveTarget(field: string, prefix: string, directive: Malformed): string {
  if (!field.startsWith(`${prefix}/`)) throw malformed(directive);
  return field.slice(prefix.length + 1);
}

function withoutItems(before: unknown, removed: unknown): unknown {
  if (!Array.isArray(removed)) throw malformed('primitive');
  if (!Array.isArray(before)) return before;
  if (removed.some(Array.isArray) || before.some(Array.isArray)) throw rejected();
  if (before.some(isJsonObject)) throw malformed('primitive');
  const gone = new Set<unknown>(removed);
  return sameItemsOr(
    before,
    before.filter((item) => !gone.has(item)),
  );
}

/** A patch's value as it is stored where nothing was to merge with: without directives, and without nulls in objects. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isDirective(item)).map(withoutDirectives);
  if (!isJsonObject(value)) return value;
  const result: [string, unknown][] = [];
  for (const [field, child] of Object.entries(value)) {
    if (child === null || child === undefined || isDirective(child) || isListDirective(field)) continue;
    result.push([field, withoutDirectives(child)]);
  }
  return Object.fromEntries(result);
}

function isDirective(value: unknown): boolean {
  return isJsonObject(value) && Object.hasOwn(value, patchDirective);
}

function isListDirective(field: string): boolean {
  return field === retainKeysDirective || field.startsWith(orderPrefix) || field.startsWith(deletePrefix);
}

function sameOr(before: unknown, after: unknown): unknown {
  return equalJson(before, after) ? before : after;
}

function sameItemsOr(before: readonly unknown[] | undefined, after: readonly unknown[]): readonly unknown[] {
  if (before?.length !== after.length) return after;
  return after.every((item, i) => item === before[i]) ? before : after;
}
