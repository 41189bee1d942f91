import { contains, type PolicyRule } from '@orrery/api';
import type { AccessRule } from '../authorizer.ts';
import { RuleIndex } from './rule-index.ts';
import { pathMatches, resourceMatches } from './rules.ts';

/** Rules of an answer that are listed one for each resource, as Kubernetes does; more are summed up. */
const maxListed = 1000;

/**
 * The wanted rules that the owned ones do not allow; rules that differ only in verbs are merged. A rule stands for the product of
 * its lists: the values of each list that the same owned rules allow are compared once, not each combination. Pure.
 */
export function uncoveredRules(owned: readonly AccessRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  const index = new RuleIndex(owned);
  const missing = wanted.flatMap((rule) => uncovered(index.candidates(rule), rule));
  const listed = missing.reduce((sum, rule) => sum + combinations(rule), 0);
  return listed > maxListed ? missing : merged(missing.flatMap(parts));
}

type Product = readonly { readonly values: readonly string[]; readonly allowedBy: bigint }[];

function uncovered(owned: readonly AccessRule[], rule: PolicyRule): PolicyRule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const verbClasses = classes(owned, verbs, (one, verb) => has(one.verbs, verb));
  const urls = classes(owned, nonResourceURLs, (one, url) =>
    'nonResourceURLs' in one ? one.nonResourceURLs.some((pattern) => pathMatches(pattern, url)) : false,
  );
  const groups = classes(owned, apiGroups, (one, group) => 'apiGroups' in one && has(one.apiGroups, group));
  const kinds = classes(owned, resources, (one, text) => {
    const [resource = '', subresource = ''] = text.split('/');
    return 'resources' in one && resourceMatches(one.resources, resource, subresource);
  });
  // Without names, a rule is for all objects.
  const names = classes(owned, resourceNames.length === 0 ? [''] : resourceNames, (one, name) =>
    'resourceNames' in one
      ? one.resourceNames.length === 0 || (resourceNames.length > 0 && contains(one.resourceNames, name))
      : false,
  );
  const named = (values: readonly string[]) => (resourceNames.length === 0 ? {} : { resourceNames: values });
  return [
    ...gaps([verbClasses, urls]).map(([own = [], paths = []]) => ({ verbs: own, nonResourceURLs: paths })),
    ...gaps([verbClasses, groups, kinds, names]).map(([own = [], ofGroups = [], ofKinds = [], ofNames = []]) => ({
      verbs: own,
      apiGroups: ofGroups,
      resources: ofKinds,
      ...named(ofNames),
    })),
  ];
}

/** Groups values by the owned rules that allow them: bit `i` stands for rule `i`. */
function classes(
  owned: readonly AccessRule[],
  values: readonly string[],
  allows: (rule: AccessRule, value: string) => boolean,
): Product {
  const byRules = new Map<bigint, string[]>();
  for (const value of new Set(values)) {
    let bits = '';
    for (const rule of owned) bits += allows(rule, value) ? '1' : '0';
    const allowedBy = bits === '' ? 0n : BigInt(`0b${bits}`);
    const known = byRules.get(allowedBy);
    if (known === undefined) byRules.set(allowedBy, [value]);
    else known.push(value);
  }
  return Array.from(byRules, ([allowedBy, same]) => ({ values: same, allowedBy }));
}

/** The combinations of classes that no single owned rule allows. */
function gaps(dimensions: readonly Product[]): (readonly (readonly string[])[])[] {
  let found: { readonly values: readonly (readonly string[])[]; readonly allowedBy: bigint }[] = [
    { values: [], allowedBy: -1n },
  ];
  for (const dimension of dimensions) {
    found = found.flatMap(({ values, allowedBy }) =>
      dimension.map((one) => ({ values: [...values, one.values], allowedBy: allowedBy & one.allowedBy })),
    );
  }
  return found.filter(({ allowedBy }) => allowedBy === 0n).map(({ values }) => values);
}

function has(list: readonly string[], wanted: string): boolean {
  return contains(list, '*') || contains(list, wanted);
}

/** How many rules with one verb and one resource each a rule stands for. */
function combinations({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): number {
  if (nonResourceURLs !== undefined) return verbs.length * nonResourceURLs.length;
  return verbs.length * (apiGroups?.length ?? 0) * (resources?.length ?? 0) * (resourceNames?.length ?? 1);
}

/** Splits a rule into rules with one verb and one resource each. */
function parts(rule: PolicyRule): PolicyRule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const out: PolicyRule[] = [];
  for (const verb of verbs) {
    for (const url of nonResourceURLs) out.push({ verbs: [verb], nonResourceURLs: [url] });
    for (const apiGroup of apiGroups) {
      for (const resource of resources) {
        const one = { verbs: [verb], apiGroups: [apiGroup], resources: [resource] };
        if (resourceNames.length === 0) out.push(one);
        for (const name of resourceNames) out.push({ ...one, resourceNames: [name] });
      }
    }
  }
  return out;
}

function merged(rules: readonly PolicyRule[]): readonly PolicyRule[] {
  const byTarget = new Map<string, PolicyRule>();
  for (const { verbs, ...what } of rules) {
    const id = JSON.stringify(what);
    const known = byTarget.get(id)?.verbs ?? [];
    byTarget.set(id, { ...what, verbs: [...known, ...verbs.filter((verb) => !known.includes(verb))] });
  }
  return [...byTarget.values()];
}
