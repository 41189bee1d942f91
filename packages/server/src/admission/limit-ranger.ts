import {
  type Amounts,
  type Container,
  LimitRange,
  PersistentVolumeClaim,
  type Pod,
  parseQuantity,
  type Quantity,
  type Stored,
  totalLimits,
  totalRequests,
  zeroQuantity,
} from '@orrery/api';
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';
import { isPodRequest, podOf, refusal } from './pod-request.ts';

type Limit = NonNullable<LimitRange['spec']['limits']>[number];

const annotation = 'kubernetes.io/limit-ranger';

/** Gives containers the requests and limits of their namespace, and holds Pods and claims to its bounds (Kubernetes "Limit Ranges"). */
export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  matches: (request) =>
    request.object !== undefined &&
    request.oldObject?.metadata?.deletionTimestamp === undefined &&
    (isNewPod(request) || isResize(request) || isClaim(request)),
  async mutate(request, context) {
    if (!isPodRequest(request) && !isResize(request)) return undefined;
    const given = podOf(request);
    const pod = (await limitRanges(request, context)).reduce(withDefaultResources, given);
    return pod === given ? undefined : pod;
  },
  async validate(request, context) {
    for (const { spec } of await limitRanges(request, context)) {
      const faults = (spec.limits ?? []).flatMap((limit) => faultsOf(request, limit));
      if (faults.length > 0) throw refusal(request, faults.length === 1 ? (faults[0] ?? '') : `[${faults.join(', ')}]`);
    }
  },
};

const isNewPod = (request: AdmissionRequest) => isPodRequest(request) && request.operation === 'CREATE';
const isResize = (request: AdmissionRequest) => isPodRequest(request, 'resize') && request.operation === 'UPDATE';
const isClaim = ({ kind, subresource, operation }: AdmissionRequest) =>
  subresource === '' &&
  kind.group === PersistentVolumeClaim.group &&
  kind.resource === PersistentVolumeClaim.resource &&
  (operation === 'CREATE' || operation === 'UPDATE');

async function limitRanges(
  { namespace }: AdmissionRequest,
  { client }: AdmissionContext,
): Promise<readonly Stored<LimitRange>[]> {
  return (await client.list(LimitRange, { namespace })).items;
}

