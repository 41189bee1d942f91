import {
  equalJson,
  failures,
  type Kind,
  type KubernetesObject,
  type ObjectMeta,
  qosClass,
  type Stored,
} from '@orrery/api';
import type { Draft } from 'immer';
import { withoutDisabledFields } from './disabled-fields.ts';
import type { ResourceRules } from './resource-rules.ts';

type Fields = KubernetesObject & { spec?: unknown; status?: unknown };

/** What create takes out of a client's object: the server alone sets these. */
export function withoutServerFields(object: KubernetesObject): KubernetesObject {
  const {
    uid: _1,
    creationTimestamp: _2,
    deletionTimestamp: _3,
    deletionGracePeriodSeconds: _4,
    selfLink: _5,
    ...metadata
  } = object.metadata ?? {};
  return { ...object, metadata };
}

/** The object that create stores: identity filled in, generation and status reset. Pure. */
export function prepareCreate(
  object: KubernetesObject,
  kind: Kind,
  rules: ResourceRules,
  identity: { readonly uid: string; readonly name: string; readonly creationTimestamp: string },
): KubernetesObject {
  const { generation: _, resourceVersion: __, ...given } = object.metadata ?? {};
  const metadata: ObjectMeta = {
    ...given,
    name: identity.name,
    uid: identity.uid,
    creationTimestamp: identity.creationTimestamp,
    ...(rules.generation ? { generation: 1 } : {}),
  };
  const out: Fields = withoutDisabledFields({ ...object, metadata }, kind);
  if (kind.group === '' && kind.kind === 'Namespace') return prepareNamespace(out);
  if (!rules.statusSubresource || rules.keepsStatusOnCreate) return out;
  return withField(out, 'status', initialStatus(out, kind));
}

function prepareNamespace(namespace: Fields): KubernetesObject {
  const spec = (namespace.spec ?? {}) as { finalizers?: readonly string[] };
  const finalizers = spec.finalizers ?? [];
  const name = namespace.metadata?.name ?? '';
  return {
    ...namespace,
    metadata: { ...namespace.metadata, labels: { ...namespace.metadata?.labels, 'kubernetes.io/metadata.name': name } },
    spec: { ...spec, finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'] },
    status: { phase: 'Active' },
  } as Fields;
}

function initialStatus(object: Fields, kind: Kind): unknown {
  if (kind.custom) return undefined;
  if (kind.group === '') {
    if (kind.kind === 'Pod') return initialPodStatus(object);
    if (kind.kind === 'Service') return { loadBalancer: {} };
    if (kind.kind === 'PersistentVolume' || kind.kind === 'PersistentVolumeClaim') return { phase: 'Pending' };
  }
  return {};
}

interface PodSpecParts {
  readonly schedulingGates?: readonly { readonly name: string }[];
}

function initialPodStatus(object: Fields): unknown {
  const status: { [field: string]: unknown } = { phase: 'Pending', qosClass: qosClass(object) };
  if (((object.spec as PodSpecParts | undefined)?.schedulingGates ?? []).length > 0) {
    status.conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        lastProbeTime: null,
        lastTransitionTime: null,
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ];
  }
  return status;
}

/** Metadata that only the server changes, taken over from the stored object; the same metadata if it says that already. */
function serverMetadata(meta: ObjectMeta, old: Stored['metadata']): ObjectMeta {
  if (meta === old || sameServerMetadata(meta, old)) return meta;
  const { generation, deletionTimestamp, deletionGracePeriodSeconds } = old;
  const {
    selfLink: _1,
    generation: _2,
    deletionTimestamp: _3,
    deletionGracePeriodSeconds: _4,
    namespace = '',
    ...given
  } = meta;
  const { uid, creationTimestamp } = old;
  const out: Draft<ObjectMeta> = { name: old.name, ...(given as Draft<ObjectMeta>), uid, creationTimestamp };
  if (namespace !== '') out.namespace = namespace;
  else if (old.namespace !== undefined) out.namespace = old.namespace;
  if (generation !== undefined) out.generation = generation;
  if (deletionTimestamp !== undefined) out.deletionTimestamp = deletionTimestamp;
  if (deletionGracePeriodSeconds !== undefined) out.deletionGracePeriodSeconds = deletionGracePeriodSeconds;
  return out;
}

/** Whether a client sent back what it had read. */
function sameServerMetadata(meta: ObjectMeta, old: Stored['metadata']): boolean {
  return (
    meta.name === old.name &&
    meta.uid === old.uid &&
    meta.creationTimestamp === old.creationTimestamp &&
    meta.namespace === old.namespace &&
    meta.generation === old.generation &&
    meta.deletionTimestamp === old.deletionTimestamp &&
    meta.deletionGracePeriodSeconds === old.deletionGracePeriodSeconds &&
    meta.selfLink === undefined
  );
}

/** The object that an update through the main endpoint stores: status kept, generation counted. Pure. */
export function prepareUpdate(
  object: KubernetesObject,
  old: Stored,
  kind: Kind,
  rules: ResourceRules,
): KubernetesObject {
  const before = old as Fields;
  const given = withoutDisabledFields(object, kind);
  let next: Fields = withField(given, 'metadata', serverMetadata(object.metadata ?? {}, old.metadata));
  if (rules.statusSubresource) next = withField(next, 'status', before.status);
  if (kind.group === '' && kind.kind === 'Namespace') {
    // Only /finalize changes a namespace's finalizers.
    const finalizers = (before.spec as { finalizers?: unknown } | undefined)?.finalizers;
    next = {
      ...next,
      spec: { ...(next.spec as object | undefined), ...(finalizers === undefined ? {} : { finalizers }) },
    };
  }
  if (kind.group === '' && kind.kind === 'Pod') next = markUngated(next, before);
  if (rules.generation && desiredStateChanged(next, before, kind)) {
    next = { ...next, metadata: { ...next.metadata, generation: (old.metadata.generation ?? 0) + 1 } };
  }
  return next;
}

