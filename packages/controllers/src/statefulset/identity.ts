import { type Pod, type PodTemplateSpec, StatefulSet, type Stored } from '@orrery/api';
import { revisionHashLabel } from '../controller-history/revisions.ts';
import { podFromTemplate } from '../workload/pod-control.ts';

const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';

/** The ordinal in the name of a Pod of this set; undefined if the name is not one of the set's. */
export function ordinalOf(set: StatefulSet, { metadata: { name } }: Pod): number | undefined {
  const [, parent, digits] = /^(.*)-(\d+)$/.exec(name) ?? [];
  if (parent !== set.metadata.name) return undefined;
  const ordinal = Number(digits);
  return ordinal < 2 ** 31 ? ordinal : undefined;
}

/** The first of the set's ordinals. */
export function firstOrdinal({ spec }: StatefulSet): number {
  return spec.ordinals?.start ?? 0;
}

/** Whether the set is to have a Pod of this ordinal. */
export function isWanted(set: StatefulSet, ordinal: number): boolean {
  const first = firstOrdinal(set);
  return ordinal >= first && ordinal < first + (set.spec.replicas ?? 1);
}

/** The Pod of an ordinal: its name, its labels, its place in DNS and its claims are its own (Kubernetes "Pod Identity"). */
export function podOf(set: Stored<StatefulSet>, template: PodTemplateSpec, revision: string, ordinal: number): Pod {
  const { generateName: _, ...metadata } = podFromTemplate(StatefulSet, set, template).metadata;
  const name = `${set.metadata.name}-${ordinal}`;
  const labels = { ...metadata.labels, ...identityLabels(name, ordinal), [revisionHashLabel]: revision };
  const { serviceName } = set.spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name, labels },
    spec: {
      ...(template.spec ?? { containers: [] }),
      hostname: name,
      ...(serviceName === undefined || serviceName === '' ? {} : { subdomain: serviceName }),
      ...withClaims(set, template.spec?.volumes, ordinal),
    },
  };
}

/** Whether a Pod carries the labels that say which one it is. */
export function hasIdentity({ metadata: { name, labels } }: Pod): boolean {
  return labels?.[podNameLabel] === name;
}

/** The Pod with the labels that say which one it is. */
export function withIdentity(pod: Stored<Pod>, ordinal: number): Stored<Pod> {
  const { metadata } = pod;
  return {
    ...pod,
    metadata: { ...metadata, labels: { ...metadata.labels, ...identityLabels(metadata.name, ordinal) } },
  };
}

/** The name of the claim that a template makes for an ordinal. */
export function claimName({ metadata }: StatefulSet, template: string, ordinal: number): string {
  return `${template}-${metadata.name}-${ordinal}`;
}

function identityLabels(name: string, ordinal: number): { readonly [label: string]: string } {
  return { [podNameLabel]: name, [podIndexLabel]: String(ordinal) };
}

type Volumes = NonNullable<Pod['spec']['volumes']>;

/** A claim's volume takes the place of one of that name in the template. */
function withClaims(set: StatefulSet, volumes: Volumes | undefined, ordinal: number): { readonly volumes?: Volumes } {
  const names = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? '');
  const claims = names.map((name) => ({ name, persistentVolumeClaim: { claimName: claimName(set, name, ordinal) } }));
  const all = [...claims, ...(volumes ?? []).filter(({ name }) => !names.includes(name))];
  return all.length === 0 ? {} : { volumes: all };
}
