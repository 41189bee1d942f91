import type { Milliseconds } from '@orrery/core';
import { Cron } from 'croner';
import { zoneClock } from './zone-clock.ts';

/** The times at which a CronJob is due. */
export interface Schedule {
  /** The first of them after a time, in milliseconds since the epoch; undefined if there is none within five years. */
  next(after: Milliseconds): Milliseconds | undefined;
}

const descriptors: { readonly [name: string]: string } = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * Reads a CronJob's schedule (Kubernetes "Schedule syntax"). A time that clocks skip when they are put forward is left out; one that they
 * show twice when they are put back comes twice.
 * @throws Error if the schedule is malformed; RangeError if there is no such time zone
 */
export function parseSchedule(text: string, timeZone = 'UTC'): Schedule {
  if (text.startsWith('@every ')) return every(text.slice('@every '.length));
  const cron = new Cron(plainFields(descriptors[text] ?? text), { timezone: 'UTC', mode: '5-part' });
  const clock = zoneClock(timeZone);
  return { next: (after) => nextOf(cron, clock, after) };
}

const longest: Milliseconds = 5 * 366 * 86_400_000;

/** The library computes with the time that the clock on the wall shows; when clocks are changed it goes on from there. */
function nextOf(cron: Cron, clock: ReturnType<typeof zoneClock>, after: Milliseconds): Milliseconds | undefined {
  let from = after;
  let offset = clock.offset(after);
  for (;;) {
    const shown = cron.nextRun(new Date(from + offset));
    if (shown === null) return undefined;
    const found = shown.getTime() - offset;
    if (found > after + longest) return undefined;
    const change = clock.change(from, found, offset);
    if (change === undefined) return found;
    // The new time itself may be one of the schedule's.
    from = change - 1000;
    offset = clock.offset(change);
  }
}

const last = [59, 23, 31, 12, 6];

/** The five fields without what the library reads differently, or not at all: `?`, `5/15`, and steps of one. */
function plainFields(text: string): string {
  return text
    .trim()
    .split(/\s+/)
    .map((field, i) => {
      const parts = field.split(',').map((part) => part.replace('?', '*').replace(/^(\w+)\//, `$1-${last[i]}/`));
      return parts.some((part) => /^\*(\/0*1)?$/.test(part)) ? '*' : parts.join(',');
    })
    .join(' ');
}

const units: { readonly [unit: string]: Milliseconds } = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Every so often after the last time, in whole seconds. */
function every(text: string): Schedule {
  let duration = 0;
  for (const [, amount, unit = ''] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    duration += Number(amount) * (units[unit] ?? 0);
  }
  const delay = Math.max(1, Math.floor(duration / 1000)) * 1000;
  return { next: (after) => Math.floor(after / 1000) * 1000 + delay };
}
