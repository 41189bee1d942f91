import { readFile } from 'node:fs/promises';
import { type KubernetesObject, type ManifestObject, type StatusCause, StatusError } from '@orrery/api';
import type { Cluster } from '@orrery/cluster';
import { CommandError, oneLine } from './command-error.ts';
import { fieldLine } from './manifest-lines.ts';
import { userPath } from './paths.ts';

/** Texts of manifests by source, to find the lines of errors. */
export type ManifestTexts = ReadonlyMap<string, string>;

/**
 * Applies objects in order, and returns them as the server stored them. An object with only a `generateName` is created.
 * @throws CommandError with a line for each rejected field or object, with the file and the line of the field
 */
export async function applyManifests(
  cluster: Cluster,
  objects: readonly ManifestObject[],
  texts: ManifestTexts,
): Promise<readonly KubernetesObject[]> {
  const applied: KubernetesObject[] = [];
  const faults: string[] = [];
  for (const found of objects) {
    const { object } = found;
    const { name, generateName } = object.metadata ?? {};
    try {
      if (name === undefined && generateName !== undefined) {
        applied.push(await cluster.client.create(inNamespace(cluster, object), { fieldValidation: 'Strict' }));
      } else applied.push(...(await cluster.apply(object)));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      faults.push(...(await faultLines(found, error, texts)));
    }
  }
  if (faults.length > 0) throw manifestFaults(faults);
  return applied;
}

/** One error for all mistakes in the manifests: in one line if there is only one. */
export function manifestFaults(faults: readonly string[]): CommandError {
  const [only] = faults;
  if (faults.length === 1 && only !== undefined) return new CommandError(only);
  return new CommandError([`${faults.length} errors in the manifests:`, ...faults].join('\n  '));
}

function inNamespace(cluster: Cluster, object: ManifestObject['object']): KubernetesObject {
  const namespaced = cluster.kinds.byKind(object.apiVersion, object.kind)?.namespaced === true;
  if (!namespaced || object.metadata?.namespace !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace: 'default' } } as KubernetesObject;
}

async function faultLines(
  { object, source, line }: ManifestObject,
  error: StatusError,
  texts: ManifestTexts,
): Promise<readonly string[]> {
  const text = texts.get(source) ?? (await readFile(userPath(source), 'utf8').catch(() => ''));
  const at = (path: string) => `${source}:${path === '' ? line : fieldLine(text, line, path)}`;
  const causes = (error.status.details?.causes ?? []).filter(({ field }) => field !== undefined);
  const name = object.metadata?.name ?? object.metadata?.generateName;
  if (error.reason === 'Invalid' && causes.length > 0) {
    const what = name === undefined ? object.kind : `${object.kind} ${name}`;
    return causes.map((cause: StatusCause) => `${at(cause.field ?? '')}: ${what}: ${cause.field}: ${cause.message}`);
  }
  return [`${at(namedField(oneLine(error)))}: ${oneLine(error)}`];
}

/** The field that a decoding error names. */
function namedField(message: string): string {
  return (
    /unknown field "([^"]+)"/.exec(message)?.[1] ??
    /Go struct field \w+\.(\S+) of type/.exec(message)?.[1] ??
    (/^namespaces "[^"]*" not found$/.test(message) ? 'metadata.namespace' : '')
  );
}
