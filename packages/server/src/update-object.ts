import { fieldErrors, invalid, type Stored } from '@orrery/api';
import type { WriteOptions } from '@orrery/core';
import { collectionOf } from './collections.ts';
import type { ServerContext } from './context.ts';
import { convert } from './conversion.ts';
import { createDecoded } from './create-object.ts';
import { checkNamed, decodeBody, expectedRevision } from './decode-body.ts';
import { checkIdentity } from './prepare-write.ts';
import { lostRace } from './races.ts';
import type { RequestScope, WriteResult } from './request-path.ts';
import { stageUpdate, type UpdatePlan } from './stage-update.ts';

/** Replaces an object (PUT), or its status through `/status`. @throws StatusError */
export async function updateObject(
  server: ServerContext,
  scope: RequestScope,
  body: unknown,
  options: WriteOptions,
): Promise<WriteResult> {
  const { kind, name, namespace, subresource } = scope;
  const strategy = server.strategies.of(kind);
  const old = server.store.get(collectionOf(kind), { namespace: kind.namespaced ? namespace : '', name });
  const object = decodeBody(scope, body, options, old === undefined ? undefined : convert(old, kind));
  checkNamed(object, name);
  checkIdentity(object, kind, scope);
  const expected = expectedRevision(kind, object, name);
  if (old === undefined && strategy.allowCreateOnUpdate && subresource === '') {
    await authorizeCreate(server, scope);
    return createDecoded(server, scope, object, options);
  }
  if (expected === undefined && !strategy.allowUnconditionalUpdate) {
    throw invalid(kind, name, [fieldErrors.invalid('metadata.resourceVersion', 0, 'must be specified for an update')]);
  }
  const plan: UpdatePlan = { transform: () => object, expected, expectedUid: object.metadata?.uid || undefined };
  return { object: await runUpdate(server, scope, plan, options), created: false };
}

/** An update or patch that creates a missing object needs the permission to create. @throws StatusError Forbidden */
export function authorizeCreate(server: ServerContext, scope: RequestScope): Promise<void> {
  const { user, kind, subresource, namespace, name } = scope;
  const { group, version, resource } = kind;
  return server.authorize(user, { verb: 'create', group, version, resource, subresource, namespace, name });
}

/**
 * Runs an update: {@link stageUpdate}, then compare-and-swap; retries on the newer object if another writer was faster. A
 * client that sent a revision is refused instead. @throws StatusError
 */
export async function runUpdate(
  server: ServerContext,
  scope: RequestScope,
  plan: UpdatePlan,
  options: WriteOptions,
): Promise<Stored> {
  for (let race = 1; ; race++) {
    const staged = await stageUpdate(server, scope, plan, options);
    if ('unchanged' in staged) return staged.unchanged;
    try {
      const [stored] = await server.store.commit(staged.writes);
      return await staged.answer(stored as Stored);
    } catch (error) {
      await lostRace(server, scope, error, race);
    }
  }
}
