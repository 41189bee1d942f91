import { bytesOf } from '../files/tree.ts';
import { joined } from '../process/pipe.ts';
import type { Process } from '../process/process.ts';
import { unescapeBytes, unescaping } from './echo.ts';

/** Formats arguments piece by piece; the format is used again while arguments are left (printf(1)). Returns what is no number. */
export function* formatting(format: string, args: readonly string[]): Generator<Uint8Array, readonly string[], void> {
  const parts = partsOf(format);
  const errors: string[] = [];
  let next = 0;
  do {
    const before = next;
    for (const part of parts) {
      if (typeof part === 'string') {
        yield* unescaping(part);
        continue;
      }
      const width = part.width === '*' ? Number(args[next++] ?? 0) : Number(part.width || 0);
      const precision =
        part.precision === '*' ? Number(args[next++] ?? 0) : part.precision && Number(part.precision.slice(1) || 0);
      const layout = { flags: part.flags, width, precision: precision === '' ? undefined : precision };
      yield convert(part.conversion, args[next++], layout, errors);
    }
    if (next === before) break;
  } while (next < args.length);
  return errors;
}

/** Bytes that are written at once. */
const batchSize = 16_384;

/** Gives what is formatted to `write` in larger pieces, and returns what is no number. */
export async function printed(
  process: Process,
  pieces: ReturnType<typeof formatting>,
  write: (bytes: Uint8Array) => void | Promise<void>,
): Promise<readonly string[]> {
  let batch: Uint8Array[] = [];
  let size = 0;
  let count = 0;
  for (;;) {
    const { done, value } = pieces.next();
    if (!done) {
      batch.push(value);
      size += value.length;
      if (++count % 500 === 0) await process.step();
    }
    if (size > 0 && (done || size >= batchSize)) {
      await write(joined(batch));
      batch = [];
      size = 0;
    }
    if (done) return value;
  }
}

interface Directive {
  readonly flags: string;
  /** Digits, `*` or nothing. */
  readonly width: string;
  /** A point and digits, `*` behind a point as `*`, or nothing. */
  readonly precision: string;
  readonly conversion: string;
}

/** Literal text and directives in turn, found in the time of the format's length. */
function partsOf(format: string): readonly (string | Directive)[] {
  const parts: (string | Directive)[] = [];
  let start = 0;
  const literal = (end: number) => {
    if (end > start) parts.push(format.slice(start, end));
  };
  const take = (set: string, from: number) => {
    let end = from;
    while (end < format.length && set.includes(format[end] as string)) end++;
    return format.slice(from, end);
  };
  for (let at = format.indexOf('%'); at >= 0; at = format.indexOf('%', at)) {
    const flags = take('-+ #0', at + 1);
    let end = at + 1 + flags.length;
    const width = format[end] === '*' ? '*' : take(digits, end);
    end += width.length;
    let precision = '';
    if (format[end] === '.') {
      precision = format[end + 1] === '*' ? '*' : `.${take(digits, end + 1)}`;
      end += precision === '*' ? 2 : precision.length;
    }
    const time = /^\(([^)]{0,100})\)T/.exec(format.slice(end, end + 103));
    const conversion = time === null ? (format[end] ?? '') : 's';
    if (!conversions.includes(conversion) || conversion === '') {
      at = end;
      continue;
    }
    literal(at);
    if (conversion === '%') parts.push('%');
    else parts.push({ flags, width, precision, conversion });
    at = end + (time === null ? 1 : time[0].length);
    start = at;
  }
  literal(format.length);
  return parts;
}

const digits = '0123456789';
const conversions = 'diouxXeEfgGscbq%';

/** No output needs to be wider. */
const widest = 1_000_000;
/** Digits behind the point that are computed; the rest are zeros. */
const mostDigits = 100;

interface Layout {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
}

function convert(conversion: string, argument: string | undefined, layout: Layout, errors: string[]): Uint8Array {
  switch (conversion) {
    case 's':
      return bytesOf(pad((argument ?? '').slice(0, layout.precision), layout));
    case 'c':
      return bytesOf(pad((argument ?? '').slice(0, 1), layout));
    case 'b':
      return unescapeBytes(pad(argument ?? '', layout));
    case 'q':
      return bytesOf(quote(argument ?? ''));
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
      return bytesOf(
        pad(sign(float(conversion, number(argument, errors), layout.precision ?? 6), layout), layout, true),
      );
    default:
      return bytesOf(pad(sign(integer(conversion, number(argument, errors), layout), layout), layout, true));
  }
}

function number(argument: string | undefined, errors: string[]): number {
  if (argument === undefined || argument === '') return 0;
  if (/^['"]/.test(argument)) return argument.codePointAt(1) ?? 0;
  const text = argument.trim();
  const value = /^[-+]?0\d+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
  if (!Number.isNaN(value)) return value;
  errors.push(argument);
  return Number.parseFloat(text) || 0;
}

function integer(conversion: string, value: number, { flags, precision }: Layout): string {
  const whole = Math.trunc(value);
  const base = conversion === 'o' ? 8 : conversion === 'x' || conversion === 'X' ? 16 : 10;
  const unsigned =
    whole < 0 && base !== 10 ? BigInt.asUintN(64, BigInt(whole)).toString(base) : Math.abs(whole).toString(base);
  const digits = (conversion === 'X' ? unsigned.toUpperCase() : unsigned).padStart(
    Math.min(widest, precision ?? 0),
    '0',
  );
  const prefix = flags.includes('#') && base === 16 ? `0${conversion}` : flags.includes('#') && base === 8 ? '0' : '';
  return `${whole < 0 && base === 10 ? '-' : ''}${prefix}${digits}`;
}

function float(conversion: string, value: number, precision: number): string {
  const computed = Math.min(mostDigits, Math.max(0, precision));
  if (conversion === 'f')
    return value.toFixed(computed) + '0'.repeat(Math.min(widest, Math.max(0, precision - computed)));
  if (conversion === 'e' || conversion === 'E') {
    const text = value.toExponential(computed).replace(/e([+-])(\d)$/, 'e$10$2');
    return conversion === 'E' ? text.toUpperCase() : text;
  }
  return String(Number(value.toPrecision(Math.max(1, computed))));
}

function sign(text: string, { flags }: Layout): string {
  if (text.startsWith('-')) return text;
  return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;
}

function pad(text: string, { flags, width: wanted }: Layout, numeric = false): string {
  const width = Math.max(-widest, Math.min(widest, wanted));
  if (width < 0 || flags.includes('-')) return text.padEnd(Math.abs(width));
  if (numeric && flags.includes('0')) {
    const signed = /^[-+ ]/.test(text) ? text.slice(0, 1) : '';
    return signed + text.slice(signed.length).padStart(width - signed.length, '0');
  }
  return text.padStart(width);
}

/** Quoted so that a shell reads it back as it is. */
function quote(text: string): string {
  return text === '' ? "''" : text.replace(/[^\w@%+=:,./-]/g, '\\$&');
}
