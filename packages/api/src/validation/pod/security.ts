import { fieldErrors } from '../../field-error.ts';
import { unixId } from '../../names.ts';
import type { Container, PodSpec } from '../../parts.ts';
import { checkOptionalChoice, checkRequired, type Errors, isEmpty } from '../checks.ts';

type SecurityContext = NonNullable<Container['securityContext']>;
type PodSecurityContext = NonNullable<PodSpec['securityContext']>;

const sysctlSegment = '[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?';
const sysctlName = new RegExp(`^${sysctlSegment}(?:[./]${sysctlSegment})*$`);

/** A container's security context. */
export function validateSecurityContext(errors: Errors, context: SecurityContext | undefined, path: string): void {
  if (context === undefined) return;
  checkId(errors, context.runAsUser, `${path}.runAsUser`);
  checkId(errors, context.runAsGroup, `${path}.runAsGroup`);
  checkOptionalChoice(errors, `${path}.procMount`, context.procMount, ['Default', 'Unmasked']);
  validateProfiles(errors, context, path);
  if (context.allowPrivilegeEscalation !== false) return;
  if (context.privileged === true) {
    errors.push(
      fieldErrors.invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'),
    );
  }
  if (context.capabilities?.add?.includes('CAP_SYS_ADMIN') === true) {
    errors.push(
      fieldErrors.invalid(
        path,
        context,
        'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
      ),
    );
  }
}

/** A Pod's security context, and the namespaces that it shares with its node. `specPath` is that of the Pod's spec. */
export function validatePodSecurity(errors: Errors, spec: PodSpec, specPath: string, isPod: boolean): void {
  const path = `${specPath}.securityContext`;
  validateHostNetwork(errors, spec, specPath, isPod);
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    errors.push(
      fieldErrors.invalid(
        `${path}.shareProcessNamespace`,
        true,
        'ShareProcessNamespace and HostPID cannot both be enabled',
      ),
    );
  }
  if (spec.hostUsers === false) {
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
      if (spec[field] === true) {
        errors.push(fieldErrors.forbidden(`${specPath}.${field}`, 'when `pod.Spec.HostUsers` is false'));
      }
    }
  }
  const context: PodSecurityContext | undefined = spec.securityContext;
  if (context === undefined) return;
  checkId(errors, context.fsGroup, `${path}.fsGroup`);
  checkId(errors, context.runAsUser, `${path}.runAsUser`);
  checkId(errors, context.runAsGroup, `${path}.runAsGroup`);
  for (const [i, group] of (context.supplementalGroups ?? []).entries()) {
    checkId(errors, group, `${path}.supplementalGroups[${i}]`);
  }
  checkOptionalChoice(errors, `${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['OnRootMismatch', 'Always']);
  checkOptionalChoice(errors, `${path}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, [
    'Merge',
    'Strict',
  ]);
  checkOptionalChoice(errors, `${path}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ['MountOption', 'Recursive']);
  validateSysctls(errors, context, `${path}.sysctls`);
  validateProfiles(errors, context, path);
}

/** On the host's network a container's port is the host's port. In a template it may still be filled in later. */
function validateHostNetwork(errors: Errors, spec: PodSpec, specPath: string, isPod: boolean): void {
  if (spec.hostNetwork !== true) return;
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [i, container] of (spec[list] ?? []).entries()) {
      for (const [j, { hostPort = 0, containerPort }] of (container.ports ?? []).entries()) {
        if ((!isPod && hostPort === 0) || hostPort === containerPort) continue;
        errors.push(
          fieldErrors.invalid(
            `${specPath}.${list}[${i}].ports[${j}].hostPort`,
            hostPort,
            'must match `containerPort` when `hostNetwork` is true',
          ),
        );
      }
    }
  }
}

function validateSysctls(errors: Errors, context: PodSecurityContext, path: string): void {
  const names = new Set<string>();
  for (const [i, { name }] of (context.sysctls ?? []).entries()) {
    const at = `${path}[${i}].name`;
    if (checkRequired(errors, at, name) && (name.length > 253 || !sysctlName.test(name))) {
      errors.push(
        fieldErrors.invalid(at, name, `must have at most 253 characters and match regex ${sysctlName.source}`),
      );
    } else if (names.has(name)) errors.push(fieldErrors.duplicate(at, name));
    names.add(name);
  }
}

function validateProfiles(
  errors: Errors,
  context: Pick<SecurityContext, 'seccompProfile' | 'appArmorProfile'>,
  path: string,
): void {
  for (const field of ['seccompProfile', 'appArmorProfile'] as const) {
    const profile = context[field];
    if (profile === undefined) continue;
    const at = `${path}.${field}`;
    checkOptionalChoice(errors, `${at}.type`, profile.type, ['Localhost', 'RuntimeDefault', 'Unconfined']);
    if (profile.type === 'Localhost') {
      if (isEmpty(profile.localhostProfile)) {
        const detail =
          field === 'seccompProfile'
            ? 'must be set when seccomp type is Localhost'
            : 'must be set when AppArmor type is Localhost';
        errors.push(fieldErrors.required(`${at}.localhostProfile`, detail));
      }
    } else if (profile.localhostProfile !== undefined) {
      const detail =
        field === 'seccompProfile'
          ? 'can only be set when seccomp type is Localhost'
          : 'can only be set when AppArmor type is Localhost';
      errors.push(fieldErrors.invalid(`${at}.localhostProfile`, profile.localhostProfile, detail));
    }
  }
}

function checkId(errors: Errors, id: number | undefined, path: string): void {
  if (id === undefined) return;
  for (const fault of unixId(id)) errors.push(fieldErrors.invalid(path, id, fault));
}
