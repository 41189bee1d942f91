import { fieldErrors } from '../../field-error.ts';
import { equalJson } from '../../json.ts';
import type { Job } from '../../kinds.ts';
import { dns1123Label, dns1123Subdomain } from '../../names.ts';
import { labelSelectorMatcher } from '../../selectors/label-selector.ts';
import { checkName, checkNotNegative, checkOptionalChoice, type Errors, immutable } from '../checks.ts';
import { validateLabelSelector } from '../label-selectors.ts';
import { checkImmutable } from '../metadata.ts';
import { validatePodTemplate } from '../pod/pod-spec.ts';
import { validateFailurePolicy, validateSuccessPolicy } from './job-policies.ts';

type JobSpec = Job['spec'];

/** Limits of Indexed Jobs, which bound the size of their status. */
const maxIndexed = 100_000;
const maxManyIndexed = 10_000;
const maxManagedBy = 63;

/** The rules of a Job. */
export function validateJob(errors: Errors, job: Job): void {
  const spec = job.spec;
  validateGeneratedSelector(errors, job);
  validateJobSpec(errors, spec, 'spec');
  if (spec?.completionMode === 'Indexed' && (spec.completions ?? 0) > 0 && job.metadata?.name) {
    // Each Pod's hostname is made of the Job's name and its index.
    const hostname = `${job.metadata.name}-${(spec.completions ?? 1) - 1}`;
    for (const fault of dns1123Label(hostname)) {
      errors.push(
        fieldErrors.invalid(
          'metadata.name',
          job.metadata.name,
          `will not able to create pod with invalid DNS label: ${hostname}: ${fault}`,
        ),
      );
    }
  }
  if (spec?.selector === undefined) {
    if (spec?.manualSelector === true) errors.push(fieldErrors.required('spec.selector'));
    return;
  }
  const before = errors.length;
  validateLabelSelector(errors, spec.selector, 'spec.selector');
  const labels = spec.template?.metadata?.labels ?? {};
  if (errors.length === before && !labelSelectorMatcher(spec.selector).matches(labels)) {
    errors.push(
      fieldErrors.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
    );
  }
}

/** Labels and selector of a Job that does not select by itself are those that the server made. */
function validateGeneratedSelector(errors: Errors, { metadata, spec }: Job): void {
  if (spec?.manualSelector === true || spec?.selector === undefined) return;
  const { uid = '', name } = metadata ?? {};
  if (uid === '') errors.push(fieldErrors.required('metadata.uid'));
  const generated = {
    'controller-uid': uid,
    'job-name': name,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
  };
  const labels = spec.template?.metadata?.labels ?? {};
  for (const [key, expected] of Object.entries(generated)) {
    const path = `spec.template.metadata.labels[${key}]`;
    const found = labels[key];
    if (found === undefined) errors.push(fieldErrors.required(path, `must be '${expected}'`));
    else if (found !== expected) errors.push(fieldErrors.invalid(path, labels, `must be '${expected}'`));
  }
  if (!isSelected(spec.selector, generated)) {
    errors.push(fieldErrors.invalid('spec.selector', spec.selector, '`selector` not auto-generated'));
  }
}

/** Whether a selector, if it is one at all, matches labels: what is wrong with it is said elsewhere. */
function isSelected(selector: NonNullable<JobSpec['selector']>, labels: { readonly [key: string]: string }): boolean {
  const faults: Errors = [];
  validateLabelSelector(faults, selector, '');
  return faults.length > 0 || labelSelectorMatcher(selector).matches(labels);
}

