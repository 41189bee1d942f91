import type { KubernetesObject, Stored } from '@orrery/api';
import { objectEndpoint } from '../default-strategy.ts';
import type { Fields } from '../fields.ts';
import type { StrategyEntry } from '../strategy.ts';

const finalizer = 'kubernetes';
const nameLabel = 'kubernetes.io/metadata.name';

/** Kubernetes `registry/core/namespace/strategy.go` and `storage/storage.go`. */
export const namespace: StrategyEntry = {
  group: '',
  kind: 'Namespace',
  strategy: {
    initialStatus: () => ({ phase: 'Active' }),
    onCreate: withNameAndFinalizer,
    // Only /finalize changes a namespace's finalizers.
    onUpdate: (object, old) => withFinalizers(object, specOf(old).finalizers),
    prepareForDelete: (object) => {
      const terminating: Fields = {
        ...object,
        status: { ...((object as Fields).status as object), phase: 'Terminating' },
      };
      return terminating;
    },
    isHeld: (object) => (specOf(object).finalizers ?? []).length > 0,
    subresources: {
      finalize: {
        ...objectEndpoint,
        prepareForUpdate: (object, old) => withFinalizers(old, specOf(object).finalizers ?? []),
      },
    },
  },
};

interface NamespaceSpec {
  readonly finalizers?: readonly string[];
}

function specOf(object: KubernetesObject): NamespaceSpec {
  return ((object as Fields).spec ?? {}) as NamespaceSpec;
}

function withNameAndFinalizer(object: KubernetesObject): KubernetesObject {
  const { finalizers = [] } = specOf(object);
  const name = object.metadata?.name ?? '';
  const labelled = {
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata?.labels, [nameLabel]: name } },
  };
  return withFinalizers(labelled, finalizers.includes(finalizer) ? finalizers : [...finalizers, finalizer]);
}

function withFinalizers(
  object: KubernetesObject | Stored,
  finalizers: readonly string[] | undefined,
): KubernetesObject {
  const next: Fields = { ...object, spec: { ...specOf(object), ...(finalizers === undefined ? {} : { finalizers }) } };
  return next;
}
