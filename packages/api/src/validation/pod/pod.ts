import { fieldErrors } from '../../field-error.ts';
import type { Pod } from '../../kinds.ts';
import { namedItem } from '../../long-lists.ts';
import { ipAddress } from '../../names.ts';
import type { ContainerStatus } from '../../parts.ts';
import { restartsAfter } from '../../restart-policy.ts';
import { checkName, type Errors } from '../checks.ts';
import { validatePodSpec } from './pod-spec.ts';

const mirror = 'kubernetes.io/config.mirror';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';

/** Rules for a Pod, new or changed, beside those of its metadata. A spec that is shared with the old Pod is valid. */
export function validatePod(errors: Errors, pod: Pod, old?: Pod): void {
  const spec = pod.spec ?? { containers: [] };
  const annotations = pod.metadata?.annotations;
  if (annotations?.[mirror] !== undefined && !spec.nodeName) {
    errors.push(
      fieldErrors.invalid(
        `metadata.annotations[${mirror}]`,
        annotations[mirror],
        'must set spec.nodeName if mirror pod annotation is set',
      ),
    );
  }
  const cost = annotations?.[deletionCost];
  if (cost !== undefined && !isDeletionCost(cost)) {
    errors.push(fieldErrors.invalid(`metadata.annotations[${deletionCost}]`, cost, 'must be a 32bit integer'));
  }
  if (old === undefined || pod.spec !== old.spec) validatePodSpec(errors, spec, 'spec', true);
}

/** Rules for a new Pod alone. */
export function validatePodCreate(errors: Errors, pod: Pod): void {
  validatePod(errors, pod);
  const spec = pod.spec ?? { containers: [] };
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(fieldErrors.forbidden('spec.ephemeralContainers', 'cannot be set on create'));
  }
  if (spec.nodeName && (spec.schedulingGates ?? []).length > 0) {
    errors.push(fieldErrors.forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
}

function isDeletionCost(text: string): boolean {
  return /^(0|-?[1-9]\d*)$/.test(text) && Math.abs(Number(text)) <= 2_147_483_647;
}

/** Rules for a change of a Pod's status: terminated containers stay terminated, addresses must be valid. */
export function validatePodStatus(errors: Errors, pod: Pod, old: Pod): void {
  const { status } = pod;
  if (status === undefined) return;
  validateTransitions(errors, status.containerStatuses, old, 'status.containerStatuses');
  for (const field of ['podIPs', 'hostIPs'] as const) {
    for (const [i, { ip }] of (status[field] ?? []).entries()) {
      checkName(errors, `status.${field}[${i}]`, ip ?? '', ipAddress);
    }
  }
  const before = old.status?.qosClass;
  if (before && status.qosClass && status.qosClass !== before) {
    errors.push(fieldErrors.invalid('status.qosClass', status.qosClass, 'field is immutable'));
  }
}

function validateTransitions(
  errors: Errors,
  next: readonly ContainerStatus[] | undefined,
  { spec, status }: Pod,
  path: string,
): void {
  const old = status?.containerStatuses;
  const policy = spec?.restartPolicy;
  if (policy === 'Always' || next === old) return;
  for (const [i, before] of (old ?? []).entries()) {
    const ended = before.state?.terminated;
    if (ended === undefined) continue;
    const container = namedItem(spec?.containers, before.name);
    if (restartsAfter(container ?? {}, policy, ended.exitCode)) continue;
    const after = namedItem(next, before.name);
    if (after === undefined || after.state?.terminated !== undefined || after.restartCount > before.restartCount)
      continue;
    errors.push(fieldErrors.forbidden(`${path}[${i}].state`, 'may not be transitioned to non-terminated state'));
  }
}
