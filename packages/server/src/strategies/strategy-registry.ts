import type { Kind } from '@orrery/api';
import { customResourceStrategy } from './custom-resource.ts';
import { defaultStrategy } from './default-strategy.ts';
import type { Strategy, StrategyEntry, StrategyRegistry } from './strategy.ts';

/**
 * Makes the registry of what built-in resources do in a way of their own. Those that are not named follow
 * {@link defaultStrategy}. A custom kind never is one of them, however it is called.
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
