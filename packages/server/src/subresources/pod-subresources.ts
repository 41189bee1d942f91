import {
  failures,
  fieldErrors,
  invalid,
  type KubernetesObject,
  type Pod,
  type PodCondition,
  type Status,
  type Stored,
  withCondition,
} from '@orrery/api';
import type { Milliseconds, WriteOptions } from '@orrery/core';
import type { ServerContext } from '../context.ts';
import { decodeSubresource } from '../decode-body.ts';
import type { RequestScope, WriteResult } from '../request-path.ts';
import { runUpdate } from '../update-object.ts';

const success: Status = Object.freeze({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });

/** The result of a POST that creates no object. */
export function created(): WriteResult {
  return { object: success as unknown as KubernetesObject, created: true };
}

interface BindingBody extends KubernetesObject {
  readonly target?: { readonly kind?: string; readonly name?: string };
}

/** POST `pods/NAME/binding`: binds a Pod to a node, only once (Kubernetes `Binding`). @throws StatusError Conflict */
export async function bindPod(
  server: ServerContext,
  scope: RequestScope,
  body: KubernetesObject,
  options: WriteOptions,
): Promise<WriteResult> {
  const type = { group: '', version: 'v1', kind: 'Binding' };
  const { target, metadata = {} } = decodeSubresource<BindingBody>(scope, type, body, options);
  const kindName = { group: '', kind: 'Binding' };
  if (target?.kind !== undefined && target.kind !== '' && target.kind !== 'Node') {
    throw invalid(kindName, scope.name, [fieldErrors.notSupported('target.kind', target.kind, ['Node', '<empty>'])]);
  }
  const nodeName = target?.name ?? '';
  if (nodeName === '') throw invalid(kindName, scope.name, [fieldErrors.required('target.name')]);
  const now = server.environment.clock.now();
  await runUpdate(
    server,
    { ...scope, subresource: 'binding' },
    {
      transform: (old) => bound(old as Stored<Pod>, nodeName, metadata.annotations ?? {}, now),
      // Kubernetes records no manager for fields set by a binding.
      tracked: true,
      ...(metadata.uid === undefined || metadata.uid === '' ? {} : { expectedUid: metadata.uid }),
      ...(metadata.resourceVersion === undefined || metadata.resourceVersion === ''
        ? {}
        : { expected: metadata.resourceVersion }),
    },
    options,
  );
  return created();
}

function bound(
  pod: Stored<Pod>,
  nodeName: string,
  annotations: { readonly [key: string]: string },
  now: Milliseconds,
): KubernetesObject {
  const { name } = pod.metadata;
  const refuse = (why: string) => failures.conflict({ group: '', resource: 'pods/binding' }, name, why);
  if (pod.metadata.deletionTimestamp !== undefined)
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if ((pod.spec.nodeName ?? '') !== '') throw refuse(`pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
  if ((pod.spec.schedulingGates ?? []).length > 0) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  const { nominatedNodeName: _, ...status } = pod.status ?? {};
  const hasAnnotations = Object.keys(annotations).length > 0;
  const assigned = {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(hasAnnotations ? { annotations: { ...pod.metadata.annotations, ...annotations } } : {}),
    },
    spec: { ...pod.spec, nodeName },
    status,
  } as Stored<Pod>;
  return withPodCondition(assigned, { type: 'PodScheduled', status: 'True' }, now);
}

/** The Pod with one condition set, as of `now` (milliseconds since the epoch). */
export function withPodCondition(pod: Stored<Pod>, condition: PodCondition, now: Milliseconds): Stored<Pod> {
  const conditions = withCondition<PodCondition>(pod.status?.conditions ?? [], condition, now);
  return { ...pod, status: { ...pod.status, conditions } };
}
