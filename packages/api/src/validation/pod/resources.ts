import { fieldErrors } from '../../field-error.ts';
import { qualifiedName } from '../../names.ts';
import type { ResourceRequirements } from '../../parts.ts';
import { parseQuantity, type Quantity } from '../../quantity.ts';
import { checkName, type Errors, notNegative } from '../checks.ts';

const standardForContainers = new Set(['cpu', 'memory', 'ephemeral-storage']);
/** Quotas of objects: they are counted, not measured. */
const countable = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);
const standard = new Set([
  ...standardForContainers,
  'storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'requests.storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  ...countable,
]);

type Amounts = { readonly [resource: string]: string | number } | undefined;

/** Requests and limits of a container (`ValidateResourceRequirements`). */
export function validateResourceRequirements(
  errors: Errors,
  resources: ResourceRequirements | undefined,
  path: string,
): void {
  if (resources === undefined) return;
  const limits = resources.limits as Amounts;
  const requests = resources.requests as Amounts;
  if (limits === undefined && requests === undefined) return;
  let hugePages = false;
  for (const resource in limits) {
    const at = `${path}.limits[${resource}]`;
    validateContainerResourceName(errors, resource, at);
    validateAmount(errors, resource, parseQuantity(limits[resource] as string), at);
    hugePages ||= isHugePages(resource);
  }
  for (const resource in requests) {
    const at = `${path}.requests[${resource}]`;
    const requested = parseQuantity(requests[resource] as string);
    validateContainerResourceName(errors, resource, at);
    validateAmount(errors, resource, requested, at);
    hugePages ||= isHugePages(resource);
    const stated = limits?.[resource];
    if (stated === undefined) {
      if (!isOvercommitAllowed(resource)) {
        errors.push(fieldErrors.required(`${path}.limits`, 'Limit must be set for non overcommitable resources'));
      }
      continue;
    }
    const limit = parseQuantity(stated);
    if (!isOvercommitAllowed(resource) && requested.nanos !== limit.nanos) {
      errors.push(
        fieldErrors.invalid(`${path}.requests`, requested.toString(), `must be equal to ${resource} limit of ${limit}`),
      );
    } else if (requested.nanos > limit.nanos) {
      errors.push(
        fieldErrors.invalid(
          `${path}.requests`,
          requested.toString(),
          `must be less than or equal to ${resource} limit of ${limit}`,
        ),
      );
    }
  }
  const states = (resource: string) => limits?.[resource] !== undefined || requests?.[resource] !== undefined;
  if (hugePages && !states('cpu') && !states('memory')) {
    errors.push(fieldErrors.forbidden(path, 'HugePages require cpu or memory'));
  }
}

/** The name of a resource that a container may request. */
export function validateContainerResourceName(errors: Errors, resource: string, path: string): void {
  if (standardForContainers.has(resource) || isHugePages(resource)) return;
  const before = errors.length;
  checkName(errors, path, resource, qualifiedName);
  if (errors.length > before) return;
  if (!resource.includes('/')) {
    if (!standard.has(resource)) {
      errors.push(fieldErrors.invalid(path, resource, 'must be a standard resource type or fully qualified'));
    }
    errors.push(fieldErrors.invalid(path, resource, 'must be a standard resource for containers'));
  } else if (!isNative(resource) && !isExtended(resource)) {
    errors.push(fieldErrors.invalid(path, resource, "doesn't follow extended resource name standard"));
  }
}

/** The name of any resource, as quotas and nodes have them. */
export function validateResourceName(errors: Errors, resource: string, path: string): void {
  checkName(errors, path, resource, qualifiedName);
  if (!resource.includes('/') && !standard.has(resource) && !isHugePages(resource)) {
    errors.push(fieldErrors.invalid(path, resource, 'must be a standard resource type or fully qualified'));
  }
}

/** An amount of a resource: never negative, and whole where the resource cannot be shared. */
export function validateAmount(errors: Errors, resource: string, amount: Quantity, path: string): void {
  if (amount.nanos < 0n) errors.push(fieldErrors.invalid(path, amount.toString(), notNegative));
  if (isWhole(resource) && amount.nanos % 1_000_000_000n !== 0n) {
    errors.push(fieldErrors.invalid(path, amount.toString(), 'must be an integer'));
  }
}

function isWhole(resource: string): boolean {
  return countable.has(resource) || isExtended(resource);
}

function isHugePages(resource: string): boolean {
  return resource.startsWith('hugepages-');
}

/** Resources of Kubernetes itself: without a prefix, or with one of `kubernetes.io`. */
function isNative(resource: string): boolean {
  return !resource.includes('/') || resource.includes('kubernetes.io/');
}

function isExtended(resource: string): boolean {
  if (isNative(resource) || resource.startsWith('requests.')) return false;
  return qualifiedName(`requests.${resource}`).length === 0;
}

function isOvercommitAllowed(resource: string): boolean {
  return isNative(resource) && !isHugePages(resource);
}
