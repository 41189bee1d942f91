import type { Milliseconds } from '@orrery/core';

/** What clocks of a time zone show. */
export interface ZoneClock {
  /** How far they are ahead of UTC at a time. */
  offset(time: Milliseconds): Milliseconds;
  /** When, after `from` and not after `to`, they are changed; undefined if they are not. `offset` is that at `from`. */
  change(from: Milliseconds, to: Milliseconds, offset: Milliseconds): Milliseconds | undefined;
}

/** Zones keep an offset for longer than this. */
const shortestPeriod: Milliseconds = 7 * 86_400_000;

/** The clocks of an IANA time zone. @throws RangeError if there is no such zone */
export function zoneClock(timeZone: string): ZoneClock {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const offset = (time: Milliseconds): Milliseconds => {
    const text = format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = 0, minutes = 0, seconds = 0] = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
    const ahead = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -ahead : ahead;
  };
  return {
    offset,
    change(from, to, before) {
      for (let start = from; start < to; start += shortestPeriod) {
        const end = Math.min(start + shortestPeriod, to);
        if (offset(end) !== before) return firstOther(start, end, before);
      }
      return undefined;
    },
  };

  /** Bisects to the first whole second at which clocks show another time. */
  function firstOther(start: Milliseconds, end: Milliseconds, before: Milliseconds): Milliseconds {
    let [low, high] = [Math.floor(start / 1000), Math.ceil(end / 1000)];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offset(middle * 1000) === before) low = middle;
      else high = middle;
    }
    return high * 1000;
  }
}

/** A time as clocks of a time zone show it, with their offset (RFC 3339). @throws RangeError if there is no such zone */
export function zoneTimestamp(time: Milliseconds, timeZone: string): string {
  const offset = zoneClock(timeZone).offset(time);
  const shown = new Date(time + offset).toISOString().slice(0, 19);
  if (offset === 0) return `${shown}Z`;
  const minutes = Math.abs(offset) / 60_000;
  const digits = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${shown}${offset < 0 ? '-' : '+'}${digits(minutes / 60)}:${digits(minutes % 60)}`;
}
