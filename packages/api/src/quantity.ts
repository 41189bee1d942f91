/** How a quantity is written: `1500m` and `2k`, `2Ki`, or `15e2` (`resource.Format`). */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** Why a text is no quantity, in Kubernetes' words. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

const formatWrong =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'" as const;
const numericWrong = 'unable to parse numeric part of quantity' as const;
const suffixWrong = "unable to parse quantity's suffix" as const;

/** Longer texts are refused: no honest amount needs them, and big numbers cost time. */
const maxLength = 256;
const maxExponent = 128;

const nanosPerOne = 1_000_000_000n;
const nanosPerMilli = 1_000_000n;
const maxBinary = (2n ** 63n - 1n) * nanosPerOne;

const decimalSuffixes: readonly (readonly [string, number])[] = [
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
];
const binarySuffixes: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimalExponentOf = new Map(decimalSuffixes);
const decimalSuffixOf = new Map(decimalSuffixes.map(([suffix, exponent]) => [exponent, suffix]));

/**
 * An exact, immutable amount of a resource (`resource.Quantity`): CPU in cores, memory in bytes. The smallest part is one
 * billionth; what is finer is rounded away from zero when it is read.
 */
export class Quantity {
  /** The amount in billionths. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
  #text: string | undefined;
  #value: number | undefined;
  #milliValue: number | undefined;

  /** `text` is kept as the quantity's written form; without it the canonical form is computed on demand. */
  constructor(nanos: bigint, format: QuantityFormat, text?: string) {
    this.nanos = nanos;
    this.format = format;
    this.#text = text;
  }

  /** The sum. It is written in this quantity's format, or in the other's if this one is zero. */
  add(other: Quantity): Quantity {
    return new Quantity(this.nanos + other.nanos, this.nanos === 0n ? other.format : this.format);
  }

  /** The difference, written as {@link add} says. */
  sub(other: Quantity): Quantity {
    return new Quantity(this.nanos - other.nanos, this.nanos === 0n ? other.format : this.format);
  }

  /** Below 0, 0 or above 0 as this amount is less than, equal to or more than the other. `1` equals `1000m`. */
  compare(other: Quantity): number {
    return this.nanos < other.nanos ? -1 : this.nanos > other.nanos ? 1 : 0;
  }

  get isZero(): boolean {
    return this.nanos === 0n;
  }

  /** The amount in whole units, rounded away from zero. Exact up to 2^53. */
  value(): number {
    this.#value ??= Number(roundAway(this.nanos, nanosPerOne));
    return this.#value;
  }

  /** The amount in thousandths, rounded away from zero. Exact up to 2^53. */
  milliValue(): number {
    this.#milliValue ??= Number(roundAway(this.nanos, nanosPerMilli));
    return this.#milliValue;
  }