/** The Pod with the requests and limits that a LimitRange gives to containers without; the Pod itself if all have them. Pure. */
export function withDefaultResources(pod: Pod, { spec }: LimitRange): Pod {
  const limits = Object.assign({}, ...containerItems(spec).map((item) => item.default)) as Amounts;
  const requests = Object.assign({}, ...containerItems(spec).map(({ defaultRequest }) => defaultRequest)) as Amounts;
  const notes: string[] = [];
  const complete = (what: string) => (container: Container) => {
    const { resources = {} } = container;
    const addedRequests = missing(requests, resources.requests);
    const addedLimits = missing(limits, resources.limits);
    if (addedRequests.length > 0) notes.push(`${addedRequests.join(', ')} request for ${what} ${container.name}`);
    if (addedLimits.length > 0) notes.push(`${addedLimits.join(', ')} limit for ${what} ${container.name}`);
    if (addedRequests.length + addedLimits.length === 0) return container;
    return {
      ...container,
      resources: {
        ...resources,
        ...(addedLimits.length === 0 ? {} : { limits: { ...limits, ...resources.limits } }),
        ...(addedRequests.length === 0 ? {} : { requests: { ...requests, ...resources.requests } }),
      },
    };
  };
  const containers = pod.spec.containers.map(complete('container'));
  const initContainers = pod.spec.initContainers?.map(complete('init container'));
  if (notes.length === 0) return pod;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      annotations: { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${notes.join('; ')}` },
    },
    spec: { ...pod.spec, containers, ...(initContainers === undefined ? {} : { initContainers }) },
  };
}

const containerItems = ({ limits = [] }: LimitRange['spec']) => limits.filter(({ type }) => type === 'Container');

function missing(wanted: Amounts, present: Amounts = {}): readonly string[] {
  return Object.keys(wanted)
    .filter((name) => present[name] === undefined)
    .sort();
}

function faultsOf(request: AdmissionRequest, limit: Limit): readonly string[] {
  if (isClaim(request)) return limit.type === 'PersistentVolumeClaim' ? claimFaults(request, limit) : [];
  const pod = podOf(request);
  if (limit.type === 'Pod') return podFaults(limit, totalRequests(pod), totalLimits(pod));
  if (limit.type !== 'Container') return [];
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return containers.flatMap(({ resources = {} }) => podFaults(limit, resources.requests, resources.limits));
}

/** Storage is requested only; the most that is allowed is held against the request. */
function claimFaults(request: AdmissionRequest, { min = {}, max = {}, type }: Limit): readonly string[] {
  const claim = request.object as PersistentVolumeClaim;
  const requests = claim.spec?.resources?.requests ?? {};
  return [
    ...names(min).flatMap((name) => tooLittle(type, name, quantity(min[name]), requests, {})),
    ...names(max).flatMap((name) => tooMuchRequested(type, name, quantity(max[name]), requests)),
  ];
}

/** What is wrong with the requests and limits of a container or of a whole Pod, in Kubernetes' words. Pure. */
export function podFaults(limit: Limit, requests: Amounts = {}, limits: Amounts = {}): readonly string[] {
  const { type, min = {}, max = {}, maxLimitRequestRatio = {} } = limit;
  return [
    ...names(min).flatMap((name) => tooLittle(type, name, quantity(min[name]), requests, limits)),
    ...names(max).flatMap((name) => tooMuch(type, name, quantity(max[name]), requests, limits)),
    ...names(maxLimitRequestRatio).flatMap((name) =>
      tooFarApart(type, name, quantity(maxLimitRequestRatio[name]), requests, limits),
    ),
  ];
}

function tooLittle(type: string, name: string, least: Quantity, requests: Amounts, limits: Amounts): readonly string[] {
  const rule = `minimum ${name} usage per ${type} is ${least}`;
  const [request, limit] = [requests[name], limits[name]];
  if (request === undefined) return [`${rule}.  No request is specified`];
  if (quantity(request).compare(least) < 0) return [`${rule}, but request is ${quantity(request)}`];
  if (limit !== undefined && quantity(limit).compare(least) < 0) return [`${rule}, but limit is ${quantity(limit)}`];
  return [];
}

function tooMuch(type: string, name: string, most: Quantity, requests: Amounts, limits: Amounts): readonly string[] {
  const rule = `maximum ${name} usage per ${type} is ${most}`;
  const [request, limit] = [requests[name], limits[name]];
  if (limit === undefined) return [`${rule}.  No limit is specified`];
  if (quantity(limit).compare(most) > 0) return [`${rule}, but limit is ${quantity(limit)}`];
  if (request !== undefined && quantity(request).compare(most) > 0) {
    return [`${rule}, but request is ${quantity(request)}`];
  }
  return [];
}

function tooMuchRequested(type: string, name: string, most: Quantity, requests: Amounts): readonly string[] {
  const rule = `maximum ${name} usage per ${type} is ${most}`;
  const request = requests[name];
  if (request === undefined) return [`${rule}.  No request is specified`];
  return quantity(request).compare(most) > 0 ? [`${rule}, but request is ${quantity(request)}`] : [];
}

function tooFarApart(
  type: string,
  name: string,
  most: Quantity,
  requests: Amounts,
  limits: Amounts,
): readonly string[] {
  const rule = `${name} max limit to request ratio per ${type} is ${most}`;
  const [request, limit] = [quantity(requests[name]), quantity(limits[name])];
  if (request.isZero) return [`${rule}, but no request is specified or request is 0`];
  if (limit.isZero) return [`${rule}, but no limit is specified or limit is 0`];
  const ratio = Number(limit.nanos) / Number(request.nanos);
  return ratio * 1000 > most.milliValue() ? [`${rule}, but provided ratio is ${ratio.toFixed(6)}`] : [];
}

const names = (amounts: Amounts) => Object.keys(amounts).sort();

function quantity(amount: string | number | undefined): Quantity {
  return amount === undefined ? zeroQuantity : parseQuantity(amount);
}
