import { goScalar } from '@orrery/api/server';
import {
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  dump,
  FAILSAFE_SCHEMA,
  load,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  seqTag,
  YAMLException,
} from 'js-yaml';

/** A document, and the first of its keys that stands twice in its mapping. */
export interface GoYaml {
  readonly value: unknown;
  /** As Kubernetes' strict reader says it; undefined if no key stands twice. */
  readonly duplicate?: string | undefined;
}

/**
 * Reads the first document of a YAML text as Kubernetes' API server does (sigs.k8s.io/yaml), in linear time. Of keys that stand twice,
 * the last one is valid.
 * @param maxDepth of collections in each other
 * @throws YAMLException for anything that is not YAML
 */
export function readGoYaml(text: string, maxDepth: number): GoYaml {
  const document = firstDocument(text);
  try {
    return { value: load(document, { schema, maxDepth }) };
  } catch (error) {
    const duplicate = duplicateIn(document, error);
    if (duplicate === undefined) throw error;
    return { value: load(document, { schema, maxDepth, json: true }), duplicate };
  }
}

/** YAML of a value of JSON, which YAML 1.1 and 1.2 read the same. */
export function writeGoYaml(value: unknown): string {
  const text = dump(value, { schema: written, noRefs: true });
  // A text that ends in empty lines ends the document explicitly, which cannot be part of another one.
  return text.endsWith('\n...\n') ? text.slice(0, -'...\n'.length) : text;
}

const scalarTag = (name: string, is: (value: unknown) => boolean) =>
  defineScalarTag(`tag:yaml.org,2002:${name}`, {
    implicit: true,
    resolve: (source) => {
      const value = goScalar(source);
      return value !== undefined && is(value) ? value : NOT_RESOLVED;
    },
    identify: is,
    represent: (value) => JSON.stringify(value),
  });

const binaryTag = defineScalarTag('tag:yaml.org,2002:binary', {
  resolve: (source) => {
    try {
      return new TextDecoder().decode(Uint8Array.from(atob(source), (char) => char.charCodeAt(0)));
    } catch {
      return NOT_RESOLVED;
    }
  },
  identify: () => false,
});

/** Times are texts. */
const timestampTag = defineScalarTag('tag:yaml.org,2002:timestamp', {
  resolve: (source) => source,
  identify: () => false,
});

/** Objects, whose keys are texts, numbers or booleans. */
const objectTag = defineMappingTag(mapTag.tagName, {
  ...mapTag,
  addPair: (container, key, value) =>
    key === null ? 'unsupported map key of type null' : mapTag.addPair(container, key, value),
});

/** Tags that the reader does not know are passed over. */
const unknownTags = ['!', 'tag:'].flatMap((prefix) => [
  defineScalarTag(prefix, { matchByTagPrefix: true, resolve: (source) => source, identify: () => false }),
  defineSequenceTag(prefix, { ...seqTag, matchByTagPrefix: true, identify: () => false }),
  defineMappingTag(prefix, { ...objectTag, matchByTagPrefix: true, identify: () => false }),
]);

const schema = FAILSAFE_SCHEMA.withTags(
  scalarTag('null', (value) => value === null),
  scalarTag('bool', (value) => typeof value === 'boolean'),
  scalarTag('int', Number.isInteger),
  scalarTag('float', (value) => typeof value === 'number'),
  binaryTag,
  timestampTag,
  mergeTag,
  objectTag,
  ...unknownTags,
);

/** Texts that some reader of YAML takes for a number or a time are quoted. */
const written = schema.withTags(
  defineScalarTag('ambiguous', {
    implicit: true,
    resolve: (source) => (/^[-+.=<0-9]/.test(source) ? source : NOT_RESOLVED),
    identify: () => false,
  }),
);

/** A line that begins with three dashes or dots always ends a document, whatever it stands in. */
function firstDocument(text: string): string {
  const marker = /^(?:---|\.\.\.)(?=\s|$)/gm;
  for (let found = marker.exec(text); found !== null; found = marker.exec(text)) {
    const isStart = found[0] === '---' && /^\ufeff?(?:[ \t\r]*(?:[#%][^\n]*)?\n)*$/.test(text.slice(0, found.index));
    if (!isStart) return text.slice(0, found.index);
  }
  return text;
}

function duplicateIn(document: string, error: unknown): string | undefined {
  if (!(error instanceof YAMLException) || error.reason !== 'duplicated mapping key' || error.mark === undefined)
    return undefined;
  const { line, position } = error.mark;
  const quoted = /["']/.test(document[position - 1] ?? '');
  const [key = ''] = (quoted ? /^[^"']*/ : /^[^:\s,}]*/).exec(document.slice(position, position + maxKey)) ?? [];
  const value = quoted ? undefined : goScalar(key);
  return `yaml: unmarshal errors:\n  line ${line + 1}: key ${value === undefined ? JSON.stringify(key) : String(value)} already set in map`;
}

/** Characters of a key that a message names. */
const maxKey = 256;
