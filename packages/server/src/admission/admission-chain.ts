import { deepFreeze, type KubernetesObject } from '@orrery/api';
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';

/** Runs every write through the plugins: all mutating steps in order, then all validating ones (Kubernetes "Admission Controllers"). */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  get names(): readonly string[] {
    return this.#plugins.map((plugin) => plugin.name);
  }

  /**
   * The object as the plugins leave it, frozen; a promise only if one of them is asynchronous.
   * @throws StatusError the refusal of a plugin
   */
  mutate<T extends KubernetesObject>(request: Mutable<T>, context: AdmissionContext): T | Promise<T> {
    return this.#mutateFrom(0, request, context);
  }

  #mutateFrom<T extends KubernetesObject>(
    from: number,
    request: Mutable<T>,
    context: AdmissionContext,
  ): T | Promise<T> {
    let current = request;
    for (let index = from; index < this.#plugins.length; index++) {
      const plugin = this.#plugins[index] as AdmissionPlugin;
      if (plugin.mutate === undefined || plugin.matches?.(current) === false) continue;
      const answer = plugin.mutate(current, context);
      if (answer instanceof Promise) {
        const before = current;
        return answer.then((changed) => this.#mutateFrom(index + 1, withChange(before, changed), context));
      }
      current = withChange(current, answer);
    }
    return current.object;
  }

  /** Runs all validating steps; undefined if none of them is asynchronous. @throws StatusError the refusal of a plugin */
  validate(request: AdmissionRequest, context: AdmissionContext): undefined | Promise<void> {
    return this.#validateFrom(0, request, context);
  }

  #validateFrom(from: number, request: AdmissionRequest, context: AdmissionContext): undefined | Promise<void> {
    for (let index = from; index < this.#plugins.length; index++) {
      const plugin = this.#plugins[index] as AdmissionPlugin;
      if (plugin.validate === undefined || plugin.matches?.(request) === false) continue;
      const answer = plugin.validate(request, context);
      if (answer instanceof Promise) return answer.then(() => this.#validateFrom(index + 1, request, context));
    }
    return undefined;
  }
}

type Mutable<T extends KubernetesObject> = AdmissionRequest & { readonly object: T };

function withChange<T extends KubernetesObject>(
  request: Mutable<T>,
  changed: KubernetesObject | undefined | null | void,
): Mutable<T> {
  if (changed === undefined || changed === null || changed === request.object) return request;
  return { ...request, object: deepFreeze(changed) as T };
}

/**
 * Inserts added plugins among the built-in ones: each before the one that it names, else before `ResourceQuota`, else last.
 * @throws Error if a plugin names one that does not exist, or two have the same name
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
      throw new Error(`admission plugin ${plugin.name} is to run before ${plugin.before}, which does not exist`);
    }
    chain.splice(place < 0 ? chain.length : place, 0, plugin);
  }
  return chain;
}
