import { apiVersionOf, type Kind, type KindRegistry, type KubernetesObject } from '@orrery/api';

/**
 * Converts an object to another version of its resource. All versions of a resource in Orrery have the same fields,
 * except Events, whose two groups name them differently.
 */
export function convert(object: KubernetesObject, kind: Kind): KubernetesObject {
  if (object.apiVersion === kind.apiVersion && object.kind === kind.kind) return object;
  let byVersion = converted.get(object);
  if (byVersion === undefined) {
    byVersion = new Map();
    converted.set(object, byVersion);
  }
  let result = byVersion.get(kind.apiVersion);
  if (result === undefined) {
    result = Object.freeze(convertFields(object, kind));
    byVersion.set(kind.apiVersion, result);
  }
  return result;
}

const converted = new WeakMap<KubernetesObject, Map<string, KubernetesObject>>();

interface FieldNames {
  readonly [field: string]: string;
}

const coreToEvents: FieldNames = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
};
const eventsToCore: FieldNames = Object.fromEntries(
  Object.entries(coreToEvents).map(([core, events]) => [events, core]),
);

/** Per group and kind, the kind's names for fields that its resource's other group stored under different names. */
const renamed: { readonly [kind: string]: FieldNames } = {
  '/Event': eventsToCore,
  'events.k8s.io/Event': coreToEvents,
};

function convertFields(object: KubernetesObject, kind: Kind): KubernetesObject {
  const names = (kind.custom ? undefined : renamed[`${kind.group}/${kind.kind}`]) ?? {};
  const out: { [field: string]: unknown } = {};
  for (const [field, value] of Object.entries(object)) out[names[field] ?? field] = value;
  out.apiVersion = kind.apiVersion;
  out.kind = kind.kind;
  return out;
}

/** The kind that a stored object was written as, or else the requested one. */
export function storedKind(kinds: KindRegistry, object: KubernetesObject, asked: Kind): Kind {
  return (
    kinds.byKind(object.apiVersion ?? apiVersionOf(asked.group, asked.version), object.kind ?? asked.kind) ?? asked
  );
}
