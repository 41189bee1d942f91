import { fieldErrors } from '../../field-error.ts';
import { configMapKey, dns1123Label, dns1123Subdomain, envVarName } from '../../names.ts';
import type { EnvFromSource, EnvVar } from '../../parts.ts';
import { checkName, checkRequired, checkRequiredName, type Errors, isEmpty } from '../checks.ts';
import { validateFieldRef, validateResourceFieldRef } from './downward-api.ts';
import { validateLocalPath } from './paths.ts';

/** Environment variables of a container or PodPreset. */
export function validateEnv(errors: Errors, env: readonly EnvVar[] | undefined, path: string): void {
  for (const [i, variable] of (env ?? []).entries()) {
    const at = `${path}[${i}]`;
    checkRequiredName(errors, `${at}.name`, variable.name, envVarName);
    if (variable.valueFrom !== undefined) validateValueFrom(errors, variable, `${at}.valueFrom`);
  }
}

function validateValueFrom(errors: Errors, variable: EnvVar, path: string): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = variable.valueFrom ?? {};
  let sources = 0;
  if (fieldRef !== undefined) {
    sources++;
    validateFieldRef(errors, fieldRef, `${path}.fieldRef`, 'variable');
  }
  if (resourceFieldRef !== undefined) {
    sources++;
    validateResourceFieldRef(errors, resourceFieldRef, `${path}.resourceFieldRef`, 'variable');
  }
  for (const [ref, at] of [
    [configMapKeyRef, `${path}.configMapKeyRef`],
    [secretKeyRef, `${path}.secretKeyRef`],
  ] as const) {
    if (ref === undefined) continue;
    sources++;
    checkRequired(errors, `${at}.name`, ref.name);
    checkRequiredName(errors, `${at}.key`, ref.key, configMapKey);
  }
  if (fileKeyRef !== undefined) {
    sources++;
    const at = `${path}.fileKeyRef`;
    checkRequiredName(errors, `${at}.volumeName`, fileKeyRef.volumeName, dns1123Label);
    if (checkRequired(errors, `${at}.path`, fileKeyRef.path)) {
      validateLocalPath(errors, fileKeyRef.path, `${at}.path`);
    }
    checkRequiredName(errors, `${at}.key`, fileKeyRef.key, envVarName);
  }
  if (sources === 0) {
    errors.push(
      fieldErrors.invalid(
        path,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ),
    );
  } else if (!isEmpty(variable.value)) {
    errors.push(fieldErrors.invalid(path, '', 'may not be specified when `value` is not empty'));
  } else if (sources > 1) {
    errors.push(fieldErrors.invalid(path, '', 'may not have more than one field specified at a time'));
  }
}

/** Sources of whole sets of variables. */
export function validateEnvFrom(errors: Errors, sources: readonly EnvFromSource[] | undefined, path: string): void {
  for (const [i, source] of (sources ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (!isEmpty(source.prefix)) checkName(errors, `${at}.prefix`, source.prefix, envVarName);
    const { configMapRef, secretRef } = source;
    if (configMapRef !== undefined) {
      checkRequiredName(errors, `${at}.configMapRef.name`, configMapRef.name, dns1123Subdomain);
    }
    if (secretRef !== undefined) checkRequiredName(errors, `${at}.secretRef.name`, secretRef.name, dns1123Subdomain);
    if (configMapRef === undefined && secretRef === undefined) {
      errors.push(fieldErrors.invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.push(fieldErrors.invalid(path, '', 'may not have more than one field specified at a time'));
    }
  }
}
