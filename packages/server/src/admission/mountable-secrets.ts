import type { Container, Pod, ServiceAccount } from '@orrery/api';

const enforceAnnotation = 'kubernetes.io/enforce-mountable-secrets';

/**
 * The first reference of a Pod to a Secret that its account does not list, if the account enforces its list
 * (annotation `kubernetes.io/enforce-mountable-secrets`); undefined when there is none.
 */
export function forbiddenReference(pod: Pod, account: ServiceAccount): string | undefined {
  if (!enforces(account)) return undefined;
  const why = because(account);
  const isMountable = mountable(account);
  for (const { secret } of pod.spec.volumes ?? []) {
    if (!isMountable(secret?.secretName))
      return `volume with secret.secretName="${secret?.secretName}" is not allowed ${why} secret`;
  }
  const inContainers =
    ofContainers('init container', pod.spec.initContainers, account) ??
    ofContainers('container', pod.spec.containers, account);
  if (inContainers !== undefined) return inContainers;
  const pullable = new Set((account.imagePullSecrets ?? []).map(({ name }) => name));
  for (const { name } of pod.spec.imagePullSecrets ?? []) {
    if (name !== undefined && !pullable.has(name))
      return `imagePullSecrets[].name="${name}" is not allowed ${why} imagePullSecret`;
  }
  return undefined;
}

/** The same for ephemeral containers, which are added to a running Pod. */
export function forbiddenEphemeralReference(pod: Pod, account: ServiceAccount): string | undefined {
  return enforces(account) ? ofContainers('ephemeral container', pod.spec.ephemeralContainers, account) : undefined;
}

function enforces({ metadata }: ServiceAccount): boolean {
  return metadata.annotations?.[enforceAnnotation] === 'true';
}

function because({ metadata }: ServiceAccount): string {
  return `because service account ${metadata.name} does not reference that`;
}

function mountable({ secrets }: ServiceAccount): (name: string | undefined) => boolean {
  const names = new Set((secrets ?? []).map(({ name }) => name));
  return (name) => name === undefined || names.has(name);
}

type WithEnvironment = Pick<Container, 'name' | 'env' | 'envFrom'>;

function ofContainers(
  kind: string,
  containers: readonly WithEnvironment[] | undefined,
  account: ServiceAccount,
): string | undefined {
  const why = `is not allowed ${because(account)} secret`;
  const isMountable = mountable(account);
  for (const container of containers ?? []) {
    for (const { name, valueFrom } of container.env ?? []) {
      const secret = valueFrom?.secretKeyRef?.name;
      if (!isMountable(secret))
        return `${kind} ${container.name} with envVar ${name} referencing secret.secretName="${secret}" ${why}`;
    }
    for (const { secretRef } of container.envFrom ?? []) {
      if (!isMountable(secretRef?.name))
        return `${kind} ${container.name} with envFrom referencing secret.secretName="${secretRef?.name}" ${why}`;
    }
  }
  return undefined;
}
