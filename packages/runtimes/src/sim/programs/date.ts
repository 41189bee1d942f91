const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** A time in UTC, formatted as strftime(3) does. `time` in milliseconds since the epoch. */
export function formatDate(format: string, time: number): string {
  const date = new Date(time);
  const two = (value: number, fill = '0') => String(value).padStart(2, fill);
  const hours12 = date.getUTCHours() % 12 || 12;
  const startOfYear = Date.UTC(date.getUTCFullYear(), 0, 1);
  const dayOfYear = Math.floor((time - startOfYear) / 86_400_000);
  return format.replace(/%(-?)([a-zA-Z%:]|\d*N)/g, (whole, plain: string, letter: string) => {
    const text = part(letter);
    return text === undefined ? whole : plain === '-' ? text.replace(/^[0 ]+(?=.)/, '') : text;
  });
  function part(letter: string): string | undefined {
    switch (letter) {
      case 'Y':
        return String(date.getUTCFullYear());
      case 'y':
        return two(date.getUTCFullYear() % 100);
      case 'm':
        return two(date.getUTCMonth() + 1);
      case 'd':
        return two(date.getUTCDate());
      case 'e':
        return two(date.getUTCDate(), ' ');
      case 'H':
        return two(date.getUTCHours());
      case 'I':
        return two(hours12);
      case 'k':
        return two(date.getUTCHours(), ' ');
      case 'l':
        return two(hours12, ' ');
      case 'M':
        return two(date.getUTCMinutes());
      case 'S':
        return two(date.getUTCSeconds());
      case 'p':
        return date.getUTCHours() < 12 ? 'AM' : 'PM';
      case 's':
        return String(Math.floor(time / 1000));
      case 'N':
        return `${String(date.getUTCMilliseconds()).padStart(3, '0')}000000`;
      case '3N':
        return String(date.getUTCMilliseconds()).padStart(3, '0');
      case 'a':
        return days[date.getUTCDay()]?.slice(0, 3);
      case 'A':
        return days[date.getUTCDay()];
      case 'b':
      case 'h':
        return months[date.getUTCMonth()]?.slice(0, 3);
      case 'B':
        return months[date.getUTCMonth()];
      case 'j':
        return String(dayOfYear + 1).padStart(3, '0');
      case 'u':
        return String(date.getUTCDay() || 7);
      case 'w':
        return String(date.getUTCDay());
      case 'F':
        return formatDate('%Y-%m-%d', time);
      case 'T':
        return formatDate('%H:%M:%S', time);
      case 'R':
        return formatDate('%H:%M', time);
      case 'D':
        return formatDate('%m/%d/%y', time);
      case 'c':
        return formatDate('%a %b %e %H:%M:%S %Y', time);
      case 'x':
        return formatDate('%m/%d/%y', time);
      case 'X':
        return formatDate('%H:%M:%S', time);
      case 'r':
        return formatDate('%I:%M:%S %p', time);
      case 'Z':
        return 'UTC';
      case 'z':
        return '+0000';
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case '%':
        return '%';
      default:
        return undefined;
    }
  }
}

/** What `date -d` understands: `@seconds`, ISO 8601, `now`, `yesterday`, `2 hours ago`, `+1 day`. Undefined otherwise. */
export function parseDate(text: string, now: number): number | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === 'now' || trimmed === 'today' || trimmed === '') return now;
  if (trimmed === 'yesterday') return now - 86_400_000;
  if (trimmed === 'tomorrow') return now + 86_400_000;
  if (/^@-?\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed.slice(1)) * 1000;
  const relative = /^([-+]?\d+)\s*(sec|second|min|minute|hour|day|week)s?(\s+ago)?$/.exec(trimmed);
  if (relative !== null) {
    const units: { readonly [unit: string]: number } = {
      sec: 1000,
      second: 1000,
      min: 60_000,
      minute: 60_000,
      hour: 3_600_000,
      day: 86_400_000,
      week: 604_800_000,
    };
    return now + Number(relative[1]) * (units[relative[2] ?? ''] ?? 0) * (relative[3] === undefined ? 1 : -1);
  }
  const withZone = /([zZ]|[-+]\d\d:?\d\d|utc|gmt)$/.test(trimmed)
    ? text
    : `${text.trim().replace(' ', 'T')}${/\d:\d/.test(text) ? 'Z' : ''}`;
  const time = new Date(withZone).getTime();
  return Number.isNaN(time) ? undefined : time;
}
