import type { Kind, KubernetesObject, Stored } from '@orrery/api';
import { defaultStrategy } from './default-strategy.ts';
import { type Fields, withField } from './fields.ts';
import type { Strategy } from './strategy.ts';

/** The strategy of all custom resources (Kubernetes apiextensions-apiserver, `customresource/strategy.go`). */
export function customResourceStrategy(kind: Kind): Strategy {
  return defaultStrategy(kind, {
    allowUnconditionalUpdate: false,
    generation: true,
    initialStatus: () => undefined,
    subresources: kind.subresources.status === undefined ? {} : { status: { prepareForUpdate: withStatusAlone } },
  });
}

/** A status update of a custom object changes no metadata but its managed fields. */
function withStatusAlone(object: KubernetesObject, old: Stored): KubernetesObject {
  const managedFields = object.metadata?.managedFields;
  const metadata =
    managedFields === undefined || managedFields === old.metadata.managedFields
      ? old.metadata
      : { ...old.metadata, managedFields };
  return withField(withField(old, 'metadata', metadata), 'status', (object as Fields).status);
}
