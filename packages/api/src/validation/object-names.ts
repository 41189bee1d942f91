import type { Kind } from '../kind.ts';
import { dns1035Label, dns1123Label, dns1123Subdomain, ipAddress, type NameCheck, pathSegment } from '../names.ts';

/** A CronJob's Jobs append a dash and ten digits to its name, and a Job's name may have 63 bytes. */
const maxCronJobName = 52;

const cronJobName: NameCheck = (value) => [
  ...dns1123Subdomain(value),
  ...(value.length > maxCronJobName ? [`must be no more than ${maxCronJobName} characters`] : []),
];

const checks: ReadonlyMap<string, NameCheck> = new Map([
  ['v1/Namespace', dns1123Label],
  ['v1/Service', dns1035Label],
  ['batch/v1/CronJob', cronJobName],
  ['rbac.authorization.k8s.io/v1/Role', pathSegment],
  ['rbac.authorization.k8s.io/v1/RoleBinding', pathSegment],
  ['rbac.authorization.k8s.io/v1/ClusterRole', pathSegment],
  ['rbac.authorization.k8s.io/v1/ClusterRoleBinding', pathSegment],
  ['networking.k8s.io/v1/IPAddress', ipAddress],
  ['certificates.k8s.io/v1beta1/ClusterTrustBundle', pathSegment],
  ['certificates.k8s.io/v1alpha1/ClusterTrustBundle', pathSegment],
]);

/** How objects of a kind may be called: most by a DNS subdomain. */
export function nameCheckOf(kind: Kind): NameCheck {
  return checks.get(`${kind.apiVersion}/${kind.kind}`) ?? dns1123Subdomain;
}
