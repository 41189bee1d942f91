let writtenSecond = Number.NaN;
let secondText = '';

/** A moment, in milliseconds since the epoch, as `metav1.Time` prints it: RFC 3339 in UTC, whole seconds. */
export function timestamp(time: number): string {
  const second = Math.floor(time / 1000);
  // Most writes fall into the same second as the one before.
  if (second !== writtenSecond) {
    writtenSecond = second;
    secondText = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
  }
  return secondText;
}

let writtenMinute = Number.NaN;
let minuteText = '';

/** The same as `metav1.MicroTime`: microseconds, as Leases have. A hundred kubelets ask within a minute: it is written once. */
export function microTimestamp(time: number): string {
  const minute = Math.floor(time / 60_000);
  if (minute !== writtenMinute) {
    writtenMinute = minute;
    minuteText = new Date(time).toISOString().slice(0, 17);
  }
  const rest = time - minute * 60_000;
  const seconds = Math.floor(rest / 1000);
  return `${minuteText}${String(seconds).padStart(2, '0')}.${String(Math.floor(rest) % 1000).padStart(3, '0')}000Z`;
}
