import { fieldErrors } from '../../field-error.ts';
import { equalJson } from '../../json.ts';
import type {
  Binding,
  Lease,
  LimitRange,
  Namespace,
  Node,
  PodDisruptionBudget,
  PodPreset,
  PriorityClass,
  ResourceQuota,
  RuntimeClass,
} from '../../kinds.ts';
import { cidr, dns1123Label, isIpv6, labelValue, qualifiedName } from '../../names.ts';
import { parseQuantity } from '../../quantity.ts';
import { checkChoice, checkName, checkOptionalChoice, checkRequired, type Errors, isEmpty } from '../checks.ts';
import { validateLabelSelector } from '../label-selectors.ts';
import { checkImmutable } from '../metadata.ts';
import { validateEnv, validateEnvFrom } from '../pod/environment.ts';
import { validateVolumeMounts } from '../pod/mounts.ts';
import { validateAmount, validateContainerResourceName, validateResourceName } from '../pod/resources.ts';
import { validateVolumes } from '../pod/volumes.ts';
import { checkIntOrPercent } from './workloads.ts';

type Amounts = { readonly [resource: string]: string | number } | undefined;

const podPresetParts = ['volumes', 'env', 'envFrom', 'volumeMounts'] as const;

/** The rules of a PodPreset, which are the same for a new and a changed one. */
export function validatePodPreset(errors: Errors, { spec }: PodPreset): void {
  validateLabelSelector(errors, spec?.selector, 'spec.selector');
  if (podPresetParts.every((part) => (spec?.[part] ?? []).length === 0)) {
    errors.push(fieldErrors.required('spec.volumes/env/envFrom/volumeMounts', 'must specify at least one'));
  }
  const volumes = validateVolumes(errors, spec?.volumes, 'spec.volumes');
  validateEnv(errors, spec?.env, 'spec.env');
  validateEnvFrom(errors, spec?.envFrom, 'spec.envFrom');
  validateVolumeMounts(
    errors,
    spec?.volumeMounts === undefined ? {} : { volumeMounts: spec.volumeMounts },
    'spec.volumeMounts',
    volumes,
  );
}

/** The subresource `pods/binding`. */
export function validateBinding(errors: Errors, { target }: Binding): void {
  if (!isEmpty(target?.kind) && target.kind !== 'Node') {
    errors.push(fieldErrors.notSupported('target.kind', target.kind, ['Node', '<empty>']));
  }
  checkRequired(errors, 'target.name', target?.name);
}

/** A namespace keeps its finalizers when it is updated: they change through `finalize` alone. */
export function validateNamespace(errors: Errors, namespace: Namespace): void {
  for (const [i, finalizer] of (namespace.spec?.finalizers ?? []).entries()) {
    checkName(errors, `spec.finalizers[${i}]`, finalizer, qualifiedName);
  }
}

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateNode(errors: Errors, node: Node): void {
  const seen = new Set<string>();
  for (const [i, taint] of (node.spec?.taints ?? []).entries()) {
    const at = `spec.taints[${i}]`;
    checkName(errors, `${at}.key`, taint.key ?? '', qualifiedName);
    const faults = labelValue(taint.value ?? '');
    if (faults.length > 0) errors.push(fieldErrors.invalid(`${at}.value`, taint.value, faults.join(';')));
    checkChoice(errors, `${at}.effect`, taint.effect, taintEffects);
    const place = `${taint.key}:${taint.effect}`;
    if (seen.has(place)) {
      errors.push(fieldErrors.duplicate(at, taint));
    }
    seen.add(place);
  }
  validatePodRanges(errors, node.spec ?? {});
  for (const field of ['capacity', 'allocatable'] as const) {
    checkAmounts(errors, node.status?.[field], `status.${field}`, validateResourceName);
  }
}

/** The ranges of a node's Pods: one, or one of each IP family. The first of them alone may be named by `podCIDR`. */
function validatePodRanges(errors: Errors, { podCIDR, podCIDRs }: NonNullable<Node['spec']>): void {
  const ranges = podCIDRs ?? (podCIDR === undefined ? [] : [podCIDR]);
  for (const [i, range] of ranges.entries()) checkName(errors, `spec.podCIDRs[${i}]`, range, cidr);
  const families = new Set(ranges.map((range) => isIpv6(range.split('/')[0] ?? '')));
  if (ranges.length > families.size) {
    errors.push(fieldErrors.invalid('spec.podCIDRs', ranges, 'may specify no more than one CIDR for each IP family'));
  }
}

