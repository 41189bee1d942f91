import type { IComponentStatus } from 'kubernetes-models/v1/ComponentStatus';
import type {
  ConfigMap,
  Lease,
  Namespace,
  Node,
  PriorityClass,
  ResourceQuota,
  RuntimeClass,
  Secret,
  ServiceAccount,
} from '../kinds.ts';
import type { KubernetesObject } from '../object.ts';
import { orNone } from './cell-text.ts';
import { ageColumn, ageOf, column, nameColumn, nameOf, printer, wideColumn } from './printer.ts';

export const nodePrinter = printer<Node>(
  [
    nameColumn,
    column('Status', 'string', 'Whether the node is ready, and whether Pods may be put on it.'),
    column('Roles', 'string', 'Roles that the labels of the node name.'),
    ageColumn,
    column('Version', 'string', "Version of the node's kubelet."),
    wideColumn('Internal-IP', 'Address of the node inside the cluster.'),
    wideColumn('External-IP', 'Address of the node outside the cluster.'),
    wideColumn('OS-Image', 'Operating system of the node.'),
    wideColumn('Kernel-Version', 'Kernel of the node.'),
    wideColumn('Container-Runtime', 'Container runtime of the node, with its version.'),
  ],
  (node, now) => [
    nameOf(node),
    nodeStatus(node),
    orNone(nodeRoles(node).join(',')),
    ageOf(node, now),
    node.status?.nodeInfo?.kubeletVersion ?? '',
    addressOf(node, 'InternalIP'),
    addressOf(node, 'ExternalIP'),
    orUnknown(node.status?.nodeInfo?.osImage),
    orUnknown(node.status?.nodeInfo?.kernelVersion),
    orUnknown(node.status?.nodeInfo?.containerRuntimeVersion),
  ],
);

function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.findLast((condition) => condition.type === 'Ready');
  const status = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return node.spec?.unschedulable === true ? `${status},SchedulingDisabled` : status;
}

const rolePrefix = 'node-role.kubernetes.io/';

function nodeRoles(node: Node): string[] {
  const roles = new Set<string>();
  for (const [label, value] of Object.entries(node.metadata?.labels ?? {})) {
    if (label.startsWith(rolePrefix) && label.length > rolePrefix.length) roles.add(label.slice(rolePrefix.length));
    else if (label === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return [...roles].sort();
}

function addressOf(node: Node, type: string): string {
  return node.status?.addresses?.find((address) => address.type === type)?.address ?? '<none>';
}

function orUnknown(text: string | undefined): string {
  return text === undefined || text === '' ? '<unknown>' : text;
}

export const namespacePrinter = printer<Namespace>(
  [nameColumn, column('Status', 'string', 'Whether the namespace is in use or on its way out.'), ageColumn],
  (namespace, now) => [nameOf(namespace), namespace.status?.phase ?? '', ageOf(namespace, now)],
);

export const secretPrinter = printer<Secret>(
  [
    nameColumn,
    column('Type', 'string', 'What the Secret is for.'),
    column('Data', 'string', 'Number of keys.'),
    ageColumn,
  ],
  (secret, now) => [nameOf(secret), secret.type ?? '', Object.keys(secret.data ?? {}).length, ageOf(secret, now)],
);

export const configMapPrinter = printer<ConfigMap>(
  [nameColumn, column('Data', 'string', 'Number of keys.'), ageColumn],
  (configMap, now) => [
    nameOf(configMap),
    Object.keys(configMap.data ?? {}).length + Object.keys(configMap.binaryData ?? {}).length,
    ageOf(configMap, now),
  ],
);

export const serviceAccountPrinter = printer<ServiceAccount>(
  [nameColumn, column('Secrets', 'string', 'Number of Secrets that the account lists.'), ageColumn],
  (account, now) => [nameOf(account), account.secrets?.length ?? 0, ageOf(account, now)],
);

export const resourceQuotaPrinter = printer<ResourceQuota>(
  [
    nameColumn,
    column('Request', 'string', 'Used and allowed amounts, of all but limits.'),
    column('Limit', 'string', 'Used and allowed amounts of limits.'),
    ageColumn,
  ],
  (quota, now) => {
    const requests: string[] = [];
    const limits: string[] = [];
    const used = quota.status?.used ?? {};
    for (const [resource, hard] of Object.entries(quota.status?.hard ?? {}).sort(byKey)) {
      (resource.startsWith('limits.') ? limits : requests).push(`${resource}: ${used[resource] ?? 0}/${hard}`);
    }
    return [nameOf(quota), requests.join(', '), limits.join(', '), ageOf(quota, now)];
  },
);

function byKey([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export const priorityClassPrinter = printer<PriorityClass>(
  [
    nameColumn,
    column('Value', 'integer', 'Priority of Pods of this class.'),
    column('Global-Default', 'boolean', 'Whether Pods without a class get this one.'),
    ageColumn,
    column('PreemptionPolicy', 'string', 'Whether Pods of this class may displace others.'),
  ],
  (priorityClass, now) => [
    nameOf(priorityClass),
    priorityClass.value ?? 0,
    priorityClass.globalDefault ?? false,
    ageOf(priorityClass, now),
    priorityClass.preemptionPolicy ?? '',
  ],
);

export const runtimeClassPrinter = printer<RuntimeClass>(
  [nameColumn, column('Handler', 'string', "Name of the node's runtime configuration."), ageColumn],
  (runtimeClass, now) => [nameOf(runtimeClass), runtimeClass.handler ?? '', ageOf(runtimeClass, now)],
);

export const leasePrinter = printer<Lease>(
  [nameColumn, column('Holder', 'string', 'Who holds the lease.'), ageColumn],
  (lease, now) => [nameOf(lease), lease.spec?.holderIdentity ?? '', ageOf(lease, now)],
);

interface LeaseCandidate extends KubernetesObject {
  spec?: { leaseName?: string; binaryVersion?: string; emulationVersion?: string };
}

export const leaseCandidatePrinter = printer<LeaseCandidate>(
  [
    nameColumn,
    column('LeaseName', 'string', 'Lease that the candidate would hold.'),
    column('BinaryVersion', 'string', 'Version of the candidate.'),
    column('EmulationVersion', 'string', 'Version that the candidate behaves like.'),
    ageColumn,
  ],
  (candidate, now) => [
    nameOf(candidate),
    candidate.spec?.leaseName ?? '',
    candidate.spec?.binaryVersion ?? '',
    candidate.spec?.emulationVersion ?? '',
    ageOf(candidate, now),
  ],
);

export const componentStatusPrinter = printer<IComponentStatus>(
  [
    nameColumn,
    column('Status', 'string', 'Whether the component is healthy.'),
    column('Message', 'string', 'What the component says.'),
    column('Error', 'string', 'Why the component could not be asked.'),
  ],
  (component) => {
    const healthy = component.conditions?.find((condition) => condition.type === 'Healthy');
    const status = healthy === undefined ? 'Unknown' : healthy.status === 'True' ? 'Healthy' : 'Unhealthy';
    return [nameOf(component), status, healthy?.message ?? '', healthy?.error ?? ''];
  },
);
