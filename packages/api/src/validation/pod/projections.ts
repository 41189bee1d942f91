import { fieldErrors } from '../../field-error.ts';
import type {
  ClusterTrustBundleProjection,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../parts.ts';
import { checkChoice, checkRequired, type Errors, isEmpty } from '../checks.ts';
import { validateLabelSelector } from '../label-selectors.ts';
import { validateUnreservedPath } from './paths.ts';
import { validateDownwardFile, validateItems, validateMode } from './volume-files.ts';

/** Ten minutes. */
const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];

/** A volume made of several sources, whose files may not meet on one path. */
export function validateProjected(errors: Errors, projected: ProjectedVolumeSource | undefined, path: string): void {
  validateMode(errors, projected?.defaultMode, `${path}.defaultMode`);
  const taken = new Set<string>();
  /** Notes a path that a source states, and says so if another source has it already. */
  const take = (target: string | undefined, of: string) => {
    if (isEmpty(target)) return;
    if (taken.has(target)) errors.push(fieldErrors.invalid(path, of, 'conflicting duplicate paths'));
    taken.add(target);
  };
  for (const [i, projection] of (projected?.sources ?? []).entries()) {
    const at = `${path}.sources[${i}]`;
    let types = 0;
    for (const field in projection) {
      if (projection[field as keyof VolumeProjection] === undefined) continue;
      if (types++ === 0) validateProjection(errors, projection, `${at}.${field}`, take);
      else {
        errors.push(fieldErrors.forbidden(`${at}.${field}`, 'may not specify more than 1 volume type per source'));
      }
    }
  }
}

function validateProjection(
  errors: Errors,
  projection: VolumeProjection,
  path: string,
  take: (target: string | undefined, of: string) => void,
): void {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = projection;
  const keyed = path.endsWith('.secret') ? secret : path.endsWith('.configMap') ? configMap : undefined;
  if (keyed !== undefined) {
    checkRequired(errors, `${path}.name`, keyed.name);
    validateItems(errors, keyed.items, `${path}.items`);
    for (const item of keyed.items ?? []) take(item.path, keyed.name ?? '');
  } else if (downwardAPI !== undefined && path.endsWith('.downwardAPI')) {
    for (const file of downwardAPI.items ?? []) {
      validateDownwardFile(errors, file, path);
      take(file.path, file.path);
    }
  } else if (serviceAccountToken !== undefined && path.endsWith('.serviceAccountToken')) {
    validateToken(errors, serviceAccountToken, path);
  } else if (clusterTrustBundle !== undefined && path.endsWith('.clusterTrustBundle')) {
    validateTrustBundle(errors, clusterTrustBundle, path);
    take(clusterTrustBundle.path, clusterTrustBundle.path);
  } else if (podCertificate !== undefined) {
    validateCertificate(errors, podCertificate, path);
    for (const field of ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const) {
      take(podCertificate[field], podCertificate[field] ?? '');
    }
  }
}

function validateToken(errors: Errors, token: ServiceAccountTokenProjection, path: string): void {
  const seconds = token.expirationSeconds;
  if (seconds !== undefined && seconds < minTokenSeconds) {
    errors.push(
      fieldErrors.invalid(`${path}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'),
    );
  }
  if (seconds !== undefined && seconds > maxTokenSeconds) {
    errors.push(
      fieldErrors.invalid(`${path}.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds'),
    );
  }
  if (checkRequired(errors, `${path}.path`, token.path)) validateUnreservedPath(errors, token.path, `${path}.path`);
}

function validateTrustBundle(errors: Errors, bundle: ClusterTrustBundleProjection, path: string): void {
  const byName = !isEmpty(bundle.name);
  const bySigner = !isEmpty(bundle.signerName);
  if (byName && bySigner) {
    errors.push(fieldErrors.invalid(path, bundle, 'only one of name and signerName may be used'));
  } else if (!byName && !bySigner) {
    errors.push(fieldErrors.required(path, 'either name or signerName must be specified'));
  }
  if (byName && bundle.labelSelector !== undefined) {
    errors.push(
      fieldErrors.invalid(
        `${path}.labelSelector`,
        bundle.labelSelector,
        'labelSelector must be unset if name is specified',
      ),
    );
  }
  validateLabelSelector(errors, bundle.labelSelector, `${path}.labelSelector`);
  if (checkRequired(errors, `${path}.path`, bundle.path)) validateUnreservedPath(errors, bundle.path, `${path}.path`);
}

function validateCertificate(errors: Errors, certificate: PodCertificateProjection, path: string): void {
  checkRequired(errors, `${path}.signerName`, certificate.signerName);
  checkChoice(errors, `${path}.keyType`, certificate.keyType, keyTypes);
  const paths = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const;
  for (const field of paths) {
    const target = certificate[field];
    if (!isEmpty(target)) validateUnreservedPath(errors, target, `${path}.${field}`);
  }
  if (paths.every((field) => isEmpty(certificate[field]))) {
    errors.push(
      fieldErrors.required(path, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'),
    );
  }
}
