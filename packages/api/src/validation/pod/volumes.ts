import { fieldErrors } from '../../field-error.ts';
import { dns1123Label, dns1123Subdomain } from '../../names.ts';
import type { Volume } from '../../parts.ts';
import { parseQuantity } from '../../quantity.ts';
import { checkOptionalChoice, checkRequired, checkRequiredName, type Errors } from '../checks.ts';
import type { KnownVolumes } from './mounts.ts';
import { validateNoBacksteps } from './paths.ts';
import { validateProjected } from './projections.ts';
import { validateDownwardFile, validateItems, validateMode } from './volume-files.ts';

const hostPathTypes = [
  '',
  'DirectoryOrCreate',
  'Directory',
  'FileOrCreate',
  'File',
  'Socket',
  'CharDevice',
  'BlockDevice',
];

/** Volumes of a Pod or PodPreset. Returns those that containers may mount. */
export function validateVolumes(errors: Errors, volumes: readonly Volume[] | undefined, path: string): KnownVolumes {
  const known = new Map<string, Volume>();
  for (const [i, volume] of (volumes ?? []).entries()) {
    const at = `${path}[${i}]`;
    const before = errors.length;
    validateSource(errors, volume, at);
    checkRequiredName(errors, `${at}.name`, volume.name, dns1123Label);
    if (known.has(volume.name)) errors.push(fieldErrors.duplicate(`${at}.name`, volume.name));
    // As in Kubernetes, a faulty volume does not count: mounts of it are not found.
    if (errors.length === before) known.set(volume.name, volume);
  }
  return known;
}

function validateSource(errors: Errors, volume: Volume, path: string): void {
  let sources = 0;
  for (const field in volume) {
    if (field === 'name' || volume[field as keyof Volume] === undefined) continue;
    if (sources++ === 0) validateOne(errors, volume, field, `${path}.${field}`);
    else errors.push(fieldErrors.forbidden(`${path}.${field}`, 'may not specify more than 1 volume type'));
  }
  if (sources === 0) errors.push(fieldErrors.required(path, 'must specify a volume type'));
}

function validateOne(errors: Errors, volume: Volume, source: string, path: string): void {
  switch (source) {
    case 'emptyDir': {
      const limit = volume.emptyDir?.sizeLimit;
      if (limit !== undefined && parseQuantity(limit).nanos < 0n) {
        errors.push(fieldErrors.forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity'));
      }
      break;
    }
    case 'hostPath': {
      const { path: hostPath, type } = volume.hostPath ?? { path: '' };
      if (checkRequired(errors, `${path}.path`, hostPath)) validateNoBacksteps(errors, hostPath, `${path}.path`);
      checkOptionalChoice(errors, `${path}.type`, type, hostPathTypes);
      break;
    }
    case 'secret':
      checkRequired(errors, `${path}.secretName`, volume.secret?.secretName);
      validateMode(errors, volume.secret?.defaultMode, `${path}.defaultMode`);
      validateItems(errors, volume.secret?.items, `${path}.items`);
      break;
    case 'configMap':
      checkRequired(errors, `${path}.name`, volume.configMap?.name);
      validateMode(errors, volume.configMap?.defaultMode, `${path}.defaultMode`);
      validateItems(errors, volume.configMap?.items, `${path}.items`);
      break;
    case 'downwardAPI':
      validateMode(errors, volume.downwardAPI?.defaultMode, `${path}.defaultMode`);
      for (const file of volume.downwardAPI?.items ?? []) validateDownwardFile(errors, file, path);
      break;
    case 'projected':
      validateProjected(errors, volume.projected, path);
      break;
    case 'persistentVolumeClaim':
      checkRequired(errors, `${path}.claimName`, volume.persistentVolumeClaim?.claimName);
      break;
    case 'nfs': {
      const { server, path: exported } = volume.nfs ?? {};
      checkRequired(errors, `${path}.server`, server);
      if (checkRequired(errors, `${path}.path`, exported) && exported?.startsWith('/') !== true) {
        errors.push(fieldErrors.invalid(`${path}.path`, exported, 'must be an absolute path'));
      }
      break;
    }
    case 'csi':
      checkRequiredName(errors, `${path}.driver`, volume.csi?.driver, dns1123Subdomain);
      break;
    case 'ephemeral':
      validateEphemeral(errors, volume, path);
      break;
    case 'image':
      checkRequired(errors, `${path}.reference`, volume.image?.reference);
      checkOptionalChoice(errors, `${path}.pullPolicy`, volume.image?.pullPolicy, ['Always', 'IfNotPresent', 'Never']);
      break;
  }
}

function validateEphemeral(errors: Errors, volume: Volume, path: string): void {
  const template = volume.ephemeral?.volumeClaimTemplate;
  if (template === undefined) {
    errors.push(fieldErrors.required(`${path}.volumeClaimTemplate`));
    return;
  }
  const at = `${path}.volumeClaimTemplate.spec`;
  if ((template.spec?.accessModes ?? []).length === 0) {
    errors.push(fieldErrors.required(`${at}.accessModes`, 'at least 1 access mode is required'));
  }
  if (template.spec?.resources?.requests?.storage === undefined) {
    errors.push(fieldErrors.required(`${at}.resources[storage]`));
  }
}
