import { type ManifestObject, parseQuantity } from '@orrery/api';
import type { NodeOptions, Resources } from '@orrery/cluster';
import { errorText } from '@orrery/core';
import { forbiddenNodeLabels } from '@orrery/server';
import { CommandError } from './command-error.ts';

/** A file that describes the nodes of a cluster; `orrery up` reads it, and it never reaches the API server. */
export interface ClusterFile {
  readonly nodes: readonly NodeOptions[];
}

/** `apiVersion` and `kind` of such a file. */
export const clusterFileKind = 'orrery.dev/v1alpha1/Cluster';

const nodeFields = ['name', 'labels', 'taints', 'capacity', 'allocatable'];

/** @throws CommandError with file, line and reason */
export function readClusterFile({ object, source, line }: ManifestObject): ClusterFile {
  const fail = (why: string) => new CommandError(`${source}:${line}: ${why}`);
  const { nodes, apiVersion: _1, kind: _2, metadata: _3, ...rest } = object as unknown as { [field: string]: unknown };
  for (const unknown of Object.keys(rest)) throw fail(`unknown field "${unknown}"`);
  if (!Array.isArray(nodes)) throw fail('nodes: Required value: a list of the machines; [] for none');
  const names = new Set<string>();
  const read = nodes.map((node: unknown, index): NodeOptions => {
    const at = `nodes[${index}]`;
    if (typeof node !== 'object' || node === null) throw fail(`${at}: must be an object with a name`);
    for (const field of Object.keys(node))
      if (!nodeFields.includes(field)) throw fail(`unknown field "${at}.${field}"`);
    const { name, labels, taints, capacity, allocatable } = node as { [field: string]: unknown };
    if (typeof name !== 'string' || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name))
      throw fail(`${at}.name: must be a lowercase RFC 1123 subdomain`);
    if (names.has(name)) throw fail(`${at}.name: Duplicate value: "${name}"`);
    names.add(name);
    return {
      name,
      ...(labels === undefined ? {} : { labels: nodeLabels(labels, `${at}.labels`, fail) }),
      ...(capacity === undefined ? {} : { capacity: quantities(capacity, `${at}.capacity`, fail) }),
      ...(allocatable === undefined ? {} : { allocatable: quantities(allocatable, `${at}.allocatable`, fail) }),
      ...(taints === undefined ? {} : { taints: taintList(taints, `${at}.taints`, fail) }),
    };
  });
  return { nodes: read };
}

type Fail = (why: string) => CommandError;

function nodeLabels(value: unknown, at: string, fail: Fail): { readonly [key: string]: string } {
  const labels = texts(value, at, fail);
  const [forbidden] = forbiddenNodeLabels(labels);
  if (forbidden === undefined) return labels;
  throw fail(
    `${at}: a node may not set the label "${forbidden}" on itself: use kubectl label node after it has registered`,
  );
}

function texts(value: unknown, at: string, fail: Fail): { readonly [key: string]: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fail(`${at}: must be a map`);
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

function quantities(value: unknown, at: string, fail: Fail): Resources {
  const amounts = texts(value, at, fail);
  for (const [resource, amount] of Object.entries(amounts)) {
    try {
      parseQuantity(amount);
    } catch (error) {
      throw fail(`${at}.${resource}: ${errorText(error)}`);
    }
  }
  return amounts;
}

function taintList(value: unknown, at: string, fail: Fail): NonNullable<NodeOptions['taints']> {
  if (!Array.isArray(value)) throw fail(`${at}: must be a list`);
  return value.map((taint: unknown, index) => {
    const { key, value: text, effect } = (taint ?? {}) as { key?: unknown; value?: unknown; effect?: unknown };
    if (
      typeof key !== 'string' ||
      (effect !== 'NoSchedule' && effect !== 'PreferNoSchedule' && effect !== 'NoExecute')
    ) {
      throw fail(`${at}[${index}]: needs a key, and an effect: NoSchedule, PreferNoSchedule or NoExecute`);
    }
    return { key, effect, ...(text === undefined ? {} : { value: String(text) }) };
  });
}
