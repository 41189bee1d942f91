import { failures, isNotFound, Namespace, type Stored } from '@orrery/api';
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';
import { refusal } from './pod-request.ts';

/** Namespaces that cannot be deleted. */
const undeletable: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** Resources that answer a question and store nothing: allowed in any namespace. */
const reviews: ReadonlySet<string> = new Set(['localsubjectaccessreviews.authorization.k8s.io']);

/**
 * Refuses to create objects in a namespace that is missing or being deleted, and to delete the system namespaces
 * (Kubernetes "Admission Controllers", NamespaceLifecycle).
 */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  matches: ({ operation, kind }) =>
    operation === 'CREATE'
      ? kind.namespaced && !reviews.has(`${kind.resource}.${kind.group}`)
      : operation === 'DELETE' && isNamespace(kind),
  mutate: (request, context) => (request.operation === 'CREATE' ? checkNamespace(request, context) : undefined),
  validate: checkDeletion,
};

function checkDeletion({ operation, kind, name }: AdmissionRequest): void {
  if (operation === 'DELETE' && isNamespace(kind) && undeletable.has(name)) {
    throw failures.forbidden(Namespace, name, 'this namespace may not be deleted');
  }
}

async function checkNamespace(request: AdmissionRequest, context: AdmissionContext): Promise<void> {
  const namespace = await existing(request.namespace, context);
  if (namespace.metadata.deletionTimestamp === undefined && namespace.status?.phase !== 'Terminating') return;
  const name = request.namespace;
  throw refusal(request, `unable to create new content in namespace ${name} because it is being terminated`, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${name} is being terminated`,
      field: 'metadata.namespace',
    },
  ]);
}

async function existing(name: string, { client }: AdmissionContext): Promise<Stored<Namespace>> {
  try {
    return await client.get(Namespace, name);
  } catch (error) {
    throw isNotFound(error) ? failures.notFound(Namespace, name) : error;
  }
}

function isNamespace({ group, resource }: AdmissionRequest['kind']): boolean {
  return group === '' && resource === Namespace.resource;
}