/** The rules of what a Job and the template of a CronJob ask for. */
export function validateJobSpec(errors: Errors, spec: JobSpec | undefined, path: string): void {
  for (const field of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    checkNotNegative(errors, `${path}.${field}`, spec?.[field]);
  }
  if (spec?.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(fieldErrors.required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  if (spec?.managedBy !== undefined) {
    checkDomainPrefixedPath(errors, `${path}.managedBy`, spec.managedBy);
    if (spec.managedBy.length > maxManagedBy) errors.push(fieldErrors.tooLong(`${path}.managedBy`, maxManagedBy));
  }
  const mode = spec?.completionMode;
  checkOptionalChoice(errors, `${path}.completionMode`, mode, ['NonIndexed', 'Indexed']);
  if (mode === 'Indexed') validateIndexed(errors, spec, path);
  else if (mode === undefined || mode === 'NonIndexed') {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      const value = spec?.[field];
      if (value === undefined) continue;
      errors.push(fieldErrors.invalid(`${path}.${field}`, value, 'requires indexed completion mode'));
    }
  }
  const replacement = spec?.podReplacementPolicy;
  const replacements = spec?.podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  checkOptionalChoice(errors, `${path}.podReplacementPolicy`, replacement, replacements);
  validateFailurePolicy(errors, spec, `${path}.podFailurePolicy`);
  validateSuccessPolicy(errors, spec, `${path}.successPolicy`);
  validatePodTemplate(errors, spec?.template, `${path}.template`);
  validateJobRestartPolicy(errors, spec, `${path}.template.spec.restartPolicy`);
}

function validateIndexed(errors: Errors, spec: JobSpec | undefined, path: string): void {
  const { completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec ?? {};
  const atMost = (field: string, value: number, limit: number, when = '') => {
    if (value <= limit) return;
    errors.push(fieldErrors.invalid(`${path}.${field}`, value, `must be less than or equal to ${limit}${when}`));
  };
  if (completions === undefined) {
    errors.push(fieldErrors.required(`${path}.completions`, 'when completion mode is Indexed'));
  }
  atMost('parallelism', parallelism, maxIndexed, ' when completion mode is Indexed');
  const failed = maxFailedIndexes ?? 0;
  if (completions !== undefined && failed > completions) {
    const fault = 'must be less than or equal to completions';
    errors.push(fieldErrors.invalid(`${path}.maxFailedIndexes`, failed, fault));
  }
  atMost('maxFailedIndexes', failed, maxIndexed);
  if ((completions ?? 0) <= maxIndexed || backoffLimitPerIndex === undefined) return;
  if (maxFailedIndexes === undefined) {
    const detail = `must be specified when completions is above ${maxIndexed}`;
    errors.push(fieldErrors.required(`${path}.maxFailedIndexes`, detail));
  }
  const when = ` when completions are above ${maxIndexed} and used with backoff limit per index`;
  atMost('parallelism', parallelism, maxManyIndexed, when);
  atMost('maxFailedIndexes', failed, maxManyIndexed, when);
}

function checkDomainPrefixedPath(errors: Errors, path: string, value: string): void {
  const [, domain, rest] = /^([^/]+)\/(.+)$/s.exec(value) ?? [];
  if (value === '') errors.push(fieldErrors.required(path));
  else if (domain === undefined || rest === undefined) {
    const fault = 'must be a domain-prefixed path (such as "acme.io/foo")';
    errors.push(fieldErrors.invalid(path, value, fault));
  } else {
    checkName(errors, path, domain, dns1123Subdomain);
    if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(rest)) {
      const fault = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
      errors.push(fieldErrors.invalid(path, rest, fault));
    }
  }
}

function validateJobRestartPolicy(errors: Errors, spec: JobSpec | undefined, path: string): void {
  const policy = spec?.template?.spec?.restartPolicy;
  if (policy === 'Always') {
    errors.push(fieldErrors.required(path, 'valid values: "OnFailure", "Never"'));
  } else if (policy !== undefined && policy !== 'OnFailure' && policy !== 'Never') {
    errors.push(fieldErrors.notSupported(path, policy, ['OnFailure', 'Never']));
  } else if (spec?.podFailurePolicy !== undefined && policy !== 'Never') {
    errors.push(
      fieldErrors.invalid(path, policy ?? '', 'only "Never" is supported when podFailurePolicy is specified'),
    );
  }
}

/** What of a Job may never change. A suspended Job that has not started may still be steered to other nodes. */
export function validateJobUpdate(errors: Errors, job: Job, old: Job): void {
  const { completions, parallelism, completionMode } = job.spec;
  if (completionMode !== 'Indexed') {
    checkImmutable(errors, 'spec.completions', completions, old.spec.completions);
  } else if (completions !== undefined && completions !== old.spec.completions && completions !== parallelism) {
    const fault = 'can only be modified in tandem with spec.parallelism';
    errors.push(fieldErrors.invalid('spec.completions', completions, fault));
  }
  checkImmutable(errors, 'spec.selector', job.spec.selector, old.spec.selector);
  const mayBeSteered = old.spec.suspend === true && old.status?.startTime === undefined;
  const compared = mayBeSteered ? unsteered(job.spec, old.spec) : job.spec.template;
  if (!equalJson(compared, old.spec.template)) {
    errors.push(fieldErrors.invalid('spec.template', job.spec.template, immutable));
  }
  for (const field of [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const) {
    checkImmutable(errors, `spec.${field}`, job.spec[field], old.spec[field]);
  }
}

/** The new template with the scheduling directives of the old one. */
function unsteered(next: JobSpec, old: JobSpec): unknown {
  const spec: { [field: string]: unknown } = { ...next.template.spec };
  for (const field of ['nodeSelector', 'affinity', 'tolerations', 'schedulingGates'] as const) {
    const value = old.template.spec?.[field];
    if (value === undefined) delete spec[field];
    else spec[field] = value;
  }
  const metadata: { [field: string]: unknown } = { ...next.template.metadata };
  for (const field of ['labels', 'annotations'] as const) {
    const value = old.template.metadata?.[field];
    if (value === undefined) delete metadata[field];
    else metadata[field] = value;
  }
  return { ...next.template, metadata, spec };
}
