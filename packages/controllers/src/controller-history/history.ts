import {
  ControllerRevision,
  controllerReference,
  isAlreadyExists,
  type Kind,
  keyOf,
  type LabelSelector,
  labelSelectorMatcher,
  type PodTemplateSpec,
  type Stored,
} from '@orrery/api';
import { type Cache, type Client, ownedBy } from '@orrery/core';
import { claim } from '../workload/claim.ts';
import { orphansOf } from '../workload/orphans.ts';
import {
  byRevision,
  holdsTemplate,
  nextRevision,
  revisionHash,
  revisionHashLabel,
  templatePatch,
} from './revisions.ts';

/** ControllerRevisions that nobody controls. The controllers that keep a history declare its index. */
export const orphanRevisions = orphansOf(ControllerRevision);

/** A workload that keeps the history of its template in ControllerRevisions. */
export interface Historied {
  readonly kind: Kind;
  readonly owner: Stored;
  readonly selector: LabelSelector | undefined;
  readonly template: PodTemplateSpec;
}

/** The revisions of a workload, lowest first. Orphans that it selects are adopted. @throws StatusError */
export async function revisionsOf(
  client: Client,
  cache: Cache,
  { kind, owner, selector }: Historied,
): Promise<Stored<ControllerRevision>[]> {
  const { namespace = '', uid } = owner.metadata;
  const owned = cache.list(ownedBy(ControllerRevision, uid), { namespace });
  const orphans = orphanRevisions.selectedBy(cache, namespace, labelSelectorMatcher(selector));
  const revisions = await claim(client, kind, owner, selector, ControllerRevision, [...owned, ...orphans]);
  return revisions.sort(byRevision);
}

/** The revision of the present template, and how often its name was taken before it had one. */
export interface CurrentRevision {
  readonly revision: Stored<ControllerRevision>;
  readonly collisionCount: number | undefined;
}

/**
 * Finds the revision of the workload's present template, raised above all others, or makes it. A name that another template's
 * revision has is counted as a collision, and another is tried.
 * @throws StatusError
 */
export async function currentRevision(
  client: Client,
  workload: Historied,
  revisions: readonly Stored<ControllerRevision>[],
  collisionCount: number | undefined,
): Promise<CurrentRevision> {
  const equal = revisions.findLast((one) => holdsTemplate(one, workload.template));
  if (equal === undefined) return createRevision(client, workload, nextRevision(revisions), collisionCount);
  const number = nextRevision(revisions.filter((one) => one !== equal && !holdsTemplate(one, workload.template)));
  if (equal.revision >= number) return { revision: equal, collisionCount };
  return { revision: await client.update({ ...equal, revision: number }), collisionCount };
}

async function createRevision(
  client: Client,
  workload: Historied,
  revision: number,
  collisionCount: number | undefined,
): Promise<CurrentRevision> {
  let count = collisionCount;
  for (;;) {
    const wanted = newRevision(workload, revision, count);
    try {
      return { revision: await client.create(wanted), collisionCount: count };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const existing = await client.get(ControllerRevision, keyOf(wanted));
      if (holdsTemplate(existing, workload.template)) return { revision: existing, collisionCount: count };
      count = (count ?? 0) + 1;
    }
  }
}

function newRevision(
  { kind, owner, template }: Historied,
  revision: number,
  collisionCount: number | undefined,
): ControllerRevision {
  const { name, namespace, annotations } = owner.metadata;
  const hash = revisionHash(template, collisionCount);
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...template.metadata?.labels, [revisionHashLabel]: hash },
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerReference(kind, owner)],
    },
    data: templatePatch(template),
    revision,
  } as ControllerRevision;
}
