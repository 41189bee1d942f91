import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
  type YAMLMap,
} from 'yaml';
import { isJsonObject } from '../json.ts';
import type { KubernetesObject } from '../object.ts';
import { kubernetesScalars } from './yaml-scalars.ts';

/** One object of a manifest and its position. */
export interface ManifestObject {
  readonly object: KubernetesObject & { readonly apiVersion: string; readonly kind: string };
  /** The file or other source, as it was given. */
  readonly source: string;
  /** The line where the object begins; the first is 1. */
  readonly line: number;
}

/** Why a manifest cannot be read, in one line: `examples/x.yaml:12:3: Map keys must be unique`. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly source: string;
  /** The first line is 1. */
  readonly line: number;
  /** The first column is 1. */
  readonly column: number;
  readonly reason: string;

  constructor(source: string, line: number, column: number, reason: string) {
    super(`${source}:${line}:${column}: ${reason}`);
    this.source = source;
    this.line = line;
    this.column = column;
    this.reason = reason;
  }
}

/**
 * Reads Kubernetes objects from YAML of any number of documents, or JSON. Lists are opened into their items; empty documents
 * are passed over.
 * @param source what to name in errors: the file's path.
 * @throws ManifestError at the first fault: bad syntax, a duplicate field, a document without apiVersion or kind.
 */
export function parseManifest(text: string, source: string): { objects: ManifestObject[] } {
  const reader = new ManifestReader(text, source);
  return { objects: reader.read() };
}

class ManifestReader {
  readonly #text: string;
  readonly #source: string;
  readonly #lines = new LineCounter();

  constructor(text: string, source: string) {
    this.#text = text.startsWith('\ufeff') ? text.slice(1) : text;
    this.#source = source;
  }

  read(): ManifestObject[] {
    try {
      return this.#documents().flatMap((document) => this.#objects(document));
    } catch (error) {
      if (error instanceof RangeError) throw this.#error(0, 'this is nested too deeply');
      throw error;
    }
  }

  #documents(): readonly Document.Parsed[] {
    const documents = parseAllDocuments(this.#text, {
      customTags: kubernetesScalars,
      lineCounter: this.#lines,
      logLevel: 'silent',
      merge: true,
      prettyErrors: false,
      uniqueKeys: true,
    });
    return 'empty' in documents ? [] : documents;
  }

  #objects(document: Document.Parsed): ManifestObject[] {
    const [fault] = document.errors;
    if (fault !== undefined) throw this.#error(fault.pos[0], oneLine(fault.message));
    const node = document.contents;
    if (node === null) return [];
    const value = this.#plain(document, node);
    if (value === null) return [];
    return this.#object(value, node, {});
  }

  #plain(document: Document.Parsed, node: Node): unknown {
    const fault = withoutJson(document);
    if (fault !== undefined) throw this.#error(startOf(fault.node), fault.reason);
    try {
      return document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      if (error instanceof ReferenceError)
        throw this.#error(startOf(badAlias(document) ?? node), oneLine(error.message));
      throw error;
    }
  }

  #object(value: unknown, node: Node, inherited: { apiVersion?: string; kind?: string }): ManifestObject[] {
    if (!isJsonObject(value)) {
      throw this.#error(startOf(node), `expected an object with apiVersion and kind, found ${describe(value)}`);
    }
    const object = { ...inherited, ...value };
    for (const field of ['apiVersion', 'kind'] as const) {
      const text: unknown = object[field];
      if (text === undefined || text === null || text === '') throw this.#error(startOf(node), `${field} is missing`);
      if (typeof text !== 'string') throw this.#error(startOf(node), `${field} is ${describe(text)}, not a text`);
    }
    const typed = object as ManifestObject['object'];
    const items: unknown = (object as { items?: unknown }).items;
    if (typed.kind.endsWith('List') && (Array.isArray(items) || typed.kind === 'List')) {
      return this.#items(typed, Array.isArray(items) ? items : [], node);
    }
    return [{ object: typed, source: this.#source, line: this.#lines.linePos(startOf(node)).line }];
  }

  /** Items of a typed list (`PodList`) may leave their type to the list. */
  #items(list: ManifestObject['object'], items: readonly unknown[], node: Node): ManifestObject[] {
    const inherited = list.kind === 'List' ? {} : { apiVersion: list.apiVersion, kind: list.kind.slice(0, -4) };
    const itemsNode = isMap(node) ? (node as YAMLMap).get('items', true) : undefined;
    return items.flatMap((item, i) => {
      const itemNode = isSeq(itemsNode) ? (itemsNode.items[i] as Node | undefined) : undefined;
      return this.#object(item, itemNode ?? node, inherited);
    });
  }

  #error(offset: number, reason: string): ManifestError {
    const { line, col } = this.#lines.linePos(offset);
    return new ManifestError(this.#source, Math.max(line, 1), Math.max(col, 1), reason);
  }
}

/** The first value or key that JSON has no form for. */
function withoutJson(document: Document.Parsed): { readonly node: Node; readonly reason: string } | undefined {
  let found: { readonly node: Node; readonly reason: string } | undefined;
  visit(document, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value !== 'number' || Number.isFinite(scalar.value)) return undefined;
      found = { node: scalar, reason: `${scalar.source} is not a number of JSON` };
      return visit.BREAK;
    },
    Pair: (_, { key }) => {
      if (!isNode(key) || isAlias(key) || (isScalar(key) && key.value !== null)) return undefined;
      found = { node: key, reason: `a key is ${isScalar(key) ? 'null' : 'a collection'}, not a text` };
      return visit.BREAK;
    },
  });
  return found;
}

/** The first alias that refers to nothing. */
function badAlias(document: Document.Parsed): Node | undefined {
  let found: Node | undefined;
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function oneLine(message: string): string {
  return message.replaceAll(/\s*\n\s*/g, ' ').trim();
}

function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'a text' : `the ${typeof value} ${String(value)}`;
}