/** The namespace that an update through `/finalize` stores: the one way to change the finalizers of its spec. Pure. */
export function prepareFinalize(
  object: KubernetesObject,
  old: Stored,
  kind: Kind,
  rules: ResourceRules,
): KubernetesObject {
  const prepared: Fields = { ...prepareUpdate(object, old, kind, rules), spec: (object as Fields).spec };
  return prepared;
}

/** The object that an update through `/status` stores: only the status (and some metadata) changes. Pure. */
export function prepareStatusUpdate(object: KubernetesObject, old: Stored, kind: Kind): KubernetesObject {
  const { status } = object as Fields;
  const before: Fields = old;
  if (kind.group === '' && kind.kind === 'Pod') {
    const metadata = serverMetadata(object.metadata ?? {}, old.metadata);
    const { ownerReferences } = old.metadata;
    const kept = metadata.ownerReferences === ownerReferences ? metadata : withOptional(metadata, { ownerReferences });
    return withField({ ...before, metadata: kept }, 'status', withQosClass(status, before));
  }
  const metadata = kind.custom ? old.metadata : serverMetadata(object.metadata ?? {}, old.metadata);
  const { labels } = old.metadata;
  const kept = kind.kind === 'Deployment' && metadata.labels !== labels ? withOptional(metadata, { labels }) : metadata;
  const managedFields = object.metadata?.managedFields;
  // A custom object's status brings no metadata but who manages it.
  const tracked =
    kind.custom && managedFields !== undefined && managedFields !== kept.managedFields
      ? { ...kept, managedFields }
      : kept;
  return withField({ ...before, metadata: tracked }, 'status', status);
}

/** The QoS class follows from the spec and never changes. */
function withQosClass(status: unknown, old: Fields): unknown {
  if (typeof status !== 'object' || status === null) return status;
  const wanted = (old.status as { qosClass?: string } | undefined)?.qosClass ?? qosClass(old);
  return (status as { qosClass?: string }).qosClass === wanted ? status : { ...status, qosClass: wanted };
}

/** The metadata with one field set, or without it if the value is undefined. */
function withOptional(metadata: ObjectMeta, field: { readonly [name: string]: unknown }): ObjectMeta {
  const entries = Object.entries({ ...metadata, ...field }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as ObjectMeta;
}

/** The object with one field set, or without it if the value is undefined; the same object if it is so. */
function withField(object: Fields, field: 'metadata' | 'status', value: unknown): Fields {
  if (object[field] === value) return object;
  if (value !== undefined) return { ...object, [field]: value };
  const { [field]: _, ...rest } = object;
  return rest;
}

interface ConditionsStatus {
  readonly conditions?: readonly { readonly type: string; readonly reason?: string }[];
}

/** When the last scheduling gate goes, the condition that told of it goes too. */
function markUngated(next: Fields, before: Fields): Fields {
  const gatesNow = (next.spec as PodSpecParts | undefined)?.schedulingGates ?? [];
  const gatesBefore = (before.spec as PodSpecParts | undefined)?.schedulingGates ?? [];
  if (gatesBefore.length === 0 || gatesNow.length > 0) return next;
  const status = next.status as ConditionsStatus | undefined;
  if (status?.conditions === undefined) return next;
  const conditions = status.conditions.filter((c) => !(c.type === 'PodScheduled' && c.reason === 'SchedulingGated'));
  return { ...next, status: { ...status, conditions } };
}

/** Whether a change concerns desired state, which `generation` counts (Kubernetes API conventions, "Metadata"). */
function desiredStateChanged(next: Fields, before: Fields, kind: Kind): boolean {
  for (const part of [next, before]) {
    for (const field in part) {
      if (field === 'metadata' || field === 'status' || field === 'apiVersion' || field === 'kind') continue;
      if (!equalJson(next[field as 'spec'], before[field as 'spec'])) return true;
    }
  }
  return kind.kind === 'Deployment' && !equalJson(next.metadata?.annotations ?? {}, before.metadata?.annotations ?? {});
}

/**
 * Checks what an update says about identity.
 * @throws StatusError Conflict if it is meant for another uid, BadRequest for another name.
 */
export function checkIdentity(
  object: KubernetesObject,
  kind: Kind,
  scope: { readonly name: string; readonly namespace: string },
): void {
  const meta = object.metadata ?? {};
  if (meta.name !== undefined && meta.name !== '' && meta.name !== scope.name) {
    throw failures.badRequest(
      `the name of the object (${meta.name}) does not match the name on the URL (${scope.name})`,
    );
  }
  checkNamespace(object, kind, scope.namespace);
}

/** @throws StatusError BadRequest when the body names another namespace than the request. */
export function checkNamespace(object: KubernetesObject, kind: Kind, namespace: string): void {
  const given = object.metadata?.namespace;
  if (given === undefined || given === '' || !kind.namespaced) return;
  if (given !== namespace) {
    throw failures.badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}
