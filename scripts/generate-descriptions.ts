/**
 * Writes what Kubernetes says of its types and fields, for `kubectl explain`: the texts are the doc comments that the
 * package `kubernetes-models` carries over from Kubernetes' published API (Apache-2.0).
 *
 *     node scripts/generate-descriptions.ts
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinResources, builtinTypeNames } from '../packages/api/src/builtin-types.ts';

const models = new URL('../packages/api/node_modules/kubernetes-models/', import.meta.url);
const machinery = new URL('../packages/api/node_modules/@kubernetes-models/apimachinery/', import.meta.url);
const target = new URL('../packages/api/src/data/descriptions-1.35.json', import.meta.url);

const machineryFolders: { readonly [prefix: string]: string } = {
  'meta.v1': 'apis/meta/v1',
  'api.resource': 'api/resource',
  'util.intstr': 'util/intstr',
  runtime: 'runtime',
  version: 'version',
};

const groupFolders = new Map<string, string>();
for (const { type, group, version } of builtinResources) {
  groupFolders.set(type.slice(0, type.lastIndexOf('.')), group === '' ? version : `${group}/${version}`);
}

function declarationFile(type: string): URL {
  const prefix = type.slice(0, type.lastIndexOf('.'));
  const name = type.slice(prefix.length + 1);
  const folder = machineryFolders[prefix];
  if (folder !== undefined) return new URL(`${folder}/${name}.d.ts`, machinery);
  return new URL(`${groupFolders.get(prefix)}/${name}.d.ts`, models);
}

interface Described {
  readonly own: string;
  readonly fields: ReadonlyMap<string, { readonly text: string; readonly values: readonly string[] }>;
}

/** Reads the comments before the interface (or alias) and before each of its fields. */
function readDeclaration(source: string, name: string): Described {
  const fields = new Map<string, { text: string; values: readonly string[] }>();
  let own = '';
  let inside = false;
  let comment = '';
  for (const line of commentsJoined(source)) {
    if (line.startsWith('/**')) comment = line;
    else if (line.startsWith(`export interface I${name} `) || line.startsWith(`export type I${name} `)) {
      own = commentText(comment);
      comment = '';
      inside = line.endsWith('{');
    } else if (inside && line === '}') inside = false;
    else if (inside) {
      const field = /^ {4}"([^"]+)"\??: (.*)$/.exec(line);
      if (field === null) continue;
      const [, key = '', type = ''] = field;
      const items = /^Array<(.*)>;$/.exec(type)?.[1];
      fields.set(key, { text: commentText(comment), values: literalValues(items ?? type) });
      comment = '';
    }
  }
  return { own, fields };
}

/** Lines of the source, each comment as one line of its own that keeps its inner line breaks. */
function* commentsJoined(source: string): Iterable<string> {
  let comment: string[] | undefined;
  for (const line of source.split('\n')) {
    if (comment === undefined && !line.trimStart().startsWith('/**')) yield line;
    else {
      comment = [...(comment ?? []), line.trim()];
      if (!line.trimEnd().endsWith('*/')) continue;
      yield comment.join('\n');
      comment = undefined;
    }
  }
}

function commentText(comment: string): string {
  return comment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
    .split('\n')
    .map((line) => line.replace(/^\* ?/, ''))
    .join('\n')
    .trim();
}

/** The texts of a union of literals such as `"Always" | "Never"`. */
function literalValues(type: string): string[] {
  const union = type.replace(/;$/, '');
  const literals = union.split(' | ');
  if (!literals.every((literal) => /^"[^"]*"$/.test(literal))) return [];
  return literals.map((literal) => literal.slice(1, -1));
}

const texts: string[] = [];
const numberOf = new Map<string, number>();
function textNumber(text: string): number {
  let number = numberOf.get(text);
  if (number === undefined) {
    number = texts.push(text) - 1;
    numberOf.set(text, number);
  }
  return number;
}

const types: { [type: string]: { [field: string]: number } } = {};
const enums: { [type: string]: { [field: string]: readonly string[] } } = {};
let missing = 0;
for (const type of builtinTypeNames()) {
  const file = declarationFile(type);
  if (!existsSync(file)) {
    missing++;
    continue;
  }
  const { own, fields } = readDeclaration(readFileSync(file, 'utf8'), type.slice(type.lastIndexOf('.') + 1));
  const entry: { [field: string]: number } = {};
  if (own !== '') entry[''] = textNumber(own);
  for (const [field, { text, values }] of fields) {
    if (text !== '') entry[field] = textNumber(text);
    if (values.length > 0 && field !== 'kind' && field !== 'apiVersion') {
      enums[type] ??= {};
      enums[type][field] = values;
    }
  }
  if (Object.keys(entry).length > 0) types[type] = entry;
}

const rows = (entries: { [key: string]: unknown }): string =>
  Object.entries(entries)
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    .join(',\n');
writeFileSync(
  target,
  `{"source":"Kubernetes 1.35 API documentation (Apache-2.0), through kubernetes-models",\n"texts":[\n${texts.map((text) => JSON.stringify(text)).join(',\n')}\n],\n"types":{\n${rows(types)}\n},\n"enums":{\n${rows(enums)}\n}}\n`,
);
console.log(
  `${texts.length} texts of ${Object.keys(types).length} types; ${missing} types are not in kubernetes-models`,
);
