import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseQuantity, Quantity, type QuantityFormat, quantityText, zeroQuantity } from './quantity.ts';

const regularExpression = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

describe('written form', () => {
  test.each([
    // Rewritten to the largest suffix without a fraction, in the same family.
    ['1.5', '1500m'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1.', '1.'],
    ['1000m', '1'],
    ['1000', '1k'],
    ['1.5Gi', '1536Mi'],
    ['1024Mi', '1Gi'],
    ['1000Ki', '1000Ki'],
    ['0.5Ki', '512'],
    ['0', '0'],
    ['0.0', '0'],
    ['0Gi', '0'],
    ['-1500m', '-1500m'],
    ['-2000', '-2k'],
    ['0.1Ki', '102400m'],
    ['0.00000000001', '1n'],
    ['-0.00000000001', '-1n'],
    ['0.1n', '1n'],
    ['12.3e5', '1230e3'],
    ['1e18', '1e18'],
    ['9Ei', '9223372036854775807'],
    ['9223372036854775808Ki', '9223372036854775807'],
    // Canonical enough: kept to the letter.
    ['500m', '500m'],
    ['1e3', '1e3'],
    ['1E3', '1E3'],
    ['1Ki', '1Ki'],
    ['1536', '1536'],
    ['1500m', '1500m'],
    ['1.500', '1.500'],
    ['+1', '+1'],
    ['01', '01'],
    ['8Ki', '8Ki'],
    ['8192Mi', '8Gi'],
  ])('%s reads back as %s', (source, text) => {
    expect(quantityText(source)).toBe(text);
  });

  test('a JSON number is read like its text', () => {
    expect(quantityText(2)).toBe('2');
    expect(quantityText(0.25)).toBe('250m');
  });

  test.each([
    ['', regularExpression],
    ['1 ', regularExpression],
    ['five', regularExpression],
    ['1..2', regularExpression],
    ['--1', "unable to parse quantity's suffix"],
    ['1K', "unable to parse quantity's suffix"],
    ['1mm', "unable to parse quantity's suffix"],
    ['1e', "unable to parse quantity's suffix"],
    ['1e999999999', "unable to parse quantity's suffix"],
  ])('%j is refused', (source, reason) => {
    expect(() => parseQuantity(source)).toThrow(reason);
  });
});

test('an endless number is refused unread', () => {
  expect(() => parseQuantity('1'.repeat(5000))).toThrow('unable to parse numeric part of quantity');
});

describe('rounding', () => {
  test.each([
    ['1', 1, 1000],
    ['1m', 1, 1],
    ['1001m', 2, 1001],
    ['1u', 1, 1],
    ['-1500m', -2, -1500],
    ['1Gi', 1073741824, 1073741824000],
    ['0', 0, 0],
  ])('%s is %d whole and %d thousandths', (source, value, milliValue) => {
    expect(parseQuantity(source).value()).toBe(value);
    expect(parseQuantity(source).milliValue()).toBe(milliValue);
  });
});

describe('arithmetic', () => {
  test('keeps the format of the first', () => {
    expect(parseQuantity('1Gi').add(parseQuantity('1024')).toString()).toBe('1048577Ki');
    expect(parseQuantity('1024').add(parseQuantity('1Ki')).toString()).toBe('2048');
    expect(parseQuantity('1e3').add(parseQuantity('1k')).toString()).toBe('2e3');
  });

  test('zero adopts the format of the other operand', () => {
    expect(zeroQuantity.add(parseQuantity('2048Ki')).toString()).toBe('2Mi');
    expect(zeroQuantity.sub(parseQuantity('2048Ki')).toString()).toBe('-2Mi');
  });

  test('compares amounts, not texts', () => {
    expect(parseQuantity('1').compare(parseQuantity('1000m'))).toBe(0);
    expect(parseQuantity('1Ki').compare(parseQuantity('1k'))).toBe(1);
    expect(parseQuantity('100m').compare(parseQuantity('1'))).toBe(-1);
  });
});

const formats: readonly QuantityFormat[] = ['DecimalSI', 'BinarySI', 'DecimalExponent'];
const amounts = fc
  .tuple(fc.bigInt({ min: -(10n ** 27n), max: 10n ** 27n }), fc.constantFrom(...formats))
  .map(([nanos, format]) => new Quantity(nanos, format));

describe('properties', () => {
  test('the canonical text reads back as the same amount, and as itself', () => {
    fc.assert(
      fc.property(amounts, (quantity) => {
        const read = parseQuantity(quantity.toString());
        expect(read.nanos).toBe(quantity.nanos);
        expect(read.toString()).toBe(quantity.toString());
      }),
    );
  });

  test('adding and subtracting the same amount changes nothing', () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        expect(a.add(b).sub(b).compare(a)).toBe(0);
        expect(a.add(b).compare(b.add(a))).toBe(0);
      }),
    );
  });

  test('any text is read or refused, never worse', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.+-eEinumkKMGTP x') }), (text) => {
        try {
          const quantity = parseQuantity(text);
          expect(parseQuantity(quantity.toString()).nanos).toBe(quantity.nanos);
        } catch (error) {
          expect(error).toMatchObject({ name: 'QuantityError' });
        }
      }),
    );
  });
});
