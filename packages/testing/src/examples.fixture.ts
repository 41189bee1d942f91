import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubernetesObject, parseManifest } from '@orrery/api';
import type { NodeOptions } from '@orrery/cluster';

const folder = join(import.meta.dirname, '../../../examples/clusters');
const clusterFile = 'orrery.dev/v1alpha1';

/** The names of all example clusters. */
export const examples: readonly string[] = readdirSync(folder);

/** An example's objects, and the nodes that its `orrery.yaml` requests. */
export function readExample(name: string) {
  const all = readdirSync(join(folder, name))
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) => parseManifest(readFileSync(join(folder, name, file), 'utf8'), file).objects)
    .map(({ object }) => object);
  const cluster: (KubernetesObject & { nodes?: readonly NodeOptions[] }) | undefined = all.find(isClusterFile);
  return { nodes: cluster?.nodes ?? 3, objects: all.filter((object) => !isClusterFile(object)) };
}

function isClusterFile({ apiVersion }: KubernetesObject): boolean {
  return apiVersion === clusterFile;
}
