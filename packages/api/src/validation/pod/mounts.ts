import { fieldErrors } from '../../field-error.ts';
import type { Container, EphemeralContainer, Volume } from '../../parts.ts';
import { checkOptionalChoice, checkRequired, type Errors, isEmpty } from '../checks.ts';
import { validateLocalPath } from './paths.ts';

/** The volumes that containers may mount, by name. */
export type KnownVolumes = ReadonlyMap<string, Volume>;

type Mounting = Pick<Container & EphemeralContainer, 'volumeMounts' | 'volumeDevices' | 'securityContext'>;

/** Where a container mounts volumes. */
export function validateVolumeMounts(errors: Errors, container: Mounting, path: string, volumes: KnownVolumes): void {
  if (container.volumeMounts === undefined) return;
  const devices = container.volumeDevices ?? [];
  const taken = new Set<string>();
  for (const [i, mount] of container.volumeMounts.entries()) {
    const at = `${path}[${i}]`;
    if (checkRequired(errors, `${at}.name`, mount.name) && !volumes.has(mount.name)) {
      errors.push(fieldErrors.notFound(`${at}.name`, mount.name));
    }
    checkRequired(errors, `${at}.mountPath`, mount.mountPath);
    if (taken.has(mount.mountPath)) {
      errors.push(fieldErrors.invalid(`${at}.mountPath`, mount.mountPath, 'must be unique'));
    }
    taken.add(mount.mountPath);
    if (devices.some((device) => device.name === mount.name)) {
      errors.push(fieldErrors.invalid(`${at}.name`, mount.name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((device) => device.devicePath === mount.mountPath)) {
      errors.push(
        fieldErrors.invalid(`${at}.mountPath`, mount.mountPath, 'must not already exist as a path in volumeDevices'),
      );
    }
    if (!isEmpty(mount.subPath)) validateLocalPath(errors, mount.subPath, `${at}.subPath`);
    if (!isEmpty(mount.subPathExpr)) {
      if (!isEmpty(mount.subPath)) {
        errors.push(
          fieldErrors.invalid(`${at}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
        );
      }
      validateLocalPath(errors, mount.subPathExpr, `${at}.subPathExpr`);
    }
    validatePropagation(errors, mount.mountPropagation, container, `${at}.mountPropagation`);
    validateRecursiveReadOnly(errors, mount, `${at}.recursiveReadOnly`);
  }
}

function validatePropagation(errors: Errors, mode: string | undefined, container: Mounting, path: string): void {
  if (mode === undefined) return;
  checkOptionalChoice(errors, path, mode, ['None', 'HostToContainer', 'Bidirectional']);
  if (mode === 'Bidirectional' && container.securityContext?.privileged !== true) {
    errors.push(
      fieldErrors.forbidden(path, 'Bidirectional mount propagation is available only to privileged containers'),
    );
  }
}

function validateRecursiveReadOnly(
  errors: Errors,
  mount: { readonly recursiveReadOnly?: string; readonly readOnly?: boolean; readonly mountPropagation?: string },
  path: string,
): void {
  const mode = mount.recursiveReadOnly;
  if (mode === undefined) return;
  checkOptionalChoice(errors, path, mode, ['Disabled', 'Enabled', 'IfPossible']);
  if (mode === 'Disabled') return;
  if (mount.readOnly !== true) {
    errors.push(fieldErrors.forbidden(path, 'may only be specified when readOnly is true'));
  }
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    errors.push(fieldErrors.forbidden(path, 'may only be specified when mountPropagation is None or not specified'));
  }
}

/** Raw devices of a container: volumes of claims alone. */
export function validateVolumeDevices(errors: Errors, container: Mounting, path: string, volumes: KnownVolumes): void {
  const names = new Set<string>();
  const paths = new Set<string>();
  for (const [i, device] of (container.volumeDevices ?? []).entries()) {
    const at = `${path}[${i}]`;
    const volume = volumes.get(device.name);
    if (checkRequired(errors, `${at}.name`, device.name)) {
      if (volume === undefined) errors.push(fieldErrors.notFound(`${at}.name`, device.name));
      else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
        errors.push(
          fieldErrors.invalid(
            `${at}.name`,
            device.name,
            'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
          ),
        );
      }
    }
    if (names.has(device.name)) errors.push(fieldErrors.invalid(`${at}.name`, device.name, 'must be unique'));
    names.add(device.name);
    if (checkRequired(errors, `${at}.devicePath`, device.devicePath)) {
      if (paths.has(device.devicePath)) {
        errors.push(fieldErrors.invalid(`${at}.devicePath`, device.devicePath, 'must be unique'));
      }
      if (device.devicePath.split('/').includes('..')) {
        errors.push(fieldErrors.invalid(`${at}.devicePath`, device.devicePath, "can not contain backsteps ('..')"));
      }
    }
    paths.add(device.devicePath);
  }
}
