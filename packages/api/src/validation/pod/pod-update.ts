import { fieldErrors } from '../../field-error.ts';
import { equalJson, isJsonObject } from '../../json.ts';
import type { Pod } from '../../kinds.ts';
import { namedItem } from '../../long-lists.ts';
import type { Container, PodSpec, Toleration } from '../../parts.ts';
import { qosClass } from '../../qos-class.ts';
import { checkRequired, type Errors } from '../checks.ts';

const maxInt32 = 2_147_483_647;

const allowedChanges =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** What may change in the spec of a Pod that exists (`ValidatePodUpdate`). */
export function validatePodSpecUpdate(errors: Errors, pod: Pod, old: Pod): void {
  if (pod.spec === old.spec) return;
  for (const list of ['containers', 'initContainers'] as const) {
    const containers = pod.spec[list] ?? [];
    if (containers.length !== (old.spec[list] ?? []).length) {
      errors.push(fieldErrors.forbidden(`spec.${list}`, 'pod updates may not add or remove containers'));
      return;
    }
    for (const [i, container] of containers.entries()) {
      checkRequired(errors, `spec.${list}[${i}].image`, container.image);
    }
  }
  validateDeadline(errors, pod.spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds);
  validateTolerationsAdded(errors, pod.spec.tolerations ?? [], old.spec.tolerations ?? []);
  validateGates(errors, pod.spec, old.spec);
  // A Pod that never was gated or is on its way may not be steered elsewhere.
  const steered = mayBeSteered(errors, pod.spec, old.spec);
  const expected = asOld(pod.spec, old.spec, steered);
  if (equalJson(expected, old.spec)) return;
  errors.push(fieldErrors.forbidden('spec', `${allowedChanges}\n${differences(expected, old.spec)}`));
}

/** The new spec with everything that may change as it was before. */
function asOld(spec: PodSpec, old: PodSpec, steered: boolean): PodSpec {
  const images = (containers: PodSpec['initContainers'], before: PodSpec['initContainers']) =>
    containers?.map((container, i) => withField(container, 'image', before?.[i]?.image));
  let result: PodSpec = { ...spec, containers: images(spec.containers, old.containers) ?? [] };
  const initContainers = images(spec.initContainers, old.initContainers);
  if (initContainers !== undefined) result = { ...result, initContainers };
  result = withField(result, 'activeDeadlineSeconds', old.activeDeadlineSeconds);
  result = withField(result, 'tolerations', old.tolerations);
  result = withField(result, 'schedulingGates', old.schedulingGates);
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    result = withField(result, 'terminationGracePeriodSeconds', old.terminationGracePeriodSeconds);
  }
  if (steered) {
    result = withField(result, 'nodeSelector', old.nodeSelector);
    result = withField(result, 'affinity', old.affinity);
  }
  return result;
}

function withField<T extends object, F extends keyof T>(object: T, field: F, value: T[F] | undefined): T {
  const { [field]: _, ...rest } = object;
  return (value === undefined ? rest : { ...rest, [field]: value }) as T;
}

function validateDeadline(errors: Errors, next: number | undefined, old: number | undefined): void {
  const path = 'spec.activeDeadlineSeconds';
  if (next === undefined) {
    if (old !== undefined) {
      errors.push(fieldErrors.invalid(path, undefined, 'must not update from a positive integer to nil value'));
    }
    return;
  }
  if (next < 0 || next > maxInt32) {
    errors.push(fieldErrors.invalid(path, next, `must be between 0 and ${maxInt32}, inclusive`));
  } else if (old !== undefined && old < next) {
    errors.push(fieldErrors.invalid(path, next, 'must be less than or equal to previous value'));
  }
}

function validateTolerationsAdded(errors: Errors, next: readonly Toleration[], old: readonly Toleration[]): void {
  if (next === old) return;
  // How long a toleration lasts may change; what it tolerates may not.
  const bare = ({ key, operator, value, effect }: Toleration) => JSON.stringify([key, operator, value, effect]);
  const now = new Set(next.map(bare));
  if (!old.every((before) => now.has(bare(before)))) {
    errors.push(
      fieldErrors.forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'),
    );
  }
}

function validateGates(errors: Errors, spec: PodSpec, old: PodSpec): void {
  const before = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  for (const [i, { name }] of (spec.schedulingGates ?? []).entries()) {
    if (before.has(name)) continue;
    errors.push(
      fieldErrors.forbidden(
        `spec.schedulingGates[${i}]`,
        `only deletion is allowed, but found new scheduling gate '${name}'`,
      ),
    );
  }
}