  /** As Kubernetes writes it in JSON. */
  toString(): string {
    this.#text ??= canonicalText(this.nanos, this.format);
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Nothing, in decimal form. */
export const zeroQuantity = new Quantity(0n, 'DecimalSI', '0');

/** Texts read before. Quantities are immutable and a cluster repeats the same few, so they are shared. */
const parsed = new Map<string, Quantity>();
const maxParsed = 4096;

/**
 * Reads a quantity (Kubernetes "Quantity"): `500m`, `1.5Gi`, `1e3`, or a JSON number.
 * @throws QuantityError with Kubernetes' reason.
 */
export function parseQuantity(text: string | number): Quantity {
  const source = typeof text === 'number' ? String(text) : text;
  let quantity = parsed.get(source);
  if (quantity === undefined) {
    quantity = parse(source);
    if (parsed.size >= maxParsed) parsed.clear();
    parsed.set(source, quantity);
  }
  return quantity;
}

/**
 * The canonical form in which Kubernetes returns a quantity: `1000m` becomes `1`, `1024Mi` becomes `1Gi`; what is canonical
 * enough stays as it is.
 * @throws QuantityError if it is none.
 */
export function quantityText(text: string | number): string {
  return parseQuantity(text).toString();
}

function parse(source: string): Quantity {
  if (source === '0') return zeroQuantity;
  if (source === '') throw new QuantityError(formatWrong);
  if (source.length > maxLength) throw new QuantityError(numericWrong);
  const match = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/.exec(source);
  if (match === null) throw new QuantityError(formatWrong);
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  const { base, exponent, format } = readSuffix(suffix);
  const digits = (whole.replace(/^0+/, '') || '0') + fraction;
  const mantissa = BigInt(digits);

  const nanos =
    base === 2 ? binaryNanos(mantissa, fraction.length, exponent) : scaled(mantissa, exponent - fraction.length + 9);
  const negative = sign === '-';
  const kept = isCanonicalEnough(digits, fraction.length, exponent, format) ? source : undefined;
  const shown = format === 'BinarySI' && nanos > 0n && nanos < nanosPerOne ? 'DecimalSI' : format;
  return new Quantity(negative ? -nanos : nanos, shown, nanos === 0n && kept === undefined ? '0' : kept);
}

function readSuffix(suffix: string): { base: 2 | 10; exponent: number; format: QuantityFormat } {
  const decimal = decimalExponentOf.get(suffix);
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' };
  const binary = binarySuffixes.indexOf(suffix);
  if (binary > 0) return { base: 2, exponent: binary * 10, format: 'BinarySI' };
  if (!/^[eE][-+]?[0-9]+$/.test(suffix)) throw new QuantityError(suffixWrong);
  const exponent = Number(suffix.slice(1));
  if (Math.abs(exponent) > maxExponent) throw new QuantityError(suffixWrong);
  return { base: 10, exponent, format: 'DecimalExponent' };
}

function binaryNanos(mantissa: bigint, decimals: number, exponent: number): bigint {
  const nanos = scaled(mantissa << BigInt(exponent), 9 - decimals);
  return nanos > maxBinary ? maxBinary : nanos;
}

/** `mantissa × 10^power` for a mantissa of 0 or more, rounded up. */
function scaled(mantissa: bigint, power: number): bigint {
  return power >= 0 ? mantissa * 10n ** BigInt(power) : roundAway(mantissa, 10n ** BigInt(-power));
}

function roundAway(amount: bigint, unit: bigint): bigint {
  const quotient = amount / unit;
  if (quotient * unit === amount) return quotient;
  return amount > 0n ? quotient + 1n : quotient - 1n;
}

/** Kubernetes keeps the written form of a number that is short enough for its fast path and near enough to canonical. */
function isCanonicalEnough(digits: string, decimals: number, exponent: number, format: QuantityFormat): boolean {
  if (format === 'BinarySI') {
    const room = 15 - digits.length - Math.trunc((exponent * 3) / 10) - 1;
    return decimals === 0 && room >= 0 && Number(digits) % 8 !== 0;
  }
  const scale = exponent - decimals;
  return digits.length <= 18 && scale >= -9 && scale % 3 === 0 && !digits.endsWith('000') && digits[0] !== '0';
}

function canonicalText(nanos: bigint, format: QuantityFormat): string {
  if (nanos === 0n) return '0';
  if (format === 'BinarySI' && nanos % nanosPerOne === 0n) {
    const units = nanos / nanosPerOne;
    if (units >= 1024n || units <= -1024n) return binaryText(units);
  }
  return decimalText(nanos, format);
}

function binaryText(units: bigint): string {
  let power = 0;
  let mantissa = units;
  while (power < 6 && mantissa % 1024n === 0n) {
    mantissa /= 1024n;
    power++;
  }
  return `${mantissa}${binarySuffixes[power]}`;
}

function decimalText(nanos: bigint, format: QuantityFormat): string {
  const highest = format === 'DecimalExponent' ? Number.POSITIVE_INFINITY : 18;
  let exponent = -9;
  let mantissa = nanos;
  while (exponent < highest && mantissa % 1000n === 0n) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (format !== 'DecimalExponent') return `${mantissa}${decimalSuffixOf.get(exponent)}`;
  return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
}
