/** A moment, in milliseconds since the epoch, as `metav1.Time` prints it: RFC 3339 in UTC, whole seconds. */
export function timestamp(time: number): string {
  return `${upToSeconds(time)}Z`;
}

/** The same as `metav1.MicroTime`: microseconds, as Leases have. */
export function microTimestamp(time: number): string {
  const milliseconds = Math.floor(time) - Math.floor(time / 1000) * 1000;
  return `${upToSeconds(time)}.${String(milliseconds).padStart(3, '0')}000Z`;
}

/** `2026-01-01T00:00:00`. A minute is written once while it is among the latest that were: a status repeats moments of the past. */
function upToSeconds(time: number): string {
  const minute = Math.floor(time / 60_000);
  const slot = minute & (kept - 1);
  if (minutes[slot] !== minute) {
    texts[slot] = new Date(minute * 60_000).toISOString().slice(0, 17);
    minutes[slot] = minute;
  }
  return `${texts[slot]}${twoDigits[Math.floor((time - minute * 60_000) / 1000)]}`;
}

/** How many minutes are kept, each in the slot of its last bits. */
const kept = 64;
const minutes: number[] = new Array(kept).fill(Number.NaN);
const texts: string[] = new Array(kept).fill('');
const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
