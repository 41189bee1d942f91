import type { ICertificateSigningRequest } from 'kubernetes-models/certificates.k8s.io/v1/CertificateSigningRequest';
import type { ClusterRoleBinding, RoleBinding } from '../kinds.ts';
import type { KubernetesObject } from '../object.ts';
import { humanAge } from './age.ts';
import { ageColumn, ageOf, column, nameColumn, nameOf, printer, wideColumn } from './printer.ts';

export const roleBindingPrinter = printer<RoleBinding | ClusterRoleBinding>(
  [
    nameColumn,
    column('Role', 'string', 'Role that is granted.'),
    ageColumn,
    wideColumn('Users', 'Users that get the role.'),
    wideColumn('Groups', 'Groups that get the role.'),
    wideColumn('ServiceAccounts', 'Service accounts that get the role.'),
  ],
  (binding, now) => {
    const subjects = binding.subjects ?? [];
    const names = (kind: string): string =>
      subjects
        .filter((subject) => subject.kind === kind)
        .map((subject) => (kind === 'ServiceAccount' ? `${subject.namespace ?? ''}/${subject.name}` : subject.name))
        .join(', ');
    return [
      nameOf(binding),
      `${binding.roleRef.kind}/${binding.roleRef.name}`,
      ageOf(binding, now),
      names('User'),
      names('Group'),
      names('ServiceAccount'),
    ];
  },
);

export const signingRequestPrinter = printer<ICertificateSigningRequest>(
  [
    nameColumn,
    ageColumn,
    column('SignerName', 'string', 'Signer that is asked.'),
    column('Requestor', 'string', 'User who asks.'),
    column('RequestedDuration', 'string', 'How long the certificate should be valid.'),
    column('Condition', 'string', 'What became of the request.'),
  ],
  (request, now) => {
    const seconds = request.spec?.expirationSeconds;
    return [
      nameOf(request),
      ageOf(request, now),
      request.spec?.signerName || '<none>',
      request.spec?.username ?? '',
      seconds === undefined ? '<none>' : humanAge(seconds * 1000),
      signingStatus(request),
    ];
  },
);

function signingStatus(request: ICertificateSigningRequest): string {
  const has = (type: string): boolean => request.status?.conditions?.some((each) => each.type === type) === true;
  const parts = [has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'];
  if (has('Failed')) parts.push('Failed');
  if ((request.status?.certificate ?? '') !== '') parts.push('Issued');
  return parts.join(',');
}

interface TrustBundle extends KubernetesObject {
  readonly spec?: { readonly signerName?: string };
}

export const clusterTrustBundlePrinter = printer<TrustBundle>(
  [nameColumn, column('SignerName', 'string', 'Signer that the bundle belongs to.')],
  (bundle) => [nameOf(bundle), bundle.spec?.signerName ?? ''],
);
