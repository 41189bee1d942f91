import {
  type Container,
  isNotFound,
  type ObjectKey,
  type Pod,
  ServiceAccount,
  type Stored,
  type Volume,
} from '@orrery/api';
import { clockScheduler } from '@orrery/core';
import { firstValueFrom, mergeMap, takeUntil, timer } from 'rxjs';
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';
import { forbiddenEphemeralReference, forbiddenReference } from './mountable-secrets.ts';
import { isPodRequest, podOf, refusal } from './pod-request.ts';

/** The path at which containers find the credentials of their account. */
export const tokenMountPath = '/var/run/secrets/kubernetes.io/serviceaccount';

const volumePrefix = 'kube-api-access-';
const mirrorAnnotation = 'kubernetes.io/config.mirror';
const defaultAccount = 'default';

/** How long to wait for the default account of a Pod's namespace, which may be as new as the Pod (milliseconds). */
const accountTimeout = 1500;

/**
 * Sets the service account of Pods and adds its projected token volume (Kubernetes "Configure Service Accounts for Pods").
 */
export const serviceAccount: AdmissionPlugin = {
  name: 'ServiceAccount',
  matches: (request) => (isPodRequest(request) && request.operation === 'CREATE') || addsContainers(request),
  mutate: (request, context) => (addsContainers(request) ? undefined : admit(request, context)),
  validate,
};

/** Ephemeral containers of a running Pod may only reference Secrets that its account allows. */
function addsContainers(request: AdmissionRequest): boolean {
  return request.operation === 'UPDATE' && isPodRequest(request, 'ephemeralcontainers');
}

async function admit(request: AdmissionRequest, context: AdmissionContext): Promise<Pod | undefined> {
  const pod = podOf(request);
  if (isMirror(pod)) return undefined;
  const name = accountName(pod);
  const account = await accountOf(name, request, context);
  const named: Pod = { ...pod, spec: { ...pod.spec, serviceAccountName: name, serviceAccount: name } };
  const mounted = automounts(pod, account)
    ? withTokenVolume(named, () => volumePrefix + context.random.nameSuffix(5))
    : named;
  return withPullSecrets(mounted, account);
}

async function validate(request: AdmissionRequest, context: AdmissionContext): Promise<void> {
  const pod = podOf(request);
  if (addsContainers(request) && (pod.spec.ephemeralContainers ?? []).length === 0) return;
  if (isMirror(pod)) {
    const fault = mirrorPodFault(pod);
    if (fault !== undefined) throw refusal(request, fault);
    return;
  }
  const account = await accountOf(accountName(pod), request, context);
  const fault = addsContainers(request) ? forbiddenEphemeralReference(pod, account) : forbiddenReference(pod, account);
  if (fault !== undefined) throw refusal(request, fault);
}

function isMirror(pod: Pod): boolean {
  return pod.metadata?.annotations?.[mirrorAnnotation] !== undefined;
}

function accountName(pod: Pod): string {
  return pod.spec.serviceAccountName || pod.spec.serviceAccount || defaultAccount;
}

/** Returns why a mirror Pod is refused: it belongs to its node and may not use the cluster's accounts. */
export function mirrorPodFault(pod: Pod): string | undefined {
  if ((pod.spec.serviceAccountName ?? '') !== '') return 'a mirror pod may not reference service accounts';
  const volumes = pod.spec.volumes ?? [];
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const usesSecrets =
    volumes.some(
      ({ secret, projected }) =>
        secret !== undefined || projected?.sources?.some((source) => source.secret !== undefined) === true,
    ) ||
    containers.some(
      ({ env, envFrom }) =>
        env?.some(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined) === true ||
        envFrom?.some(({ secretRef }) => secretRef !== undefined) === true,
    );
  if (usesSecrets) return 'a mirror pod may not reference secrets';
  const usesTokens = volumes.some(
    ({ projected }) => projected?.sources?.some((source) => source.serviceAccountToken !== undefined) === true,
  );
  return usesTokens ? 'a mirror pod may not use ServiceAccountToken volume projections' : undefined;
}

async function accountOf(
  name: string,
  request: AdmissionRequest,
  context: AdmissionContext,
): Promise<Stored<ServiceAccount>> {
  const key = { namespace: request.namespace, name };
  try {
    return await context.client.get(ServiceAccount, key);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const late = name === defaultAccount ? await arrival(key, context) : undefined;
    if (late !== undefined) return late;
    const place = `${request.namespace}/${name}`;
    throw refusal(request, `error looking up service account ${place}: serviceaccount "${name}" not found`);
  }
}

/** Resolves with the account as soon as it exists; undefined if it does not appear in time. */
function arrival(
  { namespace, name }: ObjectKey,
  { client, clock }: AdmissionContext,
): Promise<Stored<ServiceAccount> | undefined> {
  const account = client
    .watch(ServiceAccount, { namespace, fieldSelector: `metadata.name=${name}`, sendInitialEvents: true })
    .pipe(
      mergeMap((event) => (event.type === 'BOOKMARK' || event.type === 'DELETED' ? [] : [event.object])),
      takeUntil(timer(accountTimeout, clockScheduler(clock))),
    );
  return firstValueFrom(account, { defaultValue: undefined });
}

/** Whether the token is mounted: as the Pod says, else as its account says, else yes. */
export function automounts(pod: Pod, account: ServiceAccount): boolean {
  return pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

/** The Pod with the token mounted in every container that mounts nothing at that path. */
export function withTokenVolume(pod: Pod, newName: () => string): Pod {
  const lacks = (container: Container) =>
    !(container.volumeMounts ?? []).some(({ mountPath }) => mountPath === tokenMountPath);
  const { containers, initContainers = [], volumes = [] } = pod.spec;
  if (![...initContainers, ...containers].some(lacks)) return pod;

  const existing = volumes.find(({ name }) => name?.startsWith(volumePrefix) === true);
  const name = existing?.name ?? newName();
  const mount = (container: Container): Container =>
    lacks(container)
      ? {
          ...container,
          volumeMounts: [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: tokenMountPath }],
        }
      : container;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: containers.map(mount),
      ...(initContainers.length === 0 ? {} : { initContainers: initContainers.map(mount) }),
      volumes: existing === undefined ? [...volumes, tokenVolume(name)] : volumes,
    },
  };
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 420,
    },
  };
}

/** The Pod with its account's pull secrets if it has none of its own. */
export function withPullSecrets(pod: Pod, account: ServiceAccount): Pod {
  const secrets = account.imagePullSecrets ?? [];
  if ((pod.spec.imagePullSecrets ?? []).length > 0 || secrets.length === 0) return pod;
  const imagePullSecrets = secrets.map(({ name }) => (name === undefined ? {} : { name }));
  return { ...pod, spec: { ...pod.spec, imagePullSecrets } };
}
