/** What is wrong with a scalar, or its canonical form. */
export type Scalar = { readonly fault: string } | { readonly value: string };

const sextets = new Int16Array(128).fill(-1);
for (const [i, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  sextets[char.charCodeAt(0)] = i;
}
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const pad = 0x3d;

/**
 * Checks standard base64 as Go's decoder does: line breaks are skipped, padding is needed. The canonical form has no line
 * breaks and no stray bits.
 */
export function base64Form(text: string): Scalar {
  const length = text.length;
  if (length % 4 === 0 && isPlainBase64(text)) return { value: text };
  return looseBase64(text);
}

/** True of base64 without line breaks and stray bits, whose length is a multiple of four. */
function isPlainBase64(text: string): boolean {
  const length = text.length;
  if (length === 0) return true;
  const padding = text.charCodeAt(length - 1) !== pad ? 0 : text.charCodeAt(length - 2) !== pad ? 1 : 2;
  const end = length - padding;
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code > 127 || (sextets[code] as number) < 0) return false;
  }
  const last = sextets[text.charCodeAt(end - 1)] as number;
  return padding === 0 || (padding === 1 ? (last & 3) === 0 : (last & 15) === 0);
}

function looseBase64(text: string): Scalar {
  const illegal = (at: number): Scalar => ({ fault: `illegal base64 data at input byte ${at}` });
  let out = '';
  let inQuantum = 0;
  let at = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x0a || code === 0x0d) continue;
    if (code === pad) break;
    if (code > 127 || (sextets[code] as number) < 0) return illegal(at);
    out += text[at];
    inQuantum = (inQuantum + 1) % 4;
  }
  // Go counts the characters of the unfinished group back from the end.
  if (at === text.length) return inQuantum === 0 ? { value: out } : illegal(at - inQuantum);
  if (inQuantum < 2) return illegal(at);
  at = skipBreaks(text, at + 1);
  if (inQuantum === 2) {
    if (at === text.length) return illegal(at);
    if (text.charCodeAt(at) !== pad) return illegal(at - 1);
    at = skipBreaks(text, at + 1);
  }
  if (at < text.length) return illegal(at);
  const last = sextets[out.charCodeAt(out.length - 1)] as number;
  const clean = alphabet[inQuantum === 2 ? last & ~15 : last & ~3];
  return { value: `${out.slice(0, -1)}${clean}${inQuantum === 2 ? '==' : '='}` };
}

function skipBreaks(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 0x0a || text.charCodeAt(at) === 0x0d) at++;
  return at;
}

/** Decoded length of canonical base64, in bytes. */
export function base64Length(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

const elements: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d{2}/, '01'],
  [/^-/, '-'],
  [/^\d{2}/, '02'],
  [/^T/, 'T'],
  [/^\d{1,2}/, '15'],
  [/^:/, ':'],
  [/^\d{2}/, '04'],
  [/^:/, ':'],
  [/^\d{2}(?:[.,]\d+)?/, '05'],
  [/^(?:Z|[-+]\d{2}:\d{2})/, 'Z07:00'],
];
/** Times as they are stored, by digits of the second's fraction: all is in range in every year. */
const storedForms = {
  0: /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/,
  6: /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/,
};
const secondsForm = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$/;
const fullForm = /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[-+]\d\d:\d\d)$/;

/**
 * Checks an RFC 3339 time. The canonical form is in UTC: whole seconds for `meta.v1.Time`, microseconds (`digits` 6) for
 * `meta.v1.MicroTime`.
 */
export function timeForm(text: string, digits: 0 | 6): Scalar {
  if (storedForms[digits].test(text)) return { value: text };
  const plain = digits === 0 ? secondsForm.exec(text) : null;
  const match = plain ?? fullForm.exec(text);
  if (match === null) return { fault: timeFault(text) };
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const range = (what: string): Scalar => ({ fault: `parsing time ${JSON.stringify(text)}: ${what} out of range` });
  if (month < 1 || month > 12) return range('month');
  if (hour > 23) return range('hour');
  if (minute > 59) return range('minute');
  if (second > 59) return range('second');
  if (day < 1 || day > daysIn(year, month)) return range('day');
  if (plain !== null) return { value: text };
  const at = instant(year, month, day, hour, minute, second) - offsetOf(match[8] ?? 'Z');
  const whole = new Date(at).toISOString().slice(0, 19);
  return { value: digits === 0 ? `${whole}Z` : `${whole}.${(match[7] ?? '').slice(0, digits).padEnd(digits, '0')}Z` };
}

/** Milliseconds since the epoch. `Date.UTC` alone reads years below 100 as 19xx. */
function instant(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute, second));
  return date.setUTCFullYear(year, month - 1, day);
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Milliseconds that a zone is ahead of UTC. */
function offsetOf(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

function timeFault(text: string): string {
  let rest = text;
  for (const [element, layout] of elements) {
    const match = element.exec(rest);
    if (match === null) {
      return `parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(rest)} as "${layout}"`;
    }
    rest = rest.slice(match[0].length);
  }
  return `parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`;
}
