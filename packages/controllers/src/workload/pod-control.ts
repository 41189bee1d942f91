import {
  controllerReference,
  isConflict,
  isNotFound,
  type Kind,
  keyOf,
  Pod,
  type PodTemplateSpec,
  StatusError,
  type Stored,
} from '@orrery/api';
import { type Client, type EventRecorder, errorText } from '@orrery/core';

/** The Pod that a controller makes from its template: labels, annotations and finalizers are the template's. */
export function podFromTemplate(ownerKind: Kind, owner: Stored, template: PodTemplateSpec): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.metadata.name}-`,
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(ownerKind, owner)],
    } as Partial<Pod['metadata']> as Pod['metadata'],
    spec: template.spec ?? { containers: [] },
  };
}

/** Creates and deletes a controller's Pods, and records an event on the owner for each. */
export interface PodControl {
  /** @throws StatusError after a `FailedCreate` event; a namespace that is being deleted gives no event and no error. */
  create(pod: Pod): Promise<Stored<Pod> | undefined>;
  /** A Pod that is gone already is no error. @throws StatusError after a `FailedDelete` event. */
  delete(pod: Stored<Pod>): Promise<void>;
}

export function podControl(client: Client, events: EventRecorder, owner: Stored): PodControl {
  return {
    async create(pod) {
      try {
        const created = await client.create(pod);
        events.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`);
        return created;
      } catch (error) {
        if (isNamespaceTerminating(error)) return undefined;
        events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${errorText(error)}`);
        throw error;
      }
    },
    async delete(pod) {
      try {
        await client.delete(Pod, keyOf(pod), { preconditions: { uid: pod.metadata.uid } });
        events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
      } catch (error) {
        // A conflict says that another Pod has the name by now: this one is gone.
        if (isNotFound(error) || isConflict(error)) return;
        events.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${errorText(error)}`);
        throw error;
      }
    },
  };
}

/** Whether a create was refused because its namespace is being deleted. */
export function isNamespaceTerminating(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    (error.status.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false)
  );
}
