import { type Container, equalJson, type Pod, type PodPreset, type Stored } from '@orrery/api';

/** Key of the annotation that names an applied preset; the preset's name follows. */
const presetAnnotationPrefix = 'podpreset.admission.kubernetes.io/podpreset-';

/** Who brought one side of a conflict: the Pod itself, or a preset. */
type Origin = { readonly from: 'pod' } | { readonly from: 'preset'; readonly name: string };

/** One thing that two sides want differently. */
export interface Conflict {
  /** Where it is: `spec.containers[0].env[DB_PORT]`, `spec.volumes[cache]`. */
  readonly field: string;
  /** The preset whose item does not fit. */
  readonly preset: string;
  /** Whose item was there before. */
  readonly existing: Origin;
  /** Kubernetes' wording of the conflict. */
  readonly message: string;
}

/** The Pod with all presets merged, or all conflicts: it is all presets or none. */
export type MergeResult = { readonly pod: Pod } | { readonly conflicts: readonly Conflict[] };

type Preset = Stored<PodPreset>;

/**
 * Merges presets into a Pod (Kubernetes "Pod Presets"): the Pod's own items stay first, then each preset's follow in the
 * order given. The same item twice is one; different items under one key are a conflict, and nothing is merged.
 */
export function mergePresets(pod: Pod, presets: readonly Preset[]): MergeResult {
  const conflicts: Conflict[] = [];
  const mergeAll = (containers: readonly Container[], list: string) =>
    containers.map((container, index) => mergeContainer(container, `spec.${list}[${index}]`, presets, conflicts));
  const containers = mergeAll(pod.spec.containers, 'containers');
  const initContainers = mergeAll(pod.spec.initContainers ?? [], 'initContainers');
  const volumes = mergeKeyed(
    pod.spec.volumes ?? [],
    presets,
    (preset) => preset.spec.volumes,
    (volume) => volume.name,
    { what: 'volumes', field: 'spec.volumes' },
    conflicts,
  );
  if (conflicts.length > 0) return { conflicts };

  const annotations = { ...pod.metadata.annotations };
  for (const { metadata } of presets) annotations[presetAnnotationPrefix + metadata.name] = metadata.resourceVersion;
  return {
    pod: {
      ...pod,
      metadata: { ...pod.metadata, annotations },
      spec: {
        ...pod.spec,
        containers,
        ...(initContainers.length === 0 ? {} : { initContainers }),
        ...(volumes.length === 0 ? {} : { volumes }),
      },
    },
  };
}

function mergeContainer(
  container: Container,
  field: string,
  presets: readonly Preset[],
  conflicts: Conflict[],
): Container {
  const env = mergeKeyed(
    container.env ?? [],
    presets,
    (preset) => preset.spec.env,
    (variable) => variable.name,
    { what: 'env', field: `${field}.env` },
    conflicts,
  );
  const volumeMounts = mergeMounts(container, field, presets, conflicts);
  const envFrom = [...(container.envFrom ?? []), ...presets.flatMap((preset) => preset.spec.envFrom ?? [])];
  return {
    ...container,
    ...(env.length === 0 ? {} : { env }),
    ...(envFrom.length === 0 ? {} : { envFrom }),
    ...(volumeMounts.length === 0 ? {} : { volumeMounts }),
  };
}

/** What a list is called in messages, and where it is. */
interface Place {
  readonly what: string;
  readonly field: string;
}

interface Known<T> {
  readonly item: T;
  readonly origin: Origin;
}

function mergeKeyed<T>(
  own: readonly T[],
  presets: readonly Preset[],
  itemsOf: (preset: Preset) => readonly T[] | undefined,
  keyOfItem: (item: T) => string,
  place: Place,
  conflicts: Conflict[],
): T[] {
  const merged = [...own];
  const known = new Map<string, Known<T>>(own.map((item) => [keyOfItem(item), { item, origin: { from: 'pod' } }]));
  for (const preset of presets) {
    const origin: Origin = { from: 'preset', name: preset.metadata.name };
    for (const item of itemsOf(preset) ?? []) {
      const key = keyOfItem(item);
      const existing = known.get(key);
      if (existing === undefined) {
        known.set(key, { item, origin });
        merged.push(item);
      } else if (!equalJson(existing.item, item)) {
        conflicts.push(conflict(preset, `${place.field}[${key}]`, place, key, item, existing));
      }
    }
  }
  return merged;
}

type Mount = NonNullable<Container['volumeMounts']>[number];

/** Mounts have two keys, the volume's name and the path; an item must fit under both. */
function mergeMounts(container: Container, field: string, presets: readonly Preset[], conflicts: Conflict[]): Mount[] {
  const merged = [...(container.volumeMounts ?? [])];
  const byName = new Map<string, Known<Mount>>();
  const byPath = new Map<string, Known<Mount>>();
  for (const item of merged) {
    byName.set(item.name, { item, origin: { from: 'pod' } });
    byPath.set(item.mountPath, { item, origin: { from: 'pod' } });
  }
  const place: Place = { what: 'volume mounts', field: `${field}.volumeMounts` };
  for (const preset of presets) {
    const origin: Origin = { from: 'preset', name: preset.metadata.name };
    for (const item of preset.spec.volumeMounts ?? []) {
      const sameName = byName.get(item.name);
      if (sameName === undefined) {
        byName.set(item.name, { item, origin });
        merged.push(item);
      } else if (!equalJson(sameName.item, item)) {
        conflicts.push(conflict(preset, `${place.field}[${item.name}]`, place, item.name, item, sameName));
      }
      const samePath = byPath.get(item.mountPath);
      if (samePath === undefined) byPath.set(item.mountPath, { item, origin });
      else if (!equalJson(samePath.item, item)) {
        const key = `mount path ${item.mountPath}`;
        conflicts.push(conflict(preset, `${place.field}[${item.mountPath}]`, place, key, item, samePath));
      }
    }
  }
  return merged;
}

function conflict(
  preset: Preset,
  field: string,
  { what }: Place,
  key: string,
  item: unknown,
  existing: Known<unknown>,
): Conflict {
  const name = preset.metadata.name;
  const sides = `${JSON.stringify(item)}\ndoes not match\n${JSON.stringify(existing.item)}`;
  const message = `merging ${what} for ${name} has a conflict on ${key}: \n${sides}\n in container`;
  return { field, preset: name, existing: existing.origin, message };
}
