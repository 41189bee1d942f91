import type { Pod } from '../kinds.ts';

/** Of these, a quota needs every container to say how much. */
const required = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory'];

/**
 * What containers of a Pod do not say though a quota limits it, as `requests.cpu for: web,db; …`; undefined if nothing is missing, or
 * the Pod says it for all of them.
 */
export function missingFields(pod: Pod, hard: readonly string[]): string | undefined {
  const { requests = {}, limits = {} } = pod.spec.resources ?? {};
  if (Object.keys(requests).length + Object.keys(limits).length > 0) return undefined;
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const missing = required
    .filter((name) => hard.includes(name))
    .map((name) => {
      const silent = containers.filter(({ resources }) => {
        const [, list = 'requests', resource = ''] = /^(?:(requests|limits)\.)?(.*)$/.exec(name) ?? [];
        return resources?.[list as 'requests' | 'limits']?.[resource] === undefined;
      });
      return { name, containers: [...new Set(silent.map((container) => container.name))].sort() };
    })
    .filter((each) => each.containers.length > 0);
  if (missing.length === 0) return undefined;
  return missing.map((each) => `${each.name} for: ${each.containers.join(',')}`).join('; ');
}