export function validateNodeUpdate(errors: Errors, node: Node, old: Node): void {
  const before = old.spec?.podCIDRs ?? [];
  if (before.length > 0 && !equalJson(node.spec?.podCIDRs, before)) {
    errors.push(fieldErrors.forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  }
  if (!isEmpty(old.spec?.providerID) && old.spec.providerID !== node.spec?.providerID) {
    errors.push(
      fieldErrors.forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'),
    );
  }
}

export function validateLease(errors: Errors, { spec }: Lease): void {
  const duration = spec?.leaseDurationSeconds;
  if (duration !== undefined && duration <= 0) {
    errors.push(fieldErrors.invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0'));
  }
  const transitions = spec?.leaseTransitions;
  if (transitions !== undefined && transitions < 0) {
    errors.push(fieldErrors.invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  checkOptionalChoice(errors, 'spec.strategy', spec?.strategy, ['OldestEmulationVersion']);
}

export function validatePodDisruptionBudget(errors: Errors, { spec }: PodDisruptionBudget): void {
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy, selector } = spec ?? {};
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.push(fieldErrors.invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const [field, value] of [
    ['minAvailable', minAvailable],
    ['maxUnavailable', maxUnavailable],
  ] as const) {
    checkIntOrPercent(errors, value, `spec.${field}`);
    if (typeof value === 'string' && Number.parseInt(value, 10) > 100) {
      errors.push(fieldErrors.invalid(`spec.${field}`, value, 'must not be greater than 100%'));
    }
  }
  checkOptionalChoice(errors, 'spec.unhealthyPodEvictionPolicy', unhealthyPodEvictionPolicy, [
    'AlwaysAllow',
    'IfHealthyBudget',
  ]);
  validateLabelSelector(errors, selector, 'spec.selector');
}

/** The highest priority that users may give; those above are Kubernetes' own. */
const highestUserPriority = 1_000_000_000;

export function validatePriorityClass(errors: Errors, priorityClass: PriorityClass): void {
  const name = priorityClass.metadata?.name ?? '';
  const { value = 0 } = priorityClass;
  if (name.startsWith('system-')) {
    const system =
      name === 'system-cluster-critical' ? 2_000_000_000 : name === 'system-node-critical' ? 2_000_001_000 : 0;
    if (system !== value) {
      errors.push(
        fieldErrors.forbidden(
          'metadata.name',
          "priority class names with 'system-' prefix are reserved for system use only. error: " +
            (system === 0
              ? `${name} is not a known system priority class`
              : `value of ${name} PriorityClass must be ${system}`),
        ),
      );
    }
  } else if (value > highestUserPriority) {
    errors.push(
      fieldErrors.forbidden('value', `maximum allowed value of a user defined priority is ${highestUserPriority}`),
    );
  }
  checkOptionalChoice(errors, 'preemptionPolicy', priorityClass.preemptionPolicy, ['PreemptLowerPriority', 'Never']);
}

export function validatePriorityClassUpdate(errors: Errors, next: PriorityClass, old: PriorityClass): void {
  if (next.value !== old.value) errors.push(fieldErrors.forbidden('value', 'may not be changed in an update.'));
  checkImmutable(errors, 'preemptionPolicy', next.preemptionPolicy, old.preemptionPolicy);
}

export function validateRuntimeClass(errors: Errors, runtimeClass: RuntimeClass): void {
  checkName(errors, 'handler', runtimeClass.handler ?? '', dns1123Label);
}

export function validateRuntimeClassUpdate(errors: Errors, next: RuntimeClass, old: RuntimeClass): void {
  checkImmutable(errors, 'handler', next.handler, old.handler);
}

const quotaScopes = [
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
  'VolumeAttributesClass',
];

export function validateResourceQuota(errors: Errors, quota: ResourceQuota): void {
  checkAmounts(errors, quota.spec?.hard as Amounts, 'spec.hard', validateQuotaResource);
  for (const scope of quota.spec?.scopes ?? []) {
    if (!quotaScopes.includes(scope)) {
      errors.push(fieldErrors.invalid('spec.scopes', quota.spec?.scopes, 'unsupported scope'));
    }
  }
  checkAmounts(errors, quota.status?.hard as Amounts, 'status.hard', validateQuotaResource);
  checkAmounts(errors, quota.status?.used as Amounts, 'status.used', validateQuotaResource);
}

export function validateResourceQuotaUpdate(errors: Errors, next: ResourceQuota, old: ResourceQuota): void {
  const sorted = (quota: ResourceQuota) => [...(quota.spec?.scopes ?? [])].sort();
  if (!equalJson(sorted(next), sorted(old))) {
    errors.push(fieldErrors.invalid('spec.scopes', next.spec?.scopes, 'field is immutable'));
  }
}

function validateQuotaResource(errors: Errors, resource: string, path: string): void {
  if (resource.startsWith('count/')) {
    checkName(errors, path, resource, qualifiedName);
    return;
  }
  const bare = resource.replace(/^(requests|limits)\./, '');
  validateResourceName(errors, /\.storageclass\.storage\.k8s\.io\//.test(resource) ? 'storage' : bare, path);
}

function checkAmounts(
  errors: Errors,
  amounts: Amounts,
  path: string,
  checkResource: (errors: Errors, resource: string, path: string) => void,
): void {
  for (const resource in amounts) {
    const at = `${path}[${resource}]`;
    checkResource(errors, resource, at);
    validateAmount(errors, resource, parseQuantity(amounts[resource] as string), at);
  }
}

/** Bounds of a LimitRange agree with each other: min ≤ defaultRequest ≤ default ≤ max. */
export function validateLimitRange(errors: Errors, { spec }: LimitRange): void {
  const types = new Set<string>();
  for (const [i, item] of (spec?.limits ?? []).entries()) {
    const at = `spec.limits[${i}]`;
    if (types.has(item.type)) errors.push(fieldErrors.duplicate(`${at}.type`, item.type));
    types.add(item.type);
    checkRequired(errors, `${at}.type`, item.type);
    const checkResource = item.type === 'Container' ? validateContainerResourceName : validateResourceName;
    for (const field of ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const) {
      for (const resource in item[field]) checkResource(errors, resource, `${at}.${field}[${resource}]`);
    }
    if (item.type === 'Pod') {
      for (const field of ['default', 'defaultRequest'] as const) {
        if (item[field] !== undefined) {
          errors.push(fieldErrors.forbidden(`${at}.${field}`, "may not be specified when `type` is 'Pod'"));
        }
      }
    }
    checkOrder(errors, at, item, 'min', 'max');
    checkOrder(errors, at, item, 'min', 'defaultRequest');
    checkOrder(errors, at, item, 'min', 'default');
    checkOrder(errors, at, item, 'defaultRequest', 'max');
    checkOrder(errors, at, item, 'defaultRequest', 'default');
    checkOrder(errors, at, item, 'default', 'max');
  }
}

type Bound = 'min' | 'max' | 'default' | 'defaultRequest';
const boundText = { min: 'min', max: 'max', default: 'default', defaultRequest: 'default request' } as const;

function checkOrder(
  errors: Errors,
  path: string,
  item: { readonly [bound in Bound]?: { readonly [resource: string]: string | number } },
  lower: Bound,
  upper: Bound,
): void {
  for (const resource in item[lower]) {
    const high = item[upper]?.[resource];
    const low = item[lower]?.[resource];
    if (high === undefined || low === undefined) continue;
    const [least, most] = [parseQuantity(low), parseQuantity(high)];
    if (least.nanos <= most.nanos) continue;
    const at = lower === 'min' && upper !== 'max' ? upper : lower;
    const value = at === lower ? least : most;
    errors.push(
      fieldErrors.invalid(
        `${path}.${at}[${resource}]`,
        value.toString(),
        `${boundText[lower]} value ${least} is greater than ${boundText[upper]} value ${most}`,
      ),
    );
  }
}
