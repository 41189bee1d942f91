import { isNotFound, type Kind, type KubernetesObject } from '@orrery/api';

/**
 * Does the work on an object, and takes it for done when the object turns out to be gone: then there is nothing left to do.
 * @throws whatever else the work throws.
 */
export async function unlessGone<R>(
  kind: Kind,
  object: KubernetesObject,
  work: () => Promise<R>,
): Promise<R | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const { name, kind: resource } = error.status.details ?? {};
    if (name === object.metadata?.name && resource === kind.resource) return undefined;
    throw error;
  }
}
