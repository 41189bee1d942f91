import type { IMutatingAdmissionPolicy } from 'kubernetes-models/admissionregistration.k8s.io/v1/MutatingAdmissionPolicy';
import type { IMutatingAdmissionPolicyBinding } from 'kubernetes-models/admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding';
import type { IMutatingWebhookConfiguration } from 'kubernetes-models/admissionregistration.k8s.io/v1/MutatingWebhookConfiguration';
import type { IValidatingAdmissionPolicy } from 'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy';
import type { IValidatingAdmissionPolicyBinding } from 'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding';
import type { IValidatingWebhookConfiguration } from 'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration';
import type { IAPIService } from 'kubernetes-models/apiregistration.k8s.io/v1/APIService';
import type { IFlowSchema } from 'kubernetes-models/flowcontrol.apiserver.k8s.io/v1/FlowSchema';
import type { IPriorityLevelConfiguration } from 'kubernetes-models/flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration';
import type { IResourceClaim } from 'kubernetes-models/resource.k8s.io/v1/ResourceClaim';
import type { IResourceSlice } from 'kubernetes-models/resource.k8s.io/v1/ResourceSlice';
import type { KubernetesObject } from '../object.ts';
import { shortList } from './cell-text.ts';
import { ageColumn, ageOf, column, nameColumn, nameOf, printer } from './printer.ts';

export const webhookPrinter = printer<IMutatingWebhookConfiguration | IValidatingWebhookConfiguration>(
  [nameColumn, column('Webhooks', 'integer', 'Number of webhooks.'), ageColumn],
  (configuration, now) => [nameOf(configuration), configuration.webhooks?.length ?? 0, ageOf(configuration, now)],
);

const paramKindColumn = column('ParamKind', 'string', 'Kind of the objects that parameterize the policy.');

export const validatingPolicyPrinter = printer<IValidatingAdmissionPolicy>(
  [nameColumn, column('Validations', 'integer', 'Number of rules.'), paramKindColumn, ageColumn],
  (policy, now) => [
    nameOf(policy),
    policy.spec?.validations?.length ?? 0,
    paramKind(policy.spec?.paramKind),
    ageOf(policy, now),
  ],
);

export const mutatingPolicyPrinter = printer<IMutatingAdmissionPolicy>(
  [nameColumn, column('Mutations', 'integer', 'Number of changes.'), paramKindColumn, ageColumn],
  (policy, now) => [
    nameOf(policy),
    policy.spec?.mutations?.length ?? 0,
    paramKind(policy.spec?.paramKind),
    ageOf(policy, now),
  ],
);

function paramKind(kind: { apiVersion?: string; kind?: string } | undefined): string {
  return kind === undefined ? '<unset>' : `${kind.apiVersion ?? ''}/${kind.kind ?? ''}`;
}

export const policyBindingPrinter = printer<IValidatingAdmissionPolicyBinding | IMutatingAdmissionPolicyBinding>(
  [
    nameColumn,
    column('PolicyName', 'string', 'Policy that is bound.'),
    column('ParamRef', 'string', 'Objects that parameterize the policy.'),
    ageColumn,
  ],
  (binding, now) => {
    const reference = binding.spec?.paramRef;
    return [
      nameOf(binding),
      binding.spec?.policyName ?? '',
      reference === undefined ? '<unset>' : paramRef(reference),
      ageOf(binding, now),
    ];
  },
);

function paramRef(reference: { name?: string; namespace?: string }): string {
  if ((reference.name ?? '') === '') return '*';
  return (reference.namespace ?? '') === '' ? `${reference.name}` : `${reference.namespace}/${reference.name}`;
}

export const apiServicePrinter = printer<IAPIService>(
  [
    nameColumn,
    column('Service', 'string', 'Service that serves the API group version.'),
    column('Available', 'string', 'Whether it can be reached.'),
    ageColumn,
  ],
  (apiService, now) => {
    const service = apiService.spec?.service;
    const available = apiService.status?.conditions?.find((condition) => condition.type === 'Available');
    return [
      nameOf(apiService),
      service === undefined ? 'Local' : `${service.namespace ?? ''}/${service.name ?? ''}`,
      available === undefined
        ? 'Unknown'
        : available.status === 'True'
          ? 'True'
          : `${available.status} (${available.reason ?? ''})`,
      ageOf(apiService, now),
    ];
  },
);

