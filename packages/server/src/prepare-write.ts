import {
  equalJson,
  failures,
  type Kind,
  type KubernetesObject,
  type ObjectMeta,
  qosClass,
  type Stored,
} from '@orrery/api';
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
  };
  if (rules.generation) metadata.generation = 1;
  const out: Fields = { ...object, metadata };
  if (kind.group === '' && kind.kind === 'Namespace') return prepareNamespace(out);
  if (!rules.statusSubresource || rules.keepsStatusOnCreate) return out;
  const status = initialStatus(out, kind);
  if (status === undefined) delete out.status;
  else out.status = status;
  return out;
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

/** Metadata that only the server changes, taken over from the stored object. */
function serverMetadata(meta: ObjectMeta, old: Stored['metadata']): ObjectMeta {
  const out: ObjectMeta = { ...meta, uid: old.uid, creationTimestamp: old.creationTimestamp };
  for (const field of ['generation', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (old[field] === undefined) delete out[field];
    else Object.assign(out, { [field]: old[field] });
  }
  delete out.selfLink;
  if (out.name === undefined) out.name = old.name;
  if (old.namespace !== undefined && (out.namespace === undefined || out.namespace === ''))
    out.namespace = old.namespace;
  return out;
}

/** The object that an update through the main endpoint stores: status kept, generation counted. Pure. */
export function prepareUpdate(
  object: KubernetesObject,
  old: Stored,
  kind: Kind,
  rules: ResourceRules,
): KubernetesObject {
  const next: Fields = { ...object, metadata: serverMetadata(object.metadata ?? {}, old.metadata) };
  const before = old as Fields;
  if (rules.statusSubresource) keep(next, before, 'status');
  if (kind.group === '' && kind.kind === 'Namespace') {
    // Only /finalize changes a namespace's finalizers.
    const finalizers = (before.spec as { finalizers?: unknown } | undefined)?.finalizers;
    next.spec = { ...(next.spec as object | undefined), ...(finalizers === undefined ? {} : { finalizers }) };
  }
  if (kind.group === '' && kind.kind === 'Pod') markUngated(next, before);
  if (rules.generation && desiredStateChanged(next, before, kind)) {
    next.metadata = { ...next.metadata, generation: (old.metadata.generation ?? 0) + 1 };
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
  const metadata = serverMetadata(object.metadata ?? {}, old.metadata);
  if (kind.custom) {
    const kept: ObjectMeta = { ...old.metadata };
    if (metadata.managedFields !== undefined) kept.managedFields = metadata.managedFields;
    if (metadata.resourceVersion !== undefined) kept.resourceVersion = metadata.resourceVersion;
    const out: Fields = { ...old, metadata: kept };
    keep(out, object as Fields, 'status');
    return out;
  }
  if (kind.kind === 'Deployment' && old.metadata.labels !== undefined) metadata.labels = old.metadata.labels;
  if (kind.kind === 'Pod') {
    if (old.metadata.ownerReferences === undefined) delete metadata.ownerReferences;
    else metadata.ownerReferences = old.metadata.ownerReferences;
  }
  const out: Fields = { ...old, metadata };
  keep(out, object as Fields, 'status');
  if (kind.kind === 'Pod' && typeof out.status === 'object' && out.status !== null) {
    // The QoS class follows from the spec and never changes.
    out.status = {
      ...out.status,
      qosClass: (old as { status?: { qosClass?: string } }).status?.qosClass ?? qosClass(old),
    };
  }
  return out;
}

function keep(target: Fields, source: Fields, field: 'status' | 'spec'): void {
  if (source[field] === undefined) delete target[field];
  else target[field] = source[field];
}

interface ConditionsStatus {
  readonly conditions?: readonly { readonly type: string; readonly reason?: string }[];
}

/** When the last scheduling gate goes, the condition that told of it goes too. */
function markUngated(next: Fields, before: Fields): void {
  const gatesNow = (next.spec as PodSpecParts | undefined)?.schedulingGates ?? [];
  const gatesBefore = (before.spec as PodSpecParts | undefined)?.schedulingGates ?? [];
  if (gatesBefore.length === 0 || gatesNow.length > 0) return;
  const status = next.status as ConditionsStatus | undefined;
  if (status?.conditions === undefined) return;
  next.status = {
    ...status,
    conditions: status.conditions.filter((c) => !(c.type === 'PodScheduled' && c.reason === 'SchedulingGated')),
  };
}

/** Whether a change concerns desired state, which `generation` counts (Kubernetes API conventions, "Metadata"). */
function desiredStateChanged(next: Fields, before: Fields, kind: Kind): boolean {
  if (kind.custom) {
    const names = new Set([...Object.keys(next), ...Object.keys(before)]);
    for (const name of names) {
      if (name === 'metadata' || name === 'status' || name === 'apiVersion' || name === 'kind') continue;
      if (!equalJson(next[name as 'spec'], before[name as 'spec'])) return true;
    }
    return false;
  }
  if (!equalJson(next.spec, before.spec)) return true;
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
