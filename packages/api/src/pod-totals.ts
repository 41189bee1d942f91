import type { Pod } from './kinds.ts';
import type { Container } from './parts.ts';
import { parseQuantity, type Quantity } from './quantity.ts';

/** Amounts by resource, as an object has them. */
export type Amounts = { readonly [resource: string]: string | number };

/** What a Pod requests as a whole, without its overhead (Kubernetes "Resource sharing within containers"). */
export function totalRequests(pod: Pod): Amounts {
  return total(pod, ({ resources }) => resources?.requests, pod.spec.resources?.requests);
}

/** The limits of a Pod as a whole, without its overhead. */
export function totalLimits(pod: Pod): Amounts {
  return total(pod, ({ resources }) => resources?.limits, pod.spec.resources?.limits);
}

type AmountsOf = (container: Container) => Amounts | undefined;
type Totals = Map<string, Quantity>;

/**
 * Containers and sidecars together, or the largest init container with the sidecars that start before it, whichever is more; or what
 * the Pod itself says.
 */
function total({ spec }: Pod, amountsOf: AmountsOf, podLevel: Amounts = {}): Amounts {
  const running: Totals = new Map();
  for (const container of spec.containers) add(running, read(amountsOf(container)));
  const sidecars: Totals = new Map();
  const starting: Totals = new Map();
  for (const container of spec.initContainers ?? []) {
    const amounts = read(amountsOf(container));
    if (container.restartPolicy === 'Always') {
      add(running, amounts);
      add(sidecars, amounts);
      raise(starting, sidecars);
    } else {
      add(amounts, sidecars);
      raise(starting, amounts);
    }
  }
  raise(running, starting);
  for (const [name, quantity] of read(podLevel)) running.set(name, quantity);
  return Object.fromEntries([...running].map(([name, quantity]) => [name, quantity.toString()]));
}

function read(amounts: Amounts = {}): Totals {
  return new Map(Object.entries(amounts).map(([name, amount]) => [name, parseQuantity(amount)]));
}

function add(sum: Totals, more: Totals): void {
  for (const [name, quantity] of more) sum.set(name, sum.get(name)?.add(quantity) ?? quantity);
}

function raise(least: Totals, other: Totals): void {
  for (const [name, quantity] of other) {
    const before = least.get(name);
    if (before === undefined || before.compare(quantity) < 0) least.set(name, quantity);
  }
}
