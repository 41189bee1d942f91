import { fieldErrors } from '../../field-error.ts';
import { httpHeaderName, portName, portNumber } from '../../names.ts';
import type { Container, HTTPGetAction, LifecycleHandler, Probe } from '../../parts.ts';
import { checkChoice, checkName, checkNotNegative, checkRequired, type Errors } from '../checks.ts';

/** Probes and hooks of a container that runs for the lifetime of its Pod. */
export function validateProbesAndHooks(
  errors: Errors,
  container: Container,
  path: string,
  graceSeconds: number | undefined,
): void {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  if (lifecycle?.postStart !== undefined) {
    validateHandler(errors, lifecycle.postStart, `${path}.lifecycle.postStart`, graceSeconds);
  }
  if (lifecycle?.preStop !== undefined) {
    validateHandler(errors, lifecycle.preStop, `${path}.lifecycle.preStop`, graceSeconds);
  }
  if (livenessProbe !== undefined) validateProbe(errors, livenessProbe, `${path}.livenessProbe`, true);
  if (readinessProbe !== undefined) {
    validateProbe(errors, readinessProbe, `${path}.readinessProbe`, false);
    if (readinessProbe.terminationGracePeriodSeconds !== undefined) {
      errors.push(
        fieldErrors.invalid(
          `${path}.readinessProbe.terminationGracePeriodSeconds`,
          readinessProbe.terminationGracePeriodSeconds,
          'must not be set for readinessProbes',
        ),
      );
    }
  }
  if (startupProbe !== undefined) validateProbe(errors, startupProbe, `${path}.startupProbe`, true);
}

function validateProbe(errors: Errors, probe: Probe, path: string, onlyOneSuccess: boolean): void {
  validateHandler(errors, probe, path, undefined);
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    checkNotNegative(errors, `${path}.${field}`, probe[field]);
  }
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0 && onlyOneSuccess) {
    errors.push(fieldErrors.invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'));
  }
  if (onlyOneSuccess && probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    errors.push(fieldErrors.invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1'));
  }
}

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>;

/** Exactly one way to act or ask. */
function validateHandler(errors: Errors, handler: Handler, path: string, graceSeconds: number | undefined): void {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  let handlers = 0;
  const only = (field: string): boolean => {
    if (handlers++ === 0) return true;
    errors.push(fieldErrors.forbidden(`${path}.${field}`, 'may not specify more than 1 handler type'));
    return false;
  };
  if (exec !== undefined && only('exec') && (exec.command?.length ?? 0) === 0) {
    errors.push(fieldErrors.required(`${path}.exec.command`));
  }
  if (httpGet !== undefined && only('httpGet')) validateHttpGet(errors, httpGet, `${path}.httpGet`);
  if (tcpSocket !== undefined && only('tcpSocket')) validatePort(errors, tcpSocket.port, `${path}.tcpSocket.port`);
  if (grpc !== undefined && only('grpc')) validatePort(errors, grpc.port, `${path}.grpc.port`);
  if (sleep !== undefined && only('sleep')) {
    const { seconds } = sleep;
    const grace = graceSeconds ?? 30;
    if (seconds < 0 || seconds > grace) {
      errors.push(
        fieldErrors.invalid(
          `${path}.sleep`,
          seconds,
          `must be non-negative and less than terminationGracePeriodSeconds (${grace})`,
        ),
      );
    }
  }
  if (handlers === 0) errors.push(fieldErrors.required(path, 'must specify a handler type'));
}

function validateHttpGet(errors: Errors, action: HTTPGetAction, path: string): void {
  checkRequired(errors, `${path}.path`, action.path);
  validatePort(errors, action.port, `${path}.port`);
  checkChoice(errors, `${path}.scheme`, action.scheme, ['HTTP', 'HTTPS']);
  for (const header of action.httpHeaders ?? []) {
    checkName(errors, `${path}.httpHeaders`, header.name ?? '', httpHeaderName);
  }
}

/** A port by number or by a container port's name. */
function validatePort(errors: Errors, port: number | string | undefined, path: string): void {
  if (typeof port === 'string') checkName(errors, path, port, portName);
  else for (const fault of portNumber(port ?? 0)) errors.push(fieldErrors.invalid(path, port ?? 0, fault));
}
