import {
  type ConfigMap,
  type DownwardAPIVolumeFile,
  fromBase64,
  type KeyToPath,
  type Pod,
  type Secret,
  type Volume,
  type VolumeProjection,
} from '@orrery/api';
import { errorText } from '@orrery/core';
import { type Allocatable, fieldValue, resourceValue } from './downward-api.ts';

/** One file to be projected. */
interface PayloadFile {
  readonly content: Uint8Array;
  readonly mode: number;
  /** Owner, where it is not root. */
  readonly uid?: number;
}

/** Files by their path in the volume. */
export type Payload = ReadonlyMap<string, PayloadFile>;

/** What the volumes of a Pod are made from. */
export interface PayloadSources {
  /** null if there is no such object. */
  secret(name: string): Secret | null;
  configMap(name: string): ConfigMap | null;
  /** The token of that projection, fetched before. */
  token(projection: TokenProjection): string;
  /** PEM certificates of the trust bundle; null if there is none. */
  trustBundle(projection: NonNullable<VolumeProjection['clusterTrustBundle']>): string | null;
  readonly allocatable: Allocatable;
}

/** A `serviceAccountToken` source. */
export type TokenProjection = NonNullable<VolumeProjection['serviceAccountToken']>;

/** Why a volume cannot be made; the message goes into the FailedMount event. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
}

const defaultMode = 0o644;
const encoder = new TextEncoder();

/**
 * The files of a secret, configMap, downwardAPI or projected volume.
 * @throws PayloadError if something it needs is missing.
 */
export function volumePayload(pod: Pod, volume: Volume, sources: PayloadSources): Payload {
  const files = new Map<string, PayloadFile>();
  if (volume.secret !== undefined) {
    const { secretName = '', items, optional, defaultMode: mode } = volume.secret;
    addSecret(files, sources.secret(secretName), secretName, items, optional, mode ?? defaultMode);
  } else if (volume.configMap !== undefined) {
    const { name = '', items, optional, defaultMode: mode } = volume.configMap;
    addConfigMap(files, sources.configMap(name), name, items, optional, mode ?? defaultMode);
  } else if (volume.downwardAPI !== undefined) {
    const { items, defaultMode: mode } = volume.downwardAPI;
    addDownward(files, pod, items ?? [], mode ?? defaultMode, sources);
  } else if (volume.projected !== undefined) {
    const mode = volume.projected.defaultMode ?? defaultMode;
    const errors: string[] = [];
    for (const source of volume.projected.sources ?? []) {
      try {
        addProjection(files, pod, source, mode, sources);
      } catch (error) {
        if (!(error instanceof PayloadError)) throw error;
        errors.push(error.message);
      }
    }
    const [first] = errors;
    if (first !== undefined) throw new PayloadError(errors.length === 1 ? first : `[${errors.join(', ')}]`);
  }
  return files;
}

function addProjection(
  files: Map<string, PayloadFile>,
  pod: Pod,
  source: VolumeProjection,
  mode: number,
  sources: PayloadSources,
): void {
  if (source.secret !== undefined) {
    const { name = '', items, optional } = source.secret;
    addSecret(files, sources.secret(name), name, items, optional, mode);
  } else if (source.configMap !== undefined) {
    const { name = '', items, optional } = source.configMap;
    addConfigMap(files, sources.configMap(name), name, items, optional, mode);
  } else if (source.downwardAPI !== undefined) {
    addDownward(files, pod, source.downwardAPI.items ?? [], mode, sources);
  } else if (source.serviceAccountToken !== undefined) {
    files.set(source.serviceAccountToken.path, {
      content: encoder.encode(sources.token(source.serviceAccountToken)),
      ...privateFile(pod, mode),
    });
  } else if (source.clusterTrustBundle !== undefined) {
    const bundle = source.clusterTrustBundle;
    const pem = sources.trustBundle(bundle);
    if (pem === null && bundle.optional !== true) {
      throw new PayloadError(
        bundle.name === undefined
          ? `combination of signerName and labelSelector matched zero ClusterTrustBundles`
          : `clustertrustbundle.certificates.k8s.io "${bundle.name}" not found`,
      );
    }
    files.set(bundle.path, { content: encoder.encode(pem ?? ''), ...privateFile(pod, mode) });
  } else if (source.podCertificate !== undefined) {
    throw new PayloadError('pod certificate projections are not supported by this kubelet');
  }
}

/** Tokens are readable by their container's user alone, where that user or group is known. */
function privateFile(pod: Pod, mode: number): { mode: number; uid?: number } {
  const uid = sharedUser(pod);
  const known = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  return { mode: known ? 0o600 : mode, ...(uid === undefined ? {} : { uid }) };
}

/** The user that all containers run as, if they all name the same. */
export function sharedUser(pod: Pod): number | undefined {
  let shared: number | undefined;
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    const user = container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser;
    if (user === undefined || (shared !== undefined && shared !== user)) return undefined;
    shared = user;
  }
  return shared;
}

function addSecret(
  files: Map<string, PayloadFile>,
  secret: Secret | null,
  name: string,
  items: readonly KeyToPath[] | undefined,
  optional: boolean | undefined,
  mode: number,
): void {
  if (secret === null && optional !== true) throw new PayloadError(`secret "${name}" not found`);
  const data = new Map(Object.entries(secret?.data ?? {}).map(([key, text]) => [key, fromBase64(text)]));
  addItems(files, data, items, optional, mode, (key) => `references non-existent secret key: ${key}`);
}

function addConfigMap(
  files: Map<string, PayloadFile>,
  configMap: ConfigMap | null,
  name: string,
  items: readonly KeyToPath[] | undefined,
  optional: boolean | undefined,
  mode: number,
): void {
  if (configMap === null && optional !== true) throw new PayloadError(`configmap "${name}" not found`);
  const data = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(configMap?.data ?? {})) data.set(key, encoder.encode(text));
  for (const [key, text] of Object.entries(configMap?.binaryData ?? {})) data.set(key, fromBase64(text));
  addItems(files, data, items, optional, mode, (key) => `configmap references non-existent config key: ${key}`);
}

function addItems(
  files: Map<string, PayloadFile>,
  data: ReadonlyMap<string, Uint8Array>,
  items: readonly KeyToPath[] | undefined,
  optional: boolean | undefined,
  mode: number,
  missing: (key: string) => string,
): void {
  if (items === undefined || items.length === 0) {
    for (const [key, content] of data) files.set(key, { content, mode });
    return;
  }
  for (const item of items) {
    const content = data.get(item.key);
    if (content !== undefined) files.set(item.path, { content, mode: item.mode ?? mode });
    else if (optional !== true) throw new PayloadError(missing(item.key));
  }
}

function addDownward(
  files: Map<string, PayloadFile>,
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[],
  mode: number,
  sources: PayloadSources,
): void {
  for (const item of items) {
    let text = '';
    try {
      if (item.fieldRef !== undefined) text = fieldValue(pod, item.fieldRef.fieldPath);
      else if (item.resourceFieldRef !== undefined) {
        text = resourceValue(pod, item.resourceFieldRef, sources.allocatable);
      }
    } catch (error) {
      throw new PayloadError(errorText(error));
    }
    files.set(item.path, { content: encoder.encode(text), mode: item.mode ?? mode });
  }
}
