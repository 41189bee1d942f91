import { apiVersionOf, type Kind, type KindRegistry, type KubernetesObject } from '@orrery/api';

/** How writes of one resource differ from the plain rules (each resource's "strategy" in Kubernetes' registry). */
export interface ResourceRules {
  /** Name of the collection in the store: `deployments.apps`. Versions of one resource share it. */
  readonly collection: string;
  /** `metadata.generation` is kept: 1 on create, one more on each change of the spec. */
  readonly generation: boolean;
  /** The main endpoint leaves `status` alone, and `/status` everything else. */
  readonly statusSubresource: boolean;
  /** A node registers itself with a status, so create does not reset it. */
  readonly keepsStatusOnCreate: boolean;
  /** An update without a resourceVersion overwrites. */
  readonly unconditionalUpdate: boolean;
  /** An update of an object that is not there creates it. */
  readonly createOnUpdate: boolean;
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeletedObject: boolean;
  /** Deletion takes no finalizers (`orphan`, `foregroundDeletion`). */
  readonly propagates: boolean;
}

const withGeneration = new Set([
  'apps',
  'batch',
  'policy',
  'networking.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'flowcontrol.apiserver.k8s.io',
]);
const coreWithGeneration = new Set(['pods', 'replicationcontrollers']);
const neverGeneration = new Set(['controllerrevisions.apps']);
const conditionalOnly = new Set([
  'leases.coordination.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
  'apiservices.apiregistration.k8s.io',
  'poddisruptionbudgets.policy',
]);
const creatingOnUpdate = new Set([
  'leases.coordination.k8s.io',
  'endpoints',
  'events',
  'limitranges',
  'podtemplates',
  'roles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
]);
const returningDeleted = new Set([
  'pods',
  'persistentvolumeclaims',
  'persistentvolumes',
  'serviceaccounts',
  'podtemplates',
]);

/** Resources that core and a group of their own both serve. */
const sharedCollections: { readonly [collection: string]: string } = { 'events.events.k8s.io': 'events' };

/** The rules of a kind's resource. */
export function resourceRules(kind: Kind): ResourceRules {
  let rules = known.get(kind);
  if (rules === undefined) {
    rules = makeRules(kind);
    known.set(kind, rules);
  }
  return rules;
}

const known = new WeakMap<Kind, ResourceRules>();

function makeRules(kind: Kind): ResourceRules {
  const own = kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`;
  const collection = sharedCollections[own] ?? own;
  return {
    collection,
    generation:
      kind.custom ||
      (kind.group === ''
        ? coreWithGeneration.has(kind.resource)
        : withGeneration.has(kind.group) && !neverGeneration.has(own)),
    statusSubresource: kind.subresources.status !== undefined,
    keepsStatusOnCreate: kind.group === '' && kind.kind === 'Node',
    unconditionalUpdate: !kind.custom && !conditionalOnly.has(own),
    createOnUpdate: creatingOnUpdate.has(collection),
    returnsDeletedObject: returningDeleted.has(own),
    propagates: collection !== 'events',
  };
}

/** Kinds that are only ever POSTed and never stored: reviews and bindings. */
export function isVirtual(kind: Kind): boolean {
  return !kind.verbs.includes('get');
}

/**
 * The object as another version of its resource shows it. Versions that Orrery serves side by side have the same fields,
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

const coreToEvents: { readonly [field: string]: string } = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
};
const eventsToCore: { readonly [field: string]: string } = Object.fromEntries(
  Object.entries(coreToEvents).map(([core, events]) => [events, core]),
);

function convertFields(object: KubernetesObject, kind: Kind): KubernetesObject {
  const names = kind.kind !== 'Event' ? {} : kind.group === '' ? eventsToCore : coreToEvents;
  const out: { [field: string]: unknown } = {};
  for (const [field, value] of Object.entries(object)) out[names[field] ?? field] = value;
  out.apiVersion = kind.apiVersion;
  out.kind = kind.kind;
  return out;
}

/** The kind that a stored object was written as, or else the asked one. */
export function storedKind(kinds: KindRegistry, object: KubernetesObject, asked: Kind): Kind {
  return (
    kinds.byKind(object.apiVersion ?? apiVersionOf(asked.group, asked.version), object.kind ?? asked.kind) ?? asked
  );
}
