import type { AdmissionPlugin } from '@orrery/core';

/**
 * Names of admission plugins in the one order in which they run (Kubernetes 1.35, with PodPreset where 1.19 had it).
 * A place stays even when its plugin is not there, so that others can be put before it.
 */
export const admissionOrder: readonly string[] = [
  'AlwaysAdmit',
  'NamespaceAutoProvision',
  'NamespaceLifecycle',
  'NamespaceExists',
  'LimitPodHardAntiAffinityTopology',
  'PodPreset',
  'LimitRanger',
  'ServiceAccount',
  'NodeRestriction',
  'TaintNodesByCondition',
  'AlwaysPullImages',
  'ImagePolicyWebhook',
  'PodSecurity',
  'PodNodeSelector',
  'Priority',
  'DefaultTolerationSeconds',
  'PodTolerationRestriction',
  'EventRateLimit',
  'ExtendedResourceToleration',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'OwnerReferencesPermissionEnforcement',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateApproval',
  'CertificateSigning',
  'ClusterTrustBundleAttest',
  'CertificateSubjectRestriction',
  'DefaultIngressClass',
  'DenyServiceExternalIPs',
  'PodTopologyLabels',
  'JobValidation',
  'PodResizeValidator',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
  'AlwaysDeny',
];

/** Where a plugin goes that says nothing: after all mutating built-in ones, before the quota. */
const defaultBefore = 'ResourceQuota';

/**
 * Plugins in the order in which they run. One with a name of {@link admissionOrder} has its place there; others run right
 * before the plugin that they name, in the order given.
 * @throws Error if a plugin is to run before one that does not exist, or if a name is given twice.
 */
export function orderAdmission(plugins: readonly AdmissionPlugin[]): readonly AdmissionPlugin[] {
  const places = new Map(admissionOrder.map((name, index) => [name, index]));
  const names = new Set<string>();
  const positioned = plugins.map((plugin, index) => {
    if (names.has(plugin.name)) throw new Error(`admission plugin ${plugin.name} is registered twice`);
    names.add(plugin.name);
    const own = places.get(plugin.name);
    if (own !== undefined) return { plugin, place: own, index };
    const before = places.get(plugin.before ?? defaultBefore);
    if (before === undefined) {
      throw new Error(`admission plugin ${plugin.name} is to run before ${plugin.before}, which does not exist`);
    }
    return { plugin, place: before - 0.5, index };
  });
  positioned.sort((a, b) => a.place - b.place || a.index - b.index);
  return positioned.map(({ plugin }) => plugin);
}