/** A Pod that is held by scheduling gates may be narrowed to fewer nodes (KEP-3838). */
function mayBeSteered(errors: Errors, spec: PodSpec, old: PodSpec): boolean {
  if ((old.schedulingGates ?? []).length === 0) return false;
  for (const key in old.nodeSelector) {
    if (spec.nodeSelector?.[key] === old.nodeSelector[key]) continue;
    errors.push(
      fieldErrors.invalid(
        'spec.nodeSelector',
        spec.nodeSelector,
        'only additions to existing nodeSelector are allowed',
      ),
    );
    break;
  }
  return true;
}

/** Ephemeral containers are only ever added (subresource `ephemeralcontainers`). */
export function validateEphemeralContainersUpdate(errors: Errors, pod: Pod, old: Pod): void {
  const next = pod.spec.ephemeralContainers;
  for (const before of old.spec.ephemeralContainers ?? []) {
    const after = namedItem(next, before.name);
    if (after === undefined) {
      errors.push(
        fieldErrors.forbidden(
          'spec.ephemeralContainers',
          `existing ephemeral containers "${before.name}" may not be removed\n`,
        ),
      );
    } else if (!equalJson(after, before)) {
      errors.push(
        fieldErrors.forbidden(
          'spec.ephemeralContainers',
          `existing ephemeral containers "${before.name}" may not be changed\n${differences(after, before)}`,
        ),
      );
    }
  }
}

/** Only CPU and memory may change, and how to resize (subresource `resize`, KEP-1287). */
export function validatePodResize(errors: Errors, pod: Pod, old: Pod): void {
  const before = old.status?.qosClass ?? qosClass(old);
  if (qosClass(pod) !== before) {
    errors.push(fieldErrors.invalid('spec', before, 'Pod QOS Class may not change as a result of resizing'));
  }
  const sized = (list: 'containers' | 'initContainers') =>
    pod.spec[list]?.map((container, i) => {
      const { resources, resizePolicy } = old.spec[list]?.[i] ?? {};
      validateNothingRemoved(errors, container.resources, resources, `spec.${list}[${i}].resources`);
      const merged = resources && container.resources ? asOldCpuAndMemory(container.resources, resources) : resources;
      return withField(withField(container, 'resources', merged), 'resizePolicy', resizePolicy);
    });
  const initContainers = sized('initContainers');
  const expected: PodSpec = { ...pod.spec, containers: sized('containers') ?? [] };
  const compared = initContainers === undefined ? expected : { ...expected, initContainers };
  if (!equalJson(compared, old.spec)) {
    errors.push(
      fieldErrors.forbidden('spec', `only cpu and memory resources are mutable\n${differences(compared, old.spec)}`),
    );
  }
}

type Resources = NonNullable<Container['resources']>;

/** What a container has may become more or less, but not nothing. */
function validateNothingRemoved(
  errors: Errors,
  resources: Resources | undefined,
  old: Resources | undefined,
  path: string,
): void {
  for (const list of ['requests', 'limits'] as const) {
    const removed = Object.keys(old?.[list] ?? {}).some((resource) => resources?.[list]?.[resource] === undefined);
    if (removed) errors.push(fieldErrors.forbidden(`${path}.${list}`, `resource ${list} cannot be removed`));
  }
}

/** The new resources with CPU and memory as they were before. */
function asOldCpuAndMemory(resources: Resources, old: Resources): Resources {
  const merged = (list: 'requests' | 'limits'): Resources => {
    const { cpu: _cpu, memory: _memory, ...others } = resources[list] ?? {};
    const kept = Object.entries(old[list] ?? {}).filter(([resource]) => resource === 'cpu' || resource === 'memory');
    const amounts = { ...others, ...Object.fromEntries(kept) };
    return Object.keys(amounts).length === 0 && old[list] === undefined ? {} : { [list]: amounts };
  };
  const { requests: _requests, limits: _limits, ...rest } = resources;
  return { ...rest, ...merged('limits'), ...merged('requests') };
}

/** Where two values differ, a line for each side. */
function differences(next: unknown, old: unknown, path = ''): string {
  if (equalJson(next, old)) return '';
  if (isJsonObject(next) && isJsonObject(old)) {
    const fields = [...new Set([...Object.keys(old), ...Object.keys(next)])];
    return joined(fields.map((field) => differences(next[field], old[field], `${path}.${field}`)));
  }
  if (Array.isArray(next) && Array.isArray(old)) {
    const length = Math.max(next.length, old.length);
    return joined(Array.from({ length }, (_, i) => differences(next[i], old[i], `${path}[${i}]`)));
  }
  const side = (sign: string, value: unknown) =>
    value === undefined ? '' : `${sign} ${path.replace(/^\./, '')}: ${JSON.stringify(value)}`;
  return joined([side('-', old), side('+', next)]);
}

function joined(lines: readonly string[]): string {
  return lines.filter((line) => line !== '').join('\n');
}
