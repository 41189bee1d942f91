import {
  deepFreeze,
  failures,
  fieldErrors,
  hasReason,
  invalid,
  type KubernetesObject,
  type Status,
  type Stored,
} from '@orrery/api';
import type { ListOptions, ObjectList } from '@orrery/core';
import type { ObjectWrite } from '@orrery/store';
import type { AdmissionRequest } from './admission/admission-plugin.ts';
import { collectionOf } from './collections.ts';
import { admissionContext, type ServerContext } from './context.ts';
import { convert } from './conversion.ts';
import { deletionStep, propagationPolicy } from './deletion.ts';
import { awaitConflict } from './races.ts';
import { listObjects, storedObject } from './reads.ts';
import type { DeleteRequestOptions, DeleteResult, RequestScope } from './request-path.ts';

const policies = ['Orphan', 'Background', 'Foreground'];

/** Deletes one object, or starts its deletion (Kubernetes "Finalizers", "Garbage Collection"). @throws StatusError */
export async function deleteObject(
  server: ServerContext,
  scope: RequestScope,
  options: DeleteRequestOptions,
): Promise<DeleteResult> {
  const { kind } = scope;
  const strategy = server.strategies.of(kind);
  const collection = collectionOf(kind);
  checkOptions(options);
  const { orphansByDefault, warningWhenOrphaning } = strategy;
  if (orphansByDefault && warningWhenOrphaning !== undefined && propagationPolicy(options) === undefined) {
    scope.warn(warningWhenOrphaning);
  }
  const key = { namespace: kind.namespaced ? scope.namespace : '', name: scope.name };
  /** Commits the writes and returns the first object written; a dry run commits nothing and returns `dry`. */
  const commit = async (dry: KubernetesObject, ...writes: readonly ObjectWrite[]): Promise<KubernetesObject> =>
    options.dryRun === true ? dry : ((await server.store.commit(writes))[0] as Stored);
  for (;;) {
    const old = storedObject(server, scope);
    const context = admissionContext(server, scope.warn);
    const request: AdmissionRequest = {
      operation: 'DELETE',
      kind,
      subresource: '',
      namespace: key.namespace,
      name: scope.name,
      oldObject: convert(old, kind),
      user: scope.user,
      dryRun: options.dryRun === true,
    };
    await server.admission.validate(request, context);
    const step = deletionStep(old, kind, strategy, options, server.environment.clock.now());
    try {
      if (step.type === 'none') return { body: convert(old, kind), accepted: false };
      const expected = Number(old.metadata.resourceVersion);
      if (step.type === 'remove') {
        const others = strategy.commitsWith?.(server, undefined, old) ?? [];
        const last = await commit(old, { type: 'delete', collection, key, expected }, ...others);
        return {
          body: strategy.returnDeletedObject ? convert(last, kind) : deletedStatus(scope, old),
          accepted: false,
        };
      }
      const object = deepFreeze(strategy.prepareForDelete({ ...old, metadata: step.metadata }));
      const stored = await commit(object, { type: 'put', collection, object, expected });
      const orphansRefused = options.orphanDependents === false;
      return { body: convert(stored, kind), accepted: orphansRefused };
    } catch (error) {
      await awaitConflict(server, error);
    }
  }
}

function deletedStatus(scope: RequestScope, object: Stored): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: scope.name,
      ...(scope.kind.group === '' ? {} : { group: scope.kind.group }),
      kind: scope.kind.resource,
      uid: object.metadata.uid,
    },
  };
}

/**
 * Deletes all selected objects, one by one, and returns them. Each deletion is a separate commit, as in Kubernetes: a client
 * resumes its watch after the revision of the last event that reached it, so two events of one collection cannot share a
 * revision. @throws StatusError
 */
export async function deleteCollection(
  server: ServerContext,
  scope: RequestScope,
  selectionOptions: ListOptions,
  options: DeleteRequestOptions,
): Promise<ObjectList> {
  const list = await listObjects(server, scope, selectionOptions);
  const { work } = server.environment;
  for (const object of list.items) {
    // However many there are, sockets and loops have their turns every few milliseconds.
    if (work.crowded()) await work.turn('apiserver');
    try {
      await deleteObject(
        server,
        { ...scope, namespace: object.metadata.namespace ?? '', name: object.metadata.name },
        options,
      );
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
    }
  }
  return list;
}

function checkOptions(options: DeleteRequestOptions): void {
  const kind = { group: 'meta.k8s.io', kind: 'DeleteOptions' };
  if (options.propagationPolicy !== undefined && !policies.includes(options.propagationPolicy)) {
    throw invalid(kind, '', [fieldErrors.notSupported('propagationPolicy', options.propagationPolicy, policies)]);
  }
  if (options.gracePeriodSeconds !== undefined && !Number.isInteger(options.gracePeriodSeconds)) {
    throw failures.badRequest('gracePeriodSeconds must be a whole number of seconds');
  }
}
