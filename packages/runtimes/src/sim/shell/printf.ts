import { bytesOf } from '../files/tree.ts';
import { joined } from '../process/pipe.ts';
import { unescapeBytes } from './echo.ts';

/** What `printf` prints, and what it has to complain about. */
export interface Formatted {
  readonly bytes: Uint8Array;
  readonly errors: readonly string[];
}

const directive = /%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([diouxXeEfgGscbq%])|%\(([^)]*)\)T/g;

/** Formats arguments; the format is used again while arguments are left (printf(1)). */
export function formatted(format: string, args: readonly string[]): Formatted {
  const chunks: Uint8Array[] = [];
  const errors: string[] = [];
  let next = 0;
  do {
    const before = next;
    let end = 0;
    for (const match of format.matchAll(directive)) {
      chunks.push(unescapeBytes(format.slice(end, match.index)));
      end = match.index + match[0].length;
      const [, flags = '', widthText, precisionText, conversion = 's'] = match;
      if (conversion === '%') {
        chunks.push(bytesOf('%'));
        continue;
      }
      const width = widthText === '*' ? Number(args[next++] ?? 0) : Number(widthText ?? 0);
      const hasPrecision = match[0].includes('.');
      const precision =
        precisionText === '*' ? Number(args[next++] ?? 0) : hasPrecision ? Number(precisionText ?? 0) : undefined;
      const argument = args[next++];
      chunks.push(convert(conversion, argument, { flags, width, precision }, errors));
    }
    chunks.push(unescapeBytes(format.slice(end)));
    if (next === before) break;
  } while (next < args.length);
  return { bytes: joined(chunks), errors };
}

/** No output needs to be wider. */
const widest = 1_000_000;

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
  const digits = (conversion === 'X' ? unsigned.toUpperCase() : unsigned).padStart(precision ?? 0, '0');
  const prefix = flags.includes('#') && base === 16 ? `0${conversion}` : flags.includes('#') && base === 8 ? '0' : '';
  return `${whole < 0 && base === 10 ? '-' : ''}${prefix}${digits}`;
}

function float(conversion: string, value: number, precision: number): string {
  if (conversion === 'f') return value.toFixed(precision);
  if (conversion === 'e' || conversion === 'E') {
    const text = value.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2');
    return conversion === 'E' ? text.toUpperCase() : text;
  }
  return String(Number(value.toPrecision(Math.max(1, precision))));
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
