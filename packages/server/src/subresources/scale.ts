import {
  failures,
  fieldErrors,
  formatLabelSelector,
  invalid,
  isJsonObject,
  type Kind,
  type KubernetesObject,
  type LabelSelector,
  type Scale,
  type ScalePaths,
  type Stored,
} from '@orrery/api';
import type { WriteOptions } from '@orrery/core';
import type { ServerContext } from '../context.ts';
import { convert } from '../conversion.ts';
import { decodeSubresource, expectedRevision } from '../decode-body.ts';
import { applyPatch } from '../patch-body.ts';
import { storedObject } from '../reads.ts';
import type { PatchBody, RequestScope } from '../request-path.ts';
import type { Subresource } from '../strategies/strategy.ts';
import { runUpdate } from '../update-object.ts';

type Scalable = KubernetesObject & { spec?: { selector?: LabelSelector | { [key: string]: string } } };

/** Formats an object's label selector for a Scale's status. */
type SelectorText = (selector: unknown) => string;

/**
 * The subresource `/scale`: an object of another type (autoscaling/v1 Scale, Kubernetes "Horizontal scaling" subresource),
 * derived from the object that it scales; it changes only the replica count. `selectorText` formats a built-in kind's selector;
 * most have a LabelSelector.
 */
export function scaleEndpoint(
  selectorText: SelectorText = (selector) => formatLabelSelector(selector as LabelSelector),
): Pick<Subresource, 'get' | 'update' | 'patch'> {
  const shown = (object: KubernetesObject, kind: Kind) => scaleOf(object, kind, selectorText);
  return {
    get: (server, scope) => shown(convert(storedObject(server, scope), scope.kind), scope.kind),
    update: async (server, scope, body, options) => {
      const next = await updateScale(server, scope, body, options);
      return { object: shown(next, scope.kind), created: false };
    },
    patch: async (server, scope, patch, options) => {
      const next = await patchScale(server, scope, patch, options, shown);
      return { object: shown(next, scope.kind), created: false };
    },
  };
}

/** Pure. @throws StatusError InternalError for a custom object without a count */
function scaleOf(object: KubernetesObject, kind: Kind, selectorText: SelectorText): Scale {
  const { metadata = {}, spec = {} } = object as Scalable;
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = kind.scale ?? builtinPaths;
  const replicas = at(object, specReplicasPath);
  if (kind.custom && replicas === undefined)
    throw failures.internal(`the spec replicas field "${specReplicasPath}" does not exist`);
  const selector = kind.custom
    ? labelSelectorPath === undefined
      ? ''
      : at(object, labelSelectorPath)
    : spec.selector === undefined || spec.selector === null
      ? ''
      : selectorText(spec.selector);
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: {
      name: metadata.name ?? '',
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
      ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
      ...(metadata.creationTimestamp === undefined ? {} : { creationTimestamp: metadata.creationTimestamp }),
    },
    spec: { replicas: count(replicas) },
    status: {
      replicas: count(at(object, statusReplicasPath)),
      ...(typeof selector === 'string' && selector !== '' ? { selector } : {}),
    },
  };
}

const builtinPaths: ScalePaths = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** The value at a path such as `.spec.replicas`. */
function at(value: unknown, path: string): unknown {
  return steps(path).reduce((parent, step) => (isJsonObject(parent) ? parent[step] : undefined), value);
}

function steps(path: string): string[] {
  return path.split('.').slice(1);
}

/** A copy of a value with the leaf at a path replaced; the rest is shared. */
function withAt(value: unknown, [step, ...rest]: readonly string[], leaf: unknown): unknown {
  if (step === undefined) return leaf;
  const parent = isJsonObject(value) ? value : {};
  return { ...parent, [step]: withAt(parent[step], rest, leaf) };
}

/** Sets the replica count from a Scale. @throws StatusError */
async function updateScale(
  server: ServerContext,
  scope: RequestScope,
  body: unknown,
  options: WriteOptions,
): Promise<Stored> {
  const scale = checkedScale(scope, body, options);
  return runUpdate(
    server,
    scope,
    {
      transform: (old) => withReplicas(old, scope.kind, scale.spec?.replicas ?? 0),
      expectedUid: scale.metadata?.uid || undefined,
      expected: expectedRevision(scope.kind, scale as KubernetesObject, scope.name),
    },
    options,
  );
}

/** Sets the replica count by a JSON, merge or strategic patch of the Scale. @throws StatusError */
async function patchScale(
  server: ServerContext,
  scope: RequestScope,
  patch: PatchBody,
  options: WriteOptions,
  shown: (object: KubernetesObject, kind: Kind) => Scale,
): Promise<Stored> {
  if (patch.type === 'apply') throw failures.methodNotAllowed(scope.kind, 'apply');
  // A Scale has no lists, so both kinds of merge patch are the same.
  const plain: PatchBody = patch.type === 'strategic' ? { type: 'merge', body: patch.body } : patch;
  const { kind, name } = scope;
  return runUpdate(
    server,
    scope,
    {
      transform: (old) => {
        const before = shown(convert(old, kind), kind) as KubernetesObject;
        const after = checkedScale(scope, applyPatch(before, plain, kind), options);
        const expected = expectedRevision(kind, after as KubernetesObject, name);
        if (expected !== undefined && expected !== old.metadata.resourceVersion) throw failures.conflict(kind, name);
        return withReplicas(old, kind, after.spec?.replicas ?? 0);
      },
    },
    options,
  );
}

function withReplicas(old: Stored, kind: Kind, replicas: number): KubernetesObject {
  const { specReplicasPath } = kind.scale ?? builtinPaths;
  const object = convert(old, kind);
  return at(object, specReplicasPath) === replicas
    ? old
    : (withAt(object, steps(specReplicasPath), replicas) as KubernetesObject);
}

function checkedScale(scope: RequestScope, body: unknown, options: WriteOptions): Scale {
  const type = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  const scale = decodeSubresource<KubernetesObject>(scope, type, body, options) as Scale;
  const { name } = scale.metadata ?? {};
  if (name !== undefined && name !== '' && name !== scope.name) {
    throw failures.badRequest(`the name of the object (${name}) does not match the name on the URL (${scope.name})`);
  }
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas < 0) {
    throw invalid(type, scope.name, [
      fieldErrors.invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ]);
  }
  return scale;
}
