import { fieldErrors } from '../../field-error.ts';
import type { CronJob } from '../../kinds.ts';
import { checkChoice, checkNotNegative, checkRequired, type Errors } from '../checks.ts';
import { cronScheduleFault } from './cron-schedule.ts';
import { validateJobSpec } from './jobs.ts';

/** The rules of a CronJob. */
export function validateCronJob(errors: Errors, cronJob: CronJob, old?: CronJob): void {
  const spec = cronJob.spec;
  const schedule = spec?.schedule ?? '';
  if (checkRequired(errors, 'spec.schedule', schedule)) {
    const fault = cronScheduleFault(schedule);
    if (fault !== undefined) errors.push(fieldErrors.invalid('spec.schedule', schedule, fault));
    const zoneFault = scheduleZoneFault(cronJob, old);
    if (zoneFault !== undefined) errors.push(fieldErrors.invalid('spec.schedule', schedule, zoneFault));
  }
  if (spec?.timeZone !== undefined && spec.timeZone !== old?.spec.timeZone) validateTimeZone(errors, spec.timeZone);
  checkNotNegative(errors, 'spec.startingDeadlineSeconds', spec?.startingDeadlineSeconds);
  checkChoice(errors, 'spec.concurrencyPolicy', spec?.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);
  checkNotNegative(errors, 'spec.successfulJobsHistoryLimit', spec?.successfulJobsHistoryLimit);
  checkNotNegative(errors, 'spec.failedJobsHistoryLimit', spec?.failedJobsHistoryLimit);
  validateJobSpec(errors, spec?.jobTemplate?.spec, 'spec.jobTemplate.spec');
  const { selector, manualSelector } = spec?.jobTemplate?.spec ?? {};
  if (selector !== undefined) {
    const path = 'spec.jobTemplate.spec.selector';
    errors.push(fieldErrors.invalid(path, selector, '`selector` will be auto-generated'));
  }
  if (manualSelector === true) {
    errors.push(fieldErrors.notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false']));
  }
}

/** A zone has a field of its own; only schedules from before that may keep theirs. */
function scheduleZoneFault({ spec }: CronJob, old: CronJob | undefined): string | undefined {
  if (!spec.schedule.includes('TZ')) return undefined;
  if (old?.spec.schedule.includes('TZ') !== true) {
    return 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  }
  return spec.timeZone === undefined ? undefined : 'cannot use both timeZone field and TZ or CRON_TZ in schedule';
}

function validateTimeZone(errors: Errors, timeZone: string): void {
  const path = 'spec.timeZone';
  if (timeZone === '') errors.push(fieldErrors.invalid(path, timeZone, 'timeZone must be nil or non-empty string'));
  else if (!timeZone.split('/').every(isZonePart)) {
    errors.push(fieldErrors.invalid(path, timeZone, `unknown time zone ${timeZone}`));
  } else if (timeZone.toLowerCase() === 'local') {
    errors.push(
      fieldErrors.invalid(
        path,
        timeZone,
        'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ),
    );
  } else if (!isTimeZone(timeZone)) {
    errors.push(fieldErrors.invalid(path, timeZone, `unknown time zone ${timeZone}`));
  }
}

/** What a part of an IANA name may be; offsets such as `+02:00`, which the runtime takes for zones, are none. */
function isZonePart(part: string): boolean {
  return /^[A-Za-z._0-9+][A-Za-z.\-_0-9+]{0,13}$/.test(part) && part !== '.' && part !== '..';
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return !name.startsWith('+');
  } catch {
    return false;
  }
}
