import { failures, hasReason, type KubernetesObject, timestamp } from '@orrery/api';
import { applyDefaults, applyServerSide } from '@orrery/api/server';
import type { WriteOptions } from '@orrery/core';
import { collectionOf } from './collections.ts';
import type { ServerContext } from './context.ts';
import { convert } from './conversion.ts';
import { createDecoded, inNamespace } from './create-object.ts';
import { decodeBody, decodeWithoutDefaults, expectedRevision } from './decode-body.ts';
import { applyPatch } from './patch-body.ts';
import { checkIdentity } from './prepare-write.ts';
import { maxRaces } from './races.ts';
import type { PatchBody, RequestScope, WriteResult } from './request-path.ts';
import { uidConflict } from './stage-update.ts';
import { authorizeCreate, runUpdate } from './update-object.ts';

/** Patches an object. A write that loses a race is retried on the newer object. @throws StatusError */
export async function patchObject(
  server: ServerContext,
  scope: RequestScope,
  patch: PatchBody,
  options: WriteOptions,
): Promise<WriteResult> {
  if (patch.type === 'apply') return applyObject(server, scope, patch, options);
  const { kind } = scope;
  if (patch.type === 'strategic' && kind.custom) {
    throw failures.unsupportedMediaType([
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/apply-patch+yaml',
    ]);
  }
  const object = await runUpdate(
    server,
    scope,
    {
      transform: (old) => {
        const current = convert(old, kind);
        const patched = applyPatch(current, patch, kind);
        if (patched === current) return old;
        const next = decodeBody(scope, patched, options, current);
        // A patch that sets these applies only to an object that has them.
        const { uid = '' } = next.metadata ?? {};
        if (uid !== '' && uid !== old.metadata.uid) throw uidConflict(kind, old.metadata, uid);
        const expected = expectedRevision(kind, next, scope.name);
        if (expected !== undefined && expected !== old.metadata.resourceVersion)
          throw failures.conflict(kind, scope.name);
        return next;
      },
    },
    options,
  );
  return { object, created: false };
}

/** Server-side apply: creates the object if it does not exist. */
async function applyObject(
  server: ServerContext,
  scope: RequestScope,
  patch: PatchBody & { type: 'apply' },
  options: WriteOptions,
): Promise<WriteResult> {
  const { kind, name, namespace, subresource } = scope;
  const manager = options.fieldManager ?? '';
  if (manager === '') throw withoutManager();
  const applied = decodeWithoutDefaults(scope, patch.body, options);
  checkIdentity(applied, kind, scope);
  if ((applied.metadata?.managedFields ?? []).length > 0)
    throw failures.badRequest('metadata.managedFields must be nil');
  const expected = expectedRevision(kind, applied, name);
  const expectedUid = applied.metadata?.uid || undefined;
  const apply = (live: KubernetesObject | undefined) =>
    applyServerSide({
      kind,
      live,
      applied: inNamespace({ ...applied, metadata: { ...applied.metadata, name } }, kind, namespace),
      manager,
      force: patch.force,
      time: timestamp(server.environment.clock.now()),
      subresource,
    });
  const key = { namespace: kind.namespaced ? namespace : '', name };
  for (let race = 1; ; race++) {
    if (server.store.get(collectionOf(kind), key) === undefined) {
      if (subresource !== '') throw failures.notFound(kind, name);
      // The client has seen the object before, so it must have been deleted.
      if (expected !== undefined || expectedUid !== undefined) throw failures.conflict(kind, name);
      await authorizeCreate(server, scope);
      try {
        return await createDecoded(server, scope, applyDefaults(kind, apply(undefined)), options, true);
      } catch (error) {
        if (!hasReason(error, 'AlreadyExists') || race === maxRaces) throw error;
        continue;
      }
    }
    const object = await runUpdate(
      server,
      scope,
      {
        transform: (old) => applyDefaults(kind, apply(convert(old, kind))),
        tracked: true,
        expected,
        expectedUid,
      },
      options,
    );
    return { object, created: false };
  }
}

function withoutManager(): Error {
  const message = 'Required value: is required for apply patch';
  return failures.unprocessable(`PatchOptions.meta.k8s.io "" is invalid: fieldManager: ${message}`, {
    group: 'meta.k8s.io',
    kind: 'PatchOptions',
    causes: [{ reason: 'FieldValueRequired', message, field: 'fieldManager' }],
  });
}
