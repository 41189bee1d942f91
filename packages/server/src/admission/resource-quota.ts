import {
  isConflict,
  type Kind,
  type KubernetesObject,
  missingFields,
  PersistentVolumeClaim,
  Pod,
  parseQuantity,
  Quantity,
  quotaApplies,
  quotaUsage,
  ResourceQuota,
  type ResourceTotals,
  Service,
  type Stored,
  trackedBy,
} from '@orrery/api';
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';
import { isPodRequest, refusal } from './pod-request.ts';

/** How often a charge is tried again after somebody else has changed the quota. */
const tries = 4;

/**
 * Charges what is created to the quotas of its namespace, and refuses what they have no room for (Kubernetes "Resource Quotas"). The
 * charges of one namespace are made one after the other.
 */
export function resourceQuota(): AdmissionPlugin {
  const lines = new Map<string, Promise<void>>();
  return {
    name: 'ResourceQuota',
    matches: isCharged,
    async validate(request, context) {
      const { namespace } = request;
      if ((await quotasFor(request, context)).length === 0) return;
      const before = lines.get(namespace);
      const mine = (before ?? Promise.resolve()).then(() => charge(request, context));
      // Whoever comes next waits for this one, and not for its luck.
      const done = mine.then(nothing, nothing);
      lines.set(namespace, done);
      try {
        await mine;
      } finally {
        if (lines.get(namespace) === done) lines.delete(namespace);
      }
    },
  };
}

const nothing = () => undefined;

function isCharged(request: AdmissionRequest): boolean {
  const { kind, subresource, operation, object, namespace } = request;
  if (object === undefined || namespace === '' || isEvent(kind)) return false;
  if (operation === 'UPDATE' && isPodRequest(request, 'resize')) return true;
  if (subresource !== '') return false;
  if (operation === 'CREATE') return true;
  if (operation !== 'UPDATE' || kind.group !== '') return false;
  if (kind.resource === Pod.resource) return isTerminating(object) !== isTerminating(request.oldObject);
  return kind.resource === Service.resource || kind.resource === PersistentVolumeClaim.resource;
}

function isEvent({ group, resource }: Kind): boolean {
  return resource === 'events' && (group === '' || group === 'events.k8s.io');
}

function isTerminating(object: KubernetesObject | undefined): boolean {
  return ((object as Pod | undefined)?.spec?.activeDeadlineSeconds ?? -1) >= 0;
}

async function quotasFor(
  { kind, namespace, object }: AdmissionRequest,
  { client }: AdmissionContext,
): Promise<readonly Stored<ResourceQuota>[]> {
  const { items } = await client.list(ResourceQuota, { namespace });
  if (items.length === 0 || object === undefined) return [];
  return items.filter(({ spec, status }) =>
    quotaApplies({ ...spec, ...(status?.hard === undefined ? {} : { hard: status.hard }) }, kind, object),
  );
}

async function charge(request: AdmissionRequest, context: AdmissionContext): Promise<void> {
  const usage = growth(request, context.clock.now());
  for (let attempt = 1; ; attempt++) {
    const charged = (await quotasFor(request, context)).flatMap((quota) => {
      const used = usedAfter(request, quota, usage);
      return used === undefined ? [] : [{ ...quota, status: { ...quota.status, used } }];
    });
    if (request.dryRun) return;
    try {
      for (const quota of charged) await context.client.updateStatus(quota);
      return;
    } catch (error) {
      if (!isConflict(error) || attempt === tries) throw error;
    }
  }
}

/** What the write adds to what there is. */
function growth({ kind, object, oldObject }: AdmissionRequest, now: number): ResourceTotals {
  const after = object === undefined ? new Map<string, Quantity>() : quotaUsage(kind, object, now);
  // A Pod whose deadline puts it in another scope is new there.
  if (oldObject === undefined || isTerminating(object) !== isTerminating(oldObject)) return after;
  const before = quotaUsage(kind, oldObject, now);
  const grown = [...after].map(([name, amount]) => [name, amount.sub(before.get(name) ?? zero)] as const);
  return new Map(grown.filter(([, amount]) => amount.nanos > 0n));
}

const zero = new Quantity(0n, 'DecimalSI');

/** What is used of a quota once this is charged to it; undefined if that changes nothing. @throws StatusError Forbidden */
function usedAfter(
  request: AdmissionRequest,
  { metadata, status }: Stored<ResourceQuota>,
  usage: ResourceTotals,
): { readonly [name: string]: string | number } | undefined {
  const { hard = {}, used = {} } = status ?? {};
  const { kind } = request;
  const tracked = Object.keys(hard)
    .filter((name) => {
      const by = trackedBy(name);
      return by?.resource === kind.resource && by.group === kind.group;
    })
    .sort();
  const missing = isPodRequest(request) ? missingFields(request.object as Pod, tracked) : undefined;
  if (missing !== undefined) throw refusal(request, `failed quota: ${metadata.name}: must specify ${missing}`);
  const unknown = tracked.filter((name) => used[name] === undefined);
  if (unknown.length > 0) {
    throw refusal(request, `status unknown for quota: ${metadata.name}, resources: ${unknown.join(',')}`);
  }
  const rows = tracked.flatMap((name) => {
    const more = usage.get(name);
    const [before, limit] = [parseQuantity(used[name] ?? 0), parseQuantity(hard[name] ?? 0)];
    return more === undefined ? [] : [{ name, more, before, after: before.add(more), limit }];
  });
  const over = rows.filter(({ after, limit }) => after.compare(limit) > 0);
  if (over.length > 0) {
    const list = (of: (row: (typeof over)[number]) => Quantity) =>
      over.map((row) => `${row.name}=${of(row)}`).join(',');
    throw refusal(
      request,
      `exceeded quota: ${metadata.name}, requested: ${list(({ more }) => more)}, used: ${list(({ before }) => before)}, limited: ${list(({ limit }) => limit)}`,
    );
  }
  if (rows.every(({ more }) => more.isZero)) return undefined;
  return { ...used, ...Object.fromEntries(rows.map(({ name, after }) => [name, after.toString()])) };
}
