import { expect, test } from 'vitest';
import { StartFailures } from './start-failures.ts';

test('the failures of a Pod are another map exactly when they have changed', () => {
  const record = { uid: 'u', pod: undefined, gone: false, acceptedAt: 0 };
  const failures = new StartFailures();
  const changes = [
    () => failures.set(record, 'a', { reason: 'ErrImagePull', message: 'm' }),
    () => failures.set(record, 'a', { reason: 'ErrImagePull', message: 'm' }),
    () => failures.set(record, 'a', { reason: 'ErrImagePull', message: 'n' }),
    () => failures.set(record, 'b', { reason: 'ErrImagePull', message: 'n' }),
    () => failures.delete(record, 'a'),
    () => failures.delete(record, 'a'),
  ].map((change) => {
    const before = failures.of(record);
    change();
    return failures.of(record) !== before;
  });
  expect(changes).toEqual([true, false, true, true, true, false]);
  expect([...failures.of(record)]).toEqual([['b', { reason: 'ErrImagePull', message: 'n' }]]);
});
