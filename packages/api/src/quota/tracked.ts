/** A kind by its group and resource: `apps`, `deployments`. */
export interface ResourceKind {
  readonly group: string;
  readonly resource: string;
}

const core = (resource: string): ResourceKind => ({ group: '', resource });

/** What a quota counts under a kind's own name. */
const named: readonly string[] = [
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
];

const podAmounts =
  /^(?:(?:requests\.|limits\.)?(?:cpu|memory|ephemeral-storage)|(?:requests\.)?hugepages-.+|requests\..+)$/;

/**
 * Objects of which kind a resource of a quota depends on (Kubernetes "Resource Quotas"): `requests.cpu` on Pods,
 * `count/deployments.apps` on Deployments. Undefined for what no quota counts.
 */
export function trackedBy(name: string): ResourceKind | undefined {
  if (named.includes(name)) return core(name);
  if (name.startsWith('count/')) {
    const [resource = '', ...group] = name.slice('count/'.length).split('.');
    return { group: group.join('.'), resource };
  }
  if (name === 'services.loadbalancers' || name === 'services.nodeports') return core('services');
  if (name === 'requests.storage' || name.includes('.storageclass.storage.k8s.io/')) {
    return core('persistentvolumeclaims');
  }
  return podAmounts.test(name) ? core('pods') : undefined;
}
