import { fieldErrors } from '../../field-error.ts';
import { equalJson } from '../../json.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../kinds.ts';
import { dns1123Subdomain } from '../../names.ts';
import { parseQuantity } from '../../quantity.ts';
import { checkName, checkOptionalChoice, type Errors, isEmpty } from '../checks.ts';
import { validateLabelSelector } from '../label-selectors.ts';
import { validateAmount } from '../pod/resources.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** Fields of a PersistentVolume's spec that are no source of storage. */
const notSources = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
]);

export function validatePersistentVolumeClaim(errors: Errors, { spec }: PersistentVolumeClaim): void {
  checkAccessModes(errors, spec?.accessModes, 'at least 1 access mode is required');
  validateLabelSelector(errors, spec?.selector, 'spec.selector');
  const storage = spec?.resources?.requests?.storage;
  if (storage === undefined) errors.push(fieldErrors.required('spec.resources[storage]'));
  else {
    const amount = parseQuantity(storage);
    validateAmount(errors, 'storage', amount, 'spec.resources[storage]');
    if (amount.isZero) {
      errors.push(fieldErrors.invalid('spec.resources[storage]', amount.toString(), 'must be greater than zero'));
    }
  }
  if (!isEmpty(spec?.storageClassName)) {
    checkName(errors, 'spec.storageClassName', spec.storageClassName, dns1123Subdomain);
  }
  checkOptionalChoice(errors, 'spec.volumeMode', spec?.volumeMode, ['Block', 'Filesystem']);
}

/** Of a claim, only the requested size may change, and only grow; once bound, the volume is fixed. */
export function validatePersistentVolumeClaimUpdate(
  errors: Errors,
  next: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
): void {
  const fixed = (claim: PersistentVolumeClaim) => {
    const rest: { [field: string]: unknown } = { ...claim.spec };
    delete rest.resources;
    delete rest.volumeAttributesClassName;
    if (isEmpty(old.spec.volumeName)) delete rest.volumeName;
    return rest;
  };
  if (!equalJson(fixed(next), fixed(old))) {
    errors.push(
      fieldErrors.forbidden(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    );
  }
  const [asked, before] = [next.spec.resources?.requests?.storage, old.spec.resources?.requests?.storage];
  if (asked !== undefined && before !== undefined && parseQuantity(asked).compare(parseQuantity(before)) < 0) {
    errors.push(fieldErrors.forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  }
}

export function validatePersistentVolume(errors: Errors, { spec }: PersistentVolume): void {
  checkAccessModes(errors, spec?.accessModes, '');
  const storage = spec?.capacity?.storage;
  if (spec?.capacity === undefined) errors.push(fieldErrors.required('spec.capacity'));
  else if (storage === undefined || Object.keys(spec.capacity).length > 1) {
    errors.push(fieldErrors.notSupported('spec.capacity', Object.keys(spec.capacity).join(','), ['storage']));
  } else {
    const amount = parseQuantity(storage);
    validateAmount(errors, 'storage', amount, 'spec.capacity[storage]');
    if (amount.isZero) {
      errors.push(fieldErrors.invalid('spec.capacity[storage]', amount.toString(), 'must be greater than zero'));
    }
  }
  let sources = 0;
  for (const field in spec) {
    if (notSources.has(field)) continue;
    if (sources++ > 0) errors.push(fieldErrors.forbidden(`spec.${field}`, 'may not specify more than 1 volume type'));
  }
  if (sources === 0) errors.push(fieldErrors.required('spec', 'must specify a volume type'));
  if (spec?.local !== undefined && spec.nodeAffinity === undefined) {
    errors.push(fieldErrors.required('spec.nodeAffinity', 'Local volume requires node affinity'));
  }
  checkOptionalChoice(errors, 'spec.persistentVolumeReclaimPolicy', spec?.persistentVolumeReclaimPolicy, [
    'Delete',
    'Recycle',
    'Retain',
  ]);
  checkOptionalChoice(errors, 'spec.volumeMode', spec?.volumeMode, ['Block', 'Filesystem']);
}

/** Where a volume's data is never changes. */
export function validatePersistentVolumeUpdate(errors: Errors, next: PersistentVolume, old: PersistentVolume): void {
  const source = (volume: PersistentVolume) => {
    const rest: { [field: string]: unknown } = { ...volume.spec };
    for (const field of notSources) delete rest[field];
    return rest;
  };
  if (!equalJson(source(next), source(old))) {
    errors.push(
      fieldErrors.forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'),
    );
  }
}

function checkAccessModes(errors: Errors, modes: readonly string[] | undefined, requiredText: string): void {
  if ((modes ?? []).length === 0) errors.push(fieldErrors.required('spec.accessModes', requiredText));
  for (const mode of modes ?? []) {
    if (!accessModes.includes(mode)) errors.push(fieldErrors.notSupported('spec.accessModes', mode, accessModes));
  }
  if (modes?.includes('ReadWriteOncePod') === true && modes.length > 1) {
    errors.push(fieldErrors.forbidden('spec.accessModes', 'may not use ReadWriteOncePod with other access modes'));
  }
}
