import type { PolicyRule } from '@orrery/api';
import type { AccessRule } from '../authorizer.ts';

/** Up to this many rules are all compared. */
const fewRules = 32;

type ListName = 'verbs' | 'apiGroups' | 'resources' | 'resourceNames' | 'nonResourceURLs';

/**
 * Finds the rules of a user that may allow something of another rule, so that a role with thousands of rules is not compared with
 * thousands of rules each.
 */
export class RuleIndex {
  readonly #rules: readonly AccessRule[];
  readonly #lists = new Map<ListName, RulesByValue>();

  constructor(rules: readonly AccessRule[]) {
    this.#rules = rules;
  }

  /** The rules that may allow a part of `wanted`, each once, in the user's order. */
  candidates(wanted: PolicyRule): readonly AccessRule[] {
    if (this.#rules.length <= fewRules) return this.#rules;
    const { nonResourceURLs = [] } = wanted;
    const narrowest = this.#narrowest([
      ['verbs', wanted.verbs],
      ['apiGroups', wanted.apiGroups ?? []],
      ['resources', wanted.resources ?? []],
      ['resourceNames', wanted.resourceNames ?? []],
    ]);
    const paths = nonResourceURLs.length === 0 ? [] : this.#by('nonResourceURLs').of(nonResourceURLs);
    const places = [...new Set([...narrowest, ...paths])].sort((a, b) => a - b);
    return places.map((place) => this.#rules[place] as AccessRule);
  }

  /** Each list alone must allow something, so those that one list finds are enough. */
  #narrowest(wanted: readonly (readonly [ListName, readonly string[]])[]): readonly number[] {
    const sized = wanted.map(([list, values]) => ({ list, values, count: this.#by(list).count(values) }));
    const { list, values } = sized.reduce((a, b) => (b.count < a.count ? b : a), sized[0] as (typeof sized)[number]);
    return this.#by(list).of(values);
  }

  #by(list: ListName): RulesByValue {
    let found = this.#lists.get(list);
    if (found === undefined) {
      found = new RulesByValue(this.#rules, list);
      this.#lists.set(list, found);
    }
    return found;
  }
}

/** The places of rules by the values of one of their lists. */
class RulesByValue {
  /** Rules with patterns, and those for objects of any name. */
  readonly #anyValue: number[] = [];
  readonly #byValue = new Map<string, number[]>();

  constructor(rules: readonly AccessRule[], list: ListName) {
    for (const [place, rule] of rules.entries()) {
      const values = (rule as { readonly [name in ListName]?: readonly string[] })[list];
      if (values === undefined) continue;
      if (values.some((value) => value.includes('*')) || (list === 'resourceNames' && values.length === 0)) {
        this.#anyValue.push(place);
        continue;
      }
      for (const value of values) {
        const known = this.#byValue.get(value);
        if (known === undefined) this.#byValue.set(value, [place]);
        else known.push(place);
      }
    }
  }

  count(values: readonly string[]): number {
    return values.reduce((sum, value) => sum + (this.#byValue.get(value)?.length ?? 0), this.#anyValue.length);
  }

  of(values: readonly string[]): readonly number[] {
    return [...this.#anyValue, ...values.flatMap((value) => this.#byValue.get(value) ?? [])];
  }
}
