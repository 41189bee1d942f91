import { canonicalJson, equalJson, isJsonObject, type JsonObject } from '../json.ts';
import type { Kind } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';
import { StatusError } from '../status.ts';
import { fieldsOfConfig } from './applied-config.ts';
import { allChangesBetween } from './changes.ts';
import { difference, type FieldSet, leaf } from './field-set.ts';
import { rootNode } from './merge-node.ts';

/** Where client-side apply keeps the configuration that it applied last. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** Bytes of all annotations together. */
const maxAnnotations = 256 * 1024;

/**
 * The fields that client-side apply set and no other manager changed since: kubectl's server-side apply may take them over without
 * conflict ("Server-Side Apply", "Upgrading from client-side apply").
 */
export function fieldsOfLastApplied(kind: Kind, live: KubernetesObject): FieldSet {
  const text = live.metadata?.annotations?.[lastAppliedAnnotation];
  if (text === undefined || text === '') return leaf;
  const config = parsed(text);
  if (config === undefined || config.apiVersion !== kind.apiVersion) return leaf;
  try {
    const fields = fieldsOfConfig(config, rootNode(kind), '');
    const { written, removed } = allChangesBetween(kind, config as KubernetesObject, live);
    return difference(difference(fields, written), removed);
  } catch (error) {
    if (error instanceof StatusError) return leaf;
    throw error;
  }
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The object with its last-applied annotation, if it has one, made to say what was applied now. */
export function withLastApplied(object: KubernetesObject, applied: KubernetesObject): KubernetesObject {
  const annotations = object.metadata?.annotations;
  if (annotations === undefined || !annotations[lastAppliedAnnotation]) return object;
  const { [lastAppliedAnnotation]: before, ...others } = annotations;
  const text = `${canonicalJson(withoutAnnotation(applied))}\n`;
  const sizes = Object.entries({ ...others, [lastAppliedAnnotation]: text });
  const size = sizes.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  const after = size > maxAnnotations ? others : { ...others, [lastAppliedAnnotation]: text };
  if (equalJson(before, after[lastAppliedAnnotation])) return object;
  return { ...object, metadata: { ...object.metadata, annotations: after } };
}

function withoutAnnotation(applied: KubernetesObject): KubernetesObject {
  const annotations = applied.metadata?.annotations;
  if (annotations === undefined || !(lastAppliedAnnotation in annotations)) return applied;
  const { [lastAppliedAnnotation]: _, ...others } = annotations;
  return { ...applied, metadata: { ...applied.metadata, annotations: others } };
}
