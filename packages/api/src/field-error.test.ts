import { expect, test } from 'vitest';
import { fieldErrors, invalid } from './field-error.ts';

const kind = { group: '', kind: 'ResourceQuota' };

test('all faults are listed, and texts that are the same only once in the message', () => {
  const faults = [1, 2, 2].map((i) => fieldErrors.required(`spec[${i}]`));
  const { message, status } = invalid(kind, 'a', faults);
  expect(message).toBe('ResourceQuota "a" is invalid: [spec[1]: Required value, spec[2]: Required value]');
  expect(status.details?.causes).toHaveLength(3);
});

test('faults that name a long list each do not add up to an endless answer', () => {
  const list = Object.freeze(Array.from({ length: 10_000 }, (_, i) => `scope-${i}`));
  const faults = list.map((_, i) => fieldErrors.invalid(`scopes[${i}]`, list, 'unsupported scope'));
  const { message, status } = invalid(kind, 'a', faults);
  expect(message.length).toBeLessThan(1.1 * 2 ** 20);
  expect(status.details?.causes?.length).toBeLessThan(10);
  expect(message.endsWith(`, and ${10_000 - (status.details?.causes?.length ?? 0)} more]`)).toBe(true);
});
