/** Groups in the order in which Kubernetes' aggregation layer ranks them; others follow by name. */
const rankedGroups = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'settings.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'resource.k8s.io',
  'storagemigration.k8s.io',
];

const ranks = new Map(rankedGroups.map((group, rank) => [group, rank]));

/** Order of API groups in discovery. */
export function compareGroups(left: string, right: string): number {
  const byRank = (ranks.get(left) ?? ranks.size) - (ranks.get(right) ?? ranks.size);
  return byRank !== 0 ? byRank : compareText(left, right);
}

const stages = ['alpha', 'beta', ''];

/**
 * Order of a group's versions, the preferred one first: stable before beta before alpha, then the higher number; what is no
 * such version comes last, by name (`version.CompareKubeAwareVersionStrings`).
 */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [parseVersion(left), parseVersion(right)];
  if (a === undefined || b === undefined) {
    if (a === b) return compareText(left, right);
    return a === undefined ? 1 : -1;
  }
  return b.stage - a.stage || b.major - a.major || b.minor - a.minor;
}

function parseVersion(version: string): { stage: number; major: number; minor: number } | undefined {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version);
  if (match === null) return undefined;
  const [, major = '0', stage = '', minor = '0'] = match;
  return { stage: stages.indexOf(stage), major: Number(major), minor: Number(minor) };
}

export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
