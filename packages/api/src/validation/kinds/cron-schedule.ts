const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

interface Field {
  readonly min: number;
  readonly max: number;
  /** Words that stand for `min`, `min + 1` …. */
  readonly words?: readonly string[];
}

const fields: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, words: months },
  { min: 0, max: 6, words: days },
];

const descriptors = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
const every = /^@every ([+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+$/;

/** What is wrong with a CronJob's schedule, in the words of the parser that Kubernetes uses; `undefined` if it is valid. */
export function cronScheduleFault(text: string): string | undefined {
  if (text === '') return 'empty spec string';
  // The parser knows zones; that a CronJob may not have one there is a rule of its own.
  const schedule = text.replace(/^(CRON_)?TZ=\S* +/, '');
  if (schedule.startsWith('@')) {
    if (descriptors.includes(schedule) || every.test(schedule)) return undefined;
    return schedule.startsWith('@every ')
      ? `failed to parse duration ${schedule}: time: invalid duration "${schedule.slice(7)}"`
      : `unrecognized descriptor: ${schedule}`;
  }
  const parts = schedule.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== fields.length) {
    return `expected exactly ${fields.length} fields, found ${parts.length}: [${parts.join(' ')}]`;
  }
  for (const [i, field] of fields.entries()) {
    for (const range of (parts[i] as string).split(',')) {
      const fault = rangeFault(range, field);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function rangeFault(text: string, field: Field): string | undefined {
  const [range = '', step, ...more] = text.split('/');
  if (more.length > 0) return `too many slashes: ${text}`;
  const bounds = range.split('-');
  if (bounds.length > 2) return `too many hyphens: ${text}`;
  let start: number;
  let end: number;
  if (range === '*' || range === '?') {
    start = field.min;
    end = field.max;
  } else {
    const [first, last] = [numberOf(bounds[0] as string, field), numberOf(bounds.at(-1) as string, field)];
    if (typeof first === 'string') return first;
    if (typeof last === 'string') return last;
    start = first;
    end = bounds.length === 1 && step !== undefined ? field.max : last;
  }
  if (step !== undefined) {
    const size = numberOf(step, { min: 0, max: 0 });
    if (typeof size === 'string') return size;
    if (size === 0) return `step of range should be a positive number: ${text}`;
  }
  if (start < field.min) return `beginning of range (${start}) below minimum (${field.min}): ${text}`;
  if (end > field.max) return `end of range (${end}) above maximum (${field.max}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return undefined;
}

/** The parsed number, or what is wrong with the text. */
function numberOf(text: string, { min, words }: Field): number | string {
  const word = words?.indexOf(text.toLowerCase()) ?? -1;
  if (word >= 0) return min + word;
  if (/^\d+$/.test(text)) return Number(text);
  if (/^-\d+$/.test(text)) return `negative number (${text}) not allowed: ${text}`;
  return `failed to parse int from ${text}: strconv.Atoi: parsing "${text}": invalid syntax`;
}
