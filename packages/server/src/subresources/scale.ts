import {
  failures,
  fieldErrors,
  formatLabelSelector,
  invalid,
  type Kind,
  type KubernetesObject,
  type LabelSelector,
  type Scale,
  type Stored,
} from '@orrery/api';
import type { WriteOptions } from '@orrery/core';
import type { ServerContext } from '../context.ts';
import { applyPatch } from '../patch-body.ts';
import { storedObject } from '../reads.ts';
import type { PatchBody, RequestScope } from '../request-path.ts';
import { convert } from '../resource-rules.ts';
import { runUpdate } from '../update-object.ts';

type Scalable = KubernetesObject & {
  spec?: { replicas?: number; selector?: LabelSelector | { [key: string]: string } };
  status?: { replicas?: number; selector?: string };
};

/** An object's `scale` (autoscaling/v1 Scale, Kubernetes "Horizontal scaling" subresource). Pure. */
export function scaleOf(object: KubernetesObject, kind: Kind): Scale {
  const { metadata = {}, spec = {}, status = {} } = object as Scalable;
  const selector = selectorText(spec.selector, status.selector, kind);
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
    spec: { replicas: spec.replicas ?? 0 },
    status: { replicas: status.replicas ?? 0, ...(selector === '' ? {} : { selector }) },
  };
}

function selectorText(selector: unknown, statusSelector: string | undefined, kind: Kind): string {
  if (kind.custom) return statusSelector ?? '';
  if (selector === undefined || selector === null) return '';
  // A ReplicationController selects by a plain map of labels.
  if (kind.kind === 'ReplicationController')
    return formatLabelSelector({ matchLabels: selector as { [key: string]: string } });
  return formatLabelSelector(selector as LabelSelector);
}

/** GET `/scale`. @throws StatusError NotFound */
export function getScale(server: ServerContext, scope: RequestScope): KubernetesObject {
  return scaleOf(convert(storedObject(server, scope), scope.kind), scope.kind);
}

/** PUT `/scale`. @throws StatusError */
export async function updateScale(
  server: ServerContext,
  scope: RequestScope,
  body: unknown,
  options: WriteOptions,
): Promise<KubernetesObject> {
  const scale = checkedScale(body, scope.name);
  const { uid, resourceVersion } = scale.metadata ?? {};
  const next = await runUpdate(
    server,
    { ...scope, subresource: '' },
    {
      transform: (old) => withReplicas(old, scale.spec?.replicas ?? 0),
      ...(uid === undefined || uid === '' ? {} : { expectedUid: uid }),
      ...(resourceVersion === undefined || resourceVersion === '' ? {} : { expected: resourceVersion }),
    },
    options,
  );
  return scaleOf(next, scope.kind);
}

/** PATCH `/scale` with a JSON, merge or strategic patch of the Scale. @throws StatusError */
export async function patchScale(
  server: ServerContext,
  scope: RequestScope,
  patch: PatchBody,
  options: WriteOptions,
): Promise<KubernetesObject> {
  const next = await runUpdate(
    server,
    { ...scope, subresource: '' },
    {
      transform: (old) => {
        const before = scaleOf(convert(old, scope.kind), scope.kind);
        const plain: PatchBody =
          patch.type === 'strategic' || patch.type === 'apply' ? { type: 'merge', body: patch.body } : patch;
        const after = checkedScale(applyPatch(before as KubernetesObject, plain, scope.kind), scope.name);
        return withReplicas(old, after.spec?.replicas ?? 0);
      },
    },
    options,
  );
  return scaleOf(next, scope.kind);
}

function withReplicas(old: Stored, replicas: number): KubernetesObject {
  const { spec } = old as Scalable;
  return spec?.replicas === replicas ? old : ({ ...old, spec: { ...spec, replicas } } as KubernetesObject);
}

function checkedScale(body: unknown, name: string): Scale {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw failures.badRequest('the body of the request is no Scale object');
  const scale = body as Scale;
  if (scale.kind !== 'Scale')
    throw failures.badRequest(`expected an object of kind Scale, got ${JSON.stringify(scale.kind)}`);
  const replicas = scale.spec?.replicas;
  if (replicas !== undefined && (typeof replicas !== 'number' || !Number.isInteger(replicas))) {
    throw failures.badRequest(
      'Scale in version "v1" cannot be handled as a Scale: spec.replicas must be a whole number',
    );
  }
  if (replicas !== undefined && replicas < 0) {
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
      fieldErrors.invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ]);
  }
  return scale;
}
