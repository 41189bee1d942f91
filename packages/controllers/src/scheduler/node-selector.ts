import {
  type LabelMatcher,
  type LabelOperator,
  type LabelRequirement,
  matcherOf,
  type Node,
  type PodSpec,
} from '@orrery/api';

type Affinity = NonNullable<NonNullable<PodSpec['affinity']>['nodeAffinity']>;
type Selector = NonNullable<Affinity['requiredDuringSchedulingIgnoredDuringExecution']>;
/** One of the ORed terms of a node selector. */
export type NodeSelectorTerm = Selector['nodeSelectorTerms'][number];

interface TermMatcher {
  readonly labels: LabelMatcher;
  readonly fields: LabelMatcher;
}

const operators: { readonly [operator: string]: LabelOperator } = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
};

/** Matchers of terms that were met before. Terms come from frozen objects, so they never change. */
const known = new WeakMap<NodeSelectorTerm, TermMatcher | null>();

/** Whether one term matches a node: all its expressions and fields do. A term without any matches nothing. */
export function termMatches(term: NodeSelectorTerm, name: string, labels: Node['metadata']['labels']): boolean {
  let matcher = known.get(term);
  if (matcher === undefined) {
    matcher = matcherFor(term);
    known.set(term, matcher);
  }
  return matcher?.labels.matches(labels) === true && matcher.fields.matches({ 'metadata.name': name });
}

/** Whether the Pod's `nodeSelector` and required node affinity allow a node (Kubernetes "Assigning Pods to Nodes"). */
export function nodeAllows(spec: PodSpec, name: string, labels: Node['metadata']['labels']): boolean {
  for (const key in spec.nodeSelector) if (labels?.[key] !== spec.nodeSelector[key]) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return required.nodeSelectorTerms.some((term) => termMatches(term, name, labels));
}

/** What a term requires of a node's labels and of its fields; undefined for a term without any, which matches nothing. */
export function termRequirements({
  matchExpressions = [],
  matchFields = [],
}: NodeSelectorTerm):
  | { readonly labels: readonly LabelRequirement[]; readonly fields: readonly LabelRequirement[] }
  | undefined {
  if (matchExpressions.length === 0 && matchFields.length === 0) return undefined;
  return { labels: matchExpressions.map(requirement), fields: matchFields.map(requirement) };
}

function matcherFor(term: NodeSelectorTerm): TermMatcher | null {
  const requirements = termRequirements(term);
  if (requirements === undefined) return null;
  return { labels: matcherOf(requirements.labels), fields: matcherOf(requirements.fields) };
}

function requirement({
  key,
  operator,
  values,
}: NonNullable<NodeSelectorTerm['matchExpressions']>[number]): LabelRequirement {
  return { key, operator: operators[operator] ?? 'in', values: values ?? [] };
}
