import type { Kind } from '@orrery/api';
import { customResourceStrategy } from './custom-resource.ts';
import { defaultStrategy } from './default-strategy.ts';
import type { Strategy, StrategyEntry, StrategyRegistry } from './strategy.ts';

/**
 * Creates the registry of the built-in resources' strategies. Resources without an entry follow {@link defaultStrategy}. A
 * custom kind never matches an entry, whatever its name.
 */
export function createStrategyRegistry(resources: readonly StrategyEntry[]): StrategyRegistry {
  const byName = new Map(resources.map((resource) => [`${resource.group}/${resource.kind}`, resource]));
  const made = new WeakMap<Kind, Strategy>();
  return {
    of: (kind) => {
      let strategy = made.get(kind);
      if (strategy === undefined) {
        strategy = kind.custom
          ? customResourceStrategy(kind)
          : defaultStrategy(kind, byName.get(`${kind.group}/${kind.kind}`)?.strategy);
        made.set(kind, strategy);
      }
      return strategy;
    },
  };
}
