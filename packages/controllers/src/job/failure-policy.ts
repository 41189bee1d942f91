import type { Job, Pod } from '@orrery/api';

type Rule = NonNullable<Job['spec']['podFailurePolicy']>['rules'][number];
type ExitCodes = NonNullable<Rule['onExitCodes']>;
type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** What a Job's failure policy says of a Pod that failed. */
export interface FailureVerdict {
  /** The action of the first rule that matches; undefined if none does, which is the default handling. */
  readonly action?: 'Count' | 'FailIndex' | 'FailJob' | 'Ignore';
  /** Why the Job fails; only of `FailJob`. */
  readonly message?: string;
}

/** Holds a failed Pod against the rules of its Job, in their order (Kubernetes "Pod failure policy"). */
export function failureVerdict({ spec }: Pick<Job, 'spec'>, pod: Pod): FailureVerdict {
  for (const [i, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const cause = causeOf(rule, pod);
    if (cause === undefined) continue;
    const action = rule.action as NonNullable<FailureVerdict['action']>;
    return action === 'FailJob' ? { action, message: `${cause} matching FailJob rule at index ${i}` } : { action };
  }
  return {};
}

/** Whether a failure counts toward the Job's back-off limits: all do but those that its policy ignores. */
export function isCounted(job: Pick<Job, 'spec'>, pod: Pod): boolean {
  return job.spec.podFailurePolicy === undefined || failureVerdict(job, pod).action !== 'Ignore';
}

/** What about the Pod the rule matches, as the beginning of a sentence. */
function causeOf({ onExitCodes, onPodConditions }: Rule, { metadata, status }: Pod): string | undefined {
  const pod = `${metadata.namespace}/${metadata.name}`;
  if (onExitCodes !== undefined) {
    const found =
      status?.containerStatuses?.find((container) => exits(container, onExitCodes)) ??
      status?.initContainerStatuses?.find((container) => exits(container, onExitCodes));
    if (found === undefined) return undefined;
    return `Container ${found.name} for pod ${pod} failed with exit code ${found.state?.terminated?.exitCode}`;
  }
  const condition = status?.conditions?.find((one) =>
    onPodConditions?.some((pattern) => pattern.type === one.type && (pattern.status ?? 'True') === one.status),
  );
  return condition === undefined ? undefined : `Pod ${pod} has condition ${condition.type}`;
}

function exits({ name, state }: ContainerStatus, { containerName, operator, values }: ExitCodes): boolean {
  const code = state?.terminated?.exitCode ?? 0;
  if (code === 0 || (containerName !== undefined && containerName !== name)) return false;
  return values.includes(code) === (operator === 'In');
}
