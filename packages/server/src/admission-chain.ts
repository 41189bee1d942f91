import { deepFreeze, type KubernetesObject } from '@orrery/api';
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from '@orrery/core';

/** Runs every write through the plugins: all mutating steps in order, later all validating ones (Kubernetes "Admission Controllers"). */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  get names(): readonly string[] {
    return this.#plugins.map((plugin) => plugin.name);
  }

  /** The object as the plugins leave it, frozen. @throws StatusError what a plugin refuses with. */
  async mutate<T extends KubernetesObject>(
    request: AdmissionRequest & { readonly object: T },
    context: AdmissionContext,
  ): Promise<T> {
    let current: AdmissionRequest & { readonly object: T } = request;
    for (const plugin of this.#plugins) {
      if (plugin.mutate === undefined || plugin.matches?.(current) === false) continue;
      const answer = plugin.mutate(current, context);
      const changed = answer instanceof Promise ? await answer : answer;
      if (changed !== undefined && changed !== null && changed !== current.object)
        current = { ...current, object: deepFreeze(changed) as T };
    }
    return current.object;
  }

  /** @throws StatusError what a plugin refuses with. */
  async validate(request: AdmissionRequest, context: AdmissionContext): Promise<void> {
    for (const plugin of this.#plugins) {
      if (plugin.validate === undefined || plugin.matches?.(request) === false) continue;
      const answer = plugin.validate(request, context);
      if (answer instanceof Promise) await answer;
    }
  }
}

/**
 * Puts added plugins in their places among the built-in ones: each goes before the one that it names, or else before
 * `ResourceQuota`, or last.
 * @throws Error if a plugin names one that is not there, or two have one name.
 */
export function arrangeAdmission(
  builtin: readonly AdmissionPlugin[],
  added: readonly AdmissionPlugin[],
): AdmissionPlugin[] {
  const chain = [...builtin];
  for (const plugin of added) {
    if (chain.some(({ name }) => name === plugin.name))
      throw new Error(`two admission plugins are named ${plugin.name}`);
    const wanted = plugin.before ?? 'ResourceQuota';
    const place = chain.findIndex(({ name }) => name === wanted);
    if (place < 0 && plugin.before !== undefined) {
      throw new Error(`admission plugin ${plugin.name} wants to run before ${plugin.before}, which is not there`);
    }
    chain.splice(place < 0 ? chain.length : place, 0, plugin);
  }
  return chain;
}