export const flowSchemaPrinter = printer<IFlowSchema>(
  [
    nameColumn,
    column('PriorityLevel', 'string', 'Priority level of the matched requests.'),
    column('MatchingPrecedence', 'string', 'Order in which schemas are tried; the lowest comes first.'),
    column('DistinguisherMethod', 'string', 'How requests are split into flows.'),
    ageColumn,
    column('MissingPL', 'string', 'Whether the priority level is missing.'),
  ],
  (schema, now) => [
    nameOf(schema),
    schema.spec?.priorityLevelConfiguration?.name ?? '',
    schema.spec?.matchingPrecedence ?? 0,
    schema.spec?.distinguisherMethod?.type ?? '<none>',
    ageOf(schema, now),
    schema.status?.conditions?.find((condition) => condition.type === 'Dangling')?.status ?? '?',
  ],
);

export const priorityLevelPrinter = printer<IPriorityLevelConfiguration>(
  [
    nameColumn,
    column('Type', 'string', 'Whether requests are limited.'),
    column('NominalConcurrencyShares', 'string', 'Share of the concurrent requests.'),
    column('Queues', 'string', 'Number of queues.'),
    column('HandSize', 'string', 'Queues that one flow may use.'),
    column('QueueLengthLimit', 'string', 'Requests that one queue may hold.'),
    ageColumn,
  ],
  (level, now) => {
    const limited = level.spec?.limited;
    const queuing = limited?.limitResponse?.queuing;
    return [
      nameOf(level),
      level.spec?.type ?? '',
      limited?.nominalConcurrencyShares ?? '<none>',
      queuing?.queues ?? '<none>',
      queuing?.handSize ?? '<none>',
      queuing?.queueLengthLimit ?? '<none>',
      ageOf(level, now),
    ];
  },
);

export const resourceClaimPrinter = printer<IResourceClaim>(
  [nameColumn, column('State', 'string', 'Whether the claim is pending, allocated, reserved or deleted.'), ageColumn],
  (claim, now) => {
    const states: string[] = [];
    const deleted = claim.metadata?.deletionTimestamp !== undefined;
    if (deleted) states.push('deleted');
    if (claim.status?.allocation !== undefined) states.push('allocated');
    else if (!deleted) states.push('pending');
    if (claim.status?.allocation !== undefined && (claim.status.reservedFor ?? []).length > 0) states.push('reserved');
    return [nameOf(claim), states.join(','), ageOf(claim, now)];
  },
);

export const resourceSlicePrinter = printer<IResourceSlice>(
  [
    nameColumn,
    column('Node', 'string', 'Node that has the devices.'),
    column('Driver', 'string', 'Driver of the devices.'),
    column('Pool', 'string', 'Pool that the slice is part of.'),
    ageColumn,
  ],
  (slice, now) => [
    nameOf(slice),
    slice.spec?.nodeName ?? null,
    slice.spec?.driver ?? '',
    slice.spec?.pool?.name ?? '',
    ageOf(slice, now),
  ],
);

/** Device classes and claim templates: only a name and an age. */
export const nameAndAgePrinter = printer<KubernetesObject>([nameColumn, ageColumn], (object, now) => [
  nameOf(object),
  ageOf(object, now),
]);

interface StorageVersion extends KubernetesObject {
  readonly status?: {
    readonly commonEncodingVersion?: string;
    readonly storageVersions?: readonly { readonly apiServerID?: string; readonly encodingVersion?: string }[];
  };
}

export const storageVersionPrinter = printer<StorageVersion>(
  [
    nameColumn,
    column('CommonEncodingVersion', 'string', 'Version that all API servers store.'),
    column('StorageVersions', 'string', 'Version that each API server stores.'),
    ageColumn,
  ],
  (version, now) => [
    nameOf(version),
    version.status?.commonEncodingVersion ?? '<unset>',
    shortList(
      (version.status?.storageVersions ?? []).map((each) => `${each.apiServerID ?? ''}=${each.encodingVersion ?? ''}`),
      3,
      '<unset>',
    ),
    ageOf(version, now),
  ],
);

interface StorageVersionMigration extends KubernetesObject {
  readonly spec?: { readonly resource?: { readonly group?: string; readonly resource?: string } };
}

export const migrationPrinter = printer<StorageVersionMigration>(
  [nameColumn, column('Resource', 'string', 'Resource whose objects are stored anew.')],
  (migration) => {
    const { resource, group } = migration.spec?.resource ?? {};
    return [nameOf(migration), [resource, group].filter((part) => part !== undefined && part !== '').join('.')];
  },
);
