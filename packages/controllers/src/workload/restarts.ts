import { namedItem, type Pod } from '@orrery/api';

/** How often the container of a Pod that was restarted most was, and its sidecar. */
export function maxRestarts({ spec, status }: Pod): { readonly regular: number; readonly sidecars: number } {
  let regular = 0;
  let sidecars = 0;
  for (const { restartCount } of status?.containerStatuses ?? []) regular = Math.max(regular, restartCount);
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy !== 'Always') continue;
    const found = namedItem(status?.initContainerStatuses, container.name);
    sidecars = Math.max(sidecars, found?.restartCount ?? 0);
  }
  return { regular, sidecars };
}
