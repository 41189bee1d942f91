import { textFromBase64 } from '../../base64.ts';
import { fieldErrors } from '../../field-error.ts';
import { equalJson, isJsonObject } from '../../json.ts';
import type { ConfigMap, Secret } from '../../kinds.ts';
import { configMapKey } from '../../names.ts';
import { checkName, type Errors } from '../checks.ts';
import { checkImmutable, utf8Length } from '../metadata.ts';
import { base64Length } from '../scalar-forms.ts';

/** All values of a Secret or ConfigMap together, in bytes; keys do not count. */
const maxBytes = 1024 * 1024;

const frozenText = 'field is immutable when `immutable` is set';

/** The rules of a Secret and of its type ("Secret types"). */
export function validateSecret(errors: Errors, secret: Secret): void {
  const data = secret.data ?? {};
  let size = 0;
  for (const key in data) {
    checkName(errors, `data[${key}]`, key, configMapKey);
    size += base64Length(data[key] as string);
  }
  if (size > maxBytes) errors.push(fieldErrors.tooLong('data', maxBytes));
  const require = (key: string) => {
    if (data[key] === undefined) errors.push(fieldErrors.required(`data[${key}]`));
  };
  switch (secret.type) {
    case 'kubernetes.io/service-account-token':
      if (!secret.metadata?.annotations?.['kubernetes.io/service-account.name']) {
        errors.push(fieldErrors.required('metadata.annotations[kubernetes.io/service-account.name]'));
      }
      break;
    case 'kubernetes.io/dockercfg':
      requireJson(errors, data, '.dockercfg');
      break;
    case 'kubernetes.io/dockerconfigjson':
      requireJson(errors, data, '.dockerconfigjson');
      break;
    case 'kubernetes.io/basic-auth':
      if (data.username === undefined && data.password === undefined) {
        require('username');
        require('password');
      }
      break;
    case 'kubernetes.io/ssh-auth':
      if (!data['ssh-privatekey']) errors.push(fieldErrors.required('data[ssh-privatekey]'));
      break;
    case 'kubernetes.io/tls':
      require('tls.crt');
      require('tls.key');
      break;
  }
}

function requireJson(errors: Errors, data: { readonly [key: string]: string }, key: string): void {
  const value = data[key];
  if (value === undefined) {
    errors.push(fieldErrors.required(`data[${key}]`));
    return;
  }
  const fault = jsonObjectFault(textFromBase64(value));
  if (fault !== undefined) errors.push(fieldErrors.invalid(`data[${key}]`, '<secret contents redacted>', fault));
}

function jsonObjectFault(text: string): string | undefined {
  if (text === '') return 'unexpected end of JSON input';
  try {
    return isJsonObject(JSON.parse(text)) ? undefined : 'must be a JSON object';
  } catch {
    // The parser's own text would quote the secret.
    return 'invalid JSON';
  }
}

/** A Secret's type never changes, nor its data once it is immutable. */
export function validateSecretUpdate(errors: Errors, secret: Secret, old: Secret): void {
  checkImmutable(errors, 'type', secret.type, old.type);
  if (old.immutable === true) {
    if (secret.immutable !== true) errors.push(fieldErrors.forbidden('immutable', frozenText));
    if (!equalJson(secret.data ?? {}, old.data ?? {})) errors.push(fieldErrors.forbidden('data', frozenText));
  }
  validateSecret(errors, secret);
}

/** The rules of a ConfigMap. */
export function validateConfigMap(errors: Errors, configMap: ConfigMap): void {
  const { data = {}, binaryData = {} } = configMap;
  let size = 0;
  for (const key in data) {
    checkName(errors, `data[${key}]`, key, configMapKey);
    if (Object.hasOwn(binaryData, key)) {
      errors.push(fieldErrors.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    }
    size += utf8Length(data[key] as string);
  }
  for (const key in binaryData) {
    checkName(errors, `binaryData[${key}]`, key, configMapKey);
    size += base64Length(binaryData[key] as string);
  }
  // Go's path of the whole object reads `[]`.
  if (size > maxBytes) errors.push(fieldErrors.tooLong('[]', maxBytes));
}

/** A ConfigMap's data never changes once it is immutable. */
export function validateConfigMapUpdate(errors: Errors, configMap: ConfigMap, old: ConfigMap): void {
  if (old.immutable === true) {
    if (configMap.immutable !== true) errors.push(fieldErrors.forbidden('immutable', frozenText));
    for (const field of ['data', 'binaryData'] as const) {
      if (!equalJson(configMap[field] ?? {}, old[field] ?? {})) errors.push(fieldErrors.forbidden(field, frozenText));
    }
  }
  validateConfigMap(errors, configMap);
}
