import type { Container, Pod, ServiceAccount } from '@orrery/api';

const enforceAnnotation = 'kubernetes.io/enforce-mountable-secrets';

/**
 * The first reference of a Pod to a Secret that its account does not list, where the account enforces its list
 * (annotation `kubernetes.io/enforce-mountable-secrets`); undefined when there is none.
 */
export function forbiddenReference(pod: Pod, account: ServiceAccount): string | undefined {
  if (account.metadata.annotations?.[enforceAnnotation] !== 'true') return undefined;
  const by = `because service account ${account.metadata.name} does not reference that`;
  const mountable = new Set((account.secrets ?? []).map(({ name }) => name));
  const refused = (name: string | undefined) => name !== undefined && !mountable.has(name);

  for (const { secret } of pod.spec.volumes ?? []) {
    if (refused(secret?.secretName)) {
      return `volume with secret.secretName="${secret?.secretName}" is not allowed ${by} secret`;
    }
  }
  const groups: readonly (readonly [string, readonly Container[]])[] = [
    ['init container', pod.spec.initContainers ?? []],
    ['container', pod.spec.containers],
  ];
  for (const [kind, containers] of groups) {
    for (const container of containers) {
      for (const { name, valueFrom } of container.env ?? []) {
        const secret = valueFrom?.secretKeyRef?.name;
        if (refused(secret)) {
          return `${kind} ${container.name} with envVar ${name} referencing secret.secretName="${secret}" is not allowed ${by} secret`;
        }
      }
      for (const { secretRef } of container.envFrom ?? []) {
        if (refused(secretRef?.name)) {
          return `${kind} ${container.name} with envFrom referencing secret.secretName="${secretRef?.name}" is not allowed ${by} secret`;
        }
      }
    }
  }
  const pullable = new Set((account.imagePullSecrets ?? []).map(({ name }) => name));
  for (const { name } of pod.spec.imagePullSecrets ?? []) {
    if (name !== undefined && !pullable.has(name)) {
      return `imagePullSecrets[].name="${name}" is not allowed ${by} imagePullSecret`;
    }
  }
  return undefined;
}
