/** A plain scalar's value: no text, or the text itself. Infinite and undefined numbers are values too, which JSON does not have. */
export type GoScalar = null | boolean | number;

/**
 * What Kubernetes' YAML reader makes of a plain scalar (sigs.k8s.io/yaml, which is YAML 1.1 but for times and sexagesimals): `yes`
 * and `on` are true, `0777`, `0o777`, `0b1` and `1_000` are numbers, `1:30` and `2001-01-01` are texts.
 * @returns undefined for a text
 */
export function goScalar(text: string): GoScalar | undefined {
  const word = words.get(text);
  if (word !== undefined) return word;
  return /^[-+.0-9]/.test(text) ? numberOf(text.replaceAll('_', '')) : undefined;
}

const words = new Map<string, GoScalar>([
  ...['', '~', 'null', 'Null', 'NULL'].map((text) => [text, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((text) => [text, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((text) => [text, false] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((text) => [text, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((text) => [text, Number.NEGATIVE_INFINITY] as const),
  ...['.nan', '.NaN', '.NAN'].map((text) => [text, Number.NaN] as const),
]);

/** Longer texts of other bases than ten are beyond 64 bits, whatever their digits. */
const longestInteger = 70;

function numberOf(text: string): number | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  const literal = integerLiteral(digits);
  if (literal !== undefined && literal.length <= longestInteger) {
    const size = BigInt(literal);
    const most = sign === '-' ? 2n ** 63n : sign === '+' ? 2n ** 63n - 1n : 2n ** 64n - 1n;
    if (size <= most) return sign === '-' ? 0 - Number(size) : Number(size);
  }
  if (!/^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Digits as `BigInt` reads them; undefined if they are no integer of any base. A leading zero means octal. */
function integerLiteral(digits: string): string | undefined {
  if (/^(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0|[1-9][0-9]*)$/.test(digits)) return digits;
  return /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : undefined;
}
