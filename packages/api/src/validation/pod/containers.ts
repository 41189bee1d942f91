import { fieldErrors } from '../../field-error.ts';
import { dns1123Label, portName, portNumber } from '../../names.ts';
import type { Container, ContainerPort, EphemeralContainer, PodSpec } from '../../parts.ts';
import {
  checkChoice,
  checkName,
  checkOptionalChoice,
  checkRequired,
  checkRequiredName,
  type Errors,
  isEmpty,
} from '../checks.ts';
import { validateEnv, validateEnvFrom } from './environment.ts';
import { type KnownVolumes, validateVolumeDevices, validateVolumeMounts } from './mounts.ts';
import { validateProbesAndHooks } from './probes.ts';
import { validateResourceRequirements } from './resources.ts';
import { validateSecurityContext } from './security.ts';

const maxRestartRules = 20;
const maxExitCodes = 255;

/** The three lists of containers of a Pod, whose names are unique over all of them. */
export function validateContainerLists(errors: Errors, spec: PodSpec, path: string, volumes: KnownVolumes): void {
  const names = new Set<string>();
  validateContainers(errors, spec, path, volumes, names);
  validateInitContainers(errors, spec, path, volumes, names);
  validateEphemeralContainers(errors, spec, path, volumes, names);
}

function validateContainers(
  errors: Errors,
  spec: PodSpec,
  path: string,
  volumes: KnownVolumes,
  names: Set<string>,
): void {
  const containers = spec.containers ?? [];
  if (containers.length === 0) errors.push(fieldErrors.required(`${path}.containers`));
  const hostPorts = new Set<string>();
  for (const [i, container] of containers.entries()) {
    const at = `${path}.containers[${i}]`;
    validateCommon(errors, container, at, volumes, spec);
    checkUnique(errors, names, container.name, `${at}.name`);
    validateProbesAndHooks(errors, container, at, spec.terminationGracePeriodSeconds);
    validateRestartPolicy(errors, container, at, ['Always', 'OnFailure', 'Never']);
    checkHostPorts(errors, container.ports, `${at}.ports`, hostPorts);
  }
}

function validateInitContainers(
  errors: Errors,
  spec: PodSpec,
  path: string,
  volumes: KnownVolumes,
  names: Set<string>,
): void {
  const sidecarPorts = new Set<string>();
  for (const [i, container] of (spec.initContainers ?? []).entries()) {
    const at = `${path}.initContainers[${i}]`;
    const isSidecar = container.restartPolicy === 'Always';
    validateCommon(errors, container, at, volumes, spec);
    checkUnique(errors, names, container.name, `${at}.name`);
    validateRestartPolicy(errors, container, at, ['Always', 'OnFailure', 'Never']);
    if (isSidecar) {
      validateProbesAndHooks(errors, container, at, spec.terminationGracePeriodSeconds);
      checkHostPorts(errors, container.ports, `${at}.ports`, sidecarPorts);
      continue;
    }
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[field] === undefined) continue;
      errors.push(
        fieldErrors.forbidden(`${at}.${field}`, 'may not be set for init containers without restartPolicy=Always'),
      );
    }
    if ((container.resizePolicy ?? []).length > 0) {
      errors.push(
        fieldErrors.invalid(`${at}.resizePolicy`, container.resizePolicy, 'must not be set for init containers'),
      );
    }
    // Init containers run one at a time, so their ports conflict only among themselves.
    checkHostPorts(errors, container.ports, `${at}.ports`, new Set(sidecarPorts));
  }
}

const notForEphemeral = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
] as const;

function validateEphemeralContainers(
  errors: Errors,
  spec: PodSpec,
  path: string,
  volumes: KnownVolumes,
  names: Set<string>,
): void {
  const targets = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name));
  for (const [i, container] of (spec.ephemeralContainers ?? []).entries()) {
    const at = `${path}.ephemeralContainers[${i}]`;
    validateCommon(errors, container, at, volumes, spec);
    checkUnique(errors, names, container.name, `${at}.name`);
    for (const [j, mount] of (container.volumeMounts ?? []).entries()) {
      for (const field of ['subPath', 'subPathExpr'] as const) {
        if (isEmpty(mount[field])) continue;
        errors.push(
          fieldErrors.forbidden(`${at}.volumeMounts[${j}].${field}`, 'cannot be set for an Ephemeral Container'),
        );
      }
    }
    const target = container.targetContainerName;
    if (!isEmpty(target) && !targets.has(target)) {
      errors.push(fieldErrors.notFound(`${at}.targetContainerName`, target));
    }
    for (const field of notForEphemeral) {
      const value = container[field];
      if (value === undefined || (field === 'resources' && Object.keys(value).length === 0)) continue;
      errors.push(fieldErrors.forbidden(`${at}.${field}`, 'cannot be set for an Ephemeral Container'));
    }
  }
}

function checkUnique(errors: Errors, names: Set<string>, name: string | undefined, path: string): void {
  if (isEmpty(name)) return;
  if (names.has(name)) errors.push(fieldErrors.duplicate(path, name));
  names.add(name);
}

