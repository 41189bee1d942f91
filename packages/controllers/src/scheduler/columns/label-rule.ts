import { type LabelMatcher, type LabelRequirement, matcherOf, type PodSpec } from '@orrery/api';
import { type NodeSelectorTerm, termRequirements } from '../node-selector.ts';
import { absent, LabelColumn } from './label-column.ts';
import type { NodeColumns } from './node-columns.ts';

/** Says of a node, by slot, whether it is one of those meant. */
export type SlotRule = (slot: number) => boolean;

/** The Pod's `nodeSelector` and required node affinity over columns; undefined when it has neither. */
export function requiredNodes(spec: PodSpec, columns: NodeColumns): SlotRule | undefined {
  const selector = Object.entries(spec.nodeSelector ?? {}).map(([key, value]) =>
    labelRule({ key, operator: '=', values: [value] }, columns.label(key)),
  );
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return spec.nodeSelector === undefined ? undefined : all(selector);
  const terms = required.nodeSelectorTerms.map((term) => termRule(term, columns));
  return all([...selector, (slot) => terms.some((matches) => matches(slot))]);
}

/** One term of node affinity. One without any requirement matches nothing. */
export function termRule(term: NodeSelectorTerm, columns: NodeColumns): SlotRule {
  const requirements = termRequirements(term);
  if (requirements === undefined) return () => false;
  const { labels, fields } = requirements;
  return all([
    ...labels.map((requirement) => labelRule(requirement, columns.label(requirement.key))),
    ...fields.map((requirement) =>
      labelRule(requirement, requirement.key === columns.name.key ? columns.name : nothingThere),
    ),
  ]);
}

/** A field that no node has. */
const nothingThere = new LabelColumn('', () => undefined);

function all(rules: readonly SlotRule[]): SlotRule {
  const [only] = rules;
  if (rules.length === 1 && only !== undefined) return only;
  return (slot) => rules.every((matches) => matches(slot));
}

/** Asks each value once, however many nodes have it. */
function labelRule(requirement: LabelRequirement, column: LabelColumn): SlotRule {
  const { key } = requirement;
  const matcher: LabelMatcher = matcherOf([requirement]);
  const whenAbsent = matcher.matches(undefined);
  const answers: (boolean | undefined)[] = [];
  return (slot) => {
    const id = column.id(slot);
    if (id === absent) return whenAbsent;
    let answer = answers[id];
    if (answer === undefined) {
      answer = matcher.matches({ [key]: column.value(id) ?? '' });
      answers[id] = answer;
    }
    return answer;
  };
}
