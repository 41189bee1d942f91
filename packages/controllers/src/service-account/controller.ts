import { isAlreadyExists, Namespace, ServiceAccount } from '@orrery/api';
import { type Controller, defineController } from '@orrery/core';
import { isNamespaceTerminating } from '../workload/pod-control.ts';

/** The account that Pods use which name none. */
const accountName = 'default';

/** Keeps a ServiceAccount `default` in every namespace (Kubernetes "Managing Service Accounts"). */
export function serviceAccountController(): Controller {
  return defineController({
    name: 'service-account-controller',
    for: Namespace,
    watches: [
      {
        kind: ServiceAccount,
        fieldSelector: `metadata.name=${accountName}`,
        map: ({ metadata }) => [metadata.namespace ?? ''],
      },
    ],
    async reconcile(namespace, { client, cache }) {
      if (namespace.metadata.deletionTimestamp !== undefined) return;
      const key = { namespace: namespace.metadata.name, name: accountName };
      if (cache.get(ServiceAccount, key) !== undefined) return;
      try {
        await client.create<ServiceAccount>({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: key });
      } catch (error) {
        if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
      }
    },
  });
}