/** The rules that all containers have in common. */
function validateCommon(
  errors: Errors,
  container: Container | EphemeralContainer,
  path: string,
  volumes: KnownVolumes,
  spec: PodSpec,
): void {
  checkRequiredName(errors, `${path}.name`, container.name, dns1123Label);
  if (checkRequired(errors, `${path}.image`, container.image) && container.image !== container.image?.trim()) {
    errors.push(fieldErrors.invalid(`${path}.image`, container.image, 'must not have leading or trailing whitespace'));
  }
  checkChoice(errors, `${path}.terminationMessagePolicy`, container.terminationMessagePolicy, [
    'File',
    'FallbackToLogsOnError',
  ]);
  validatePorts(errors, container.ports, `${path}.ports`);
  validateEnv(errors, container.env, `${path}.env`);
  validateEnvFrom(errors, container.envFrom, `${path}.envFrom`);
  validateVolumeMounts(errors, container, `${path}.volumeMounts`, volumes);
  validateVolumeDevices(errors, container, `${path}.volumeDevices`, volumes);
  checkChoice(errors, `${path}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']);
  validateResourceRequirements(errors, container.resources, `${path}.resources`);
  validateResizePolicy(errors, container, `${path}.resizePolicy`, spec.restartPolicy);
  validateSecurityContext(errors, container.securityContext, `${path}.securityContext`);
}

function validatePorts(errors: Errors, ports: readonly ContainerPort[] | undefined, path: string): void {
  const names = new Set<string>();
  for (const [i, port] of (ports ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (!isEmpty(port.name)) {
      const before = errors.length;
      checkName(errors, `${at}.name`, port.name, portName);
      if (errors.length === before) checkUnique(errors, names, port.name, `${at}.name`);
    }
    if (port.containerPort === undefined || port.containerPort === 0) {
      errors.push(fieldErrors.required(`${at}.containerPort`));
    } else checkPort(errors, port.containerPort, `${at}.containerPort`);
    if (port.hostPort !== undefined && port.hostPort !== 0) checkPort(errors, port.hostPort, `${at}.hostPort`);
    checkChoice(errors, `${at}.protocol`, port.protocol, ['TCP', 'UDP', 'SCTP']);
  }
}

function checkPort(errors: Errors, port: number, path: string): void {
  for (const fault of portNumber(port)) errors.push(fieldErrors.invalid(path, port, fault));
}

function checkHostPorts(
  errors: Errors,
  ports: readonly ContainerPort[] | undefined,
  path: string,
  taken: Set<string>,
): void {
  for (const [i, { protocol, hostIP, hostPort }] of (ports ?? []).entries()) {
    if (hostPort === undefined || hostPort === 0) continue;
    const place = `${protocol ?? 'TCP'}/${hostIP ?? ''}/${hostPort}`;
    if (taken.has(place)) errors.push(fieldErrors.duplicate(`${path}[${i}].hostPort`, place));
    taken.add(place);
  }
}

/** Restart policies of single containers (KEP-5307, container restart rules). */
function validateRestartPolicy(errors: Errors, container: Container, path: string, allowed: readonly string[]): void {
  checkOptionalChoice(errors, `${path}.restartPolicy`, container.restartPolicy, allowed);
  const rules = container.restartPolicyRules ?? [];
  if (rules.length === 0) return;
  const at = `${path}.restartPolicyRules`;
  if (container.restartPolicy === undefined) {
    errors.push(
      fieldErrors.required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'),
    );
  }
  if (rules.length > maxRestartRules) errors.push(fieldErrors.tooMany(at, rules.length, maxRestartRules));
  for (const [i, rule] of rules.entries()) {
    checkChoice(errors, `${at}[${i}].action`, rule.action, ['Restart']);
    if (rule.exitCodes === undefined) {
      errors.push(fieldErrors.required(`${at}[${i}].exitCodes`, 'must be specified'));
      continue;
    }
    const { operator, values = [] } = rule.exitCodes;
    checkChoice(errors, `${at}[${i}].exitCodes.operator`, operator, ['In', 'NotIn']);
    if (values.length === 0) {
      errors.push(fieldErrors.invalid(`${at}[${i}].exitCodes.values`, values, 'must specify at least one value'));
    } else if (values.length > maxExitCodes) {
      errors.push(fieldErrors.tooMany(`${at}[${i}].exitCodes.values`, values.length, maxExitCodes));
    }
  }
}

function validateResizePolicy(
  errors: Errors,
  container: Container | EphemeralContainer,
  path: string,
  podRestartPolicy: string | undefined,
): void {
  const seen = new Set<string>();
  for (const policy of container.resizePolicy ?? []) {
    if (seen.has(policy.resourceName)) errors.push(fieldErrors.duplicate(path, policy.resourceName));
    seen.add(policy.resourceName);
    checkChoice(errors, path, policy.resourceName, ['cpu', 'memory']);
    checkChoice(errors, path, policy.restartPolicy, ['NotRequired', 'RestartContainer']);
    if (podRestartPolicy === 'Never' && policy.restartPolicy !== 'NotRequired') {
      errors.push(
        fieldErrors.invalid(path, policy.restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"),
      );
    }
  }
}
