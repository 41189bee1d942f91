import { type Kind, parseFieldSelector, parseLabelSelector, type Stored } from '@orrery/api';

/** Some objects of a kind, as a list or a watch selects them. */
export interface Selection {
  /** Only this namespace; unset or `''` is all. */
  readonly namespace?: string;
  /** `app=web,tier in (a,b)` (Kubernetes "Labels and Selectors"). */
  readonly labelSelector?: string;
  /** `spec.nodeName=node1` (Kubernetes "Field Selectors"). */
  readonly fieldSelector?: string;
}

/**
 * Says of an object of the kind, as the server would, whether it is selected.
 * @throws StatusError BadRequest if a selector is malformed, or names a field that the kind does not offer
 */
export function selectionTest(
  kind: Kind,
  { namespace, labelSelector, fieldSelector }: Selection,
): (object: Stored) => boolean {
  const labels = labelSelector === undefined ? undefined : parseLabelSelector(labelSelector);
  const fields = fieldSelector === undefined ? undefined : parseFieldSelector(fieldSelector, kind);
  return (object) =>
    (namespace === undefined || namespace === '' || object.metadata.namespace === namespace) &&
    labels?.matches(object.metadata.labels) !== false &&
    fields?.matches(object) !== false;
}
