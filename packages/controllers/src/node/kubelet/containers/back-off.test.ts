import type { Container } from '@orrery/api';
import { expect, test } from 'vitest';
import { BackOff, durationText } from './back-off.ts';
import { backOffKey } from './container-starter.ts';

test('the delay begins at 10 s, doubles, and ends at 5 min', () => {
  const backOff = new BackOff();
  const delays: number[] = [];
  let now = 0;
  for (let i = 0; i < 8; i++) {
    backOff.next('k', now, now);
    delays.push(backOff.delay('k') / 1000);
    now += backOff.delay('k');
  }
  expect(delays).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
});

test('a key that is not known may be tried at once', () => {
  expect(new BackOff().until('k', 5000)).toBe(5000);
});

test('the delay counts from the failure', () => {
  const backOff = new BackOff();
  backOff.next('k', 0, 0);
  expect(backOff.until('k', 5000)).toBe(15_000);
});

test('a failure more than ten minutes after the last update begins anew', () => {
  const backOff = new BackOff();
  backOff.next('k', 0, 0);
  backOff.next('k', 10_000, 10_000);
  expect(backOff.until('k', 610_000)).toBe(630_000);
  expect(backOff.until('k', 610_001)).toBe(610_001);
  backOff.next('k', 610_001, 610_001);
  expect(backOff.delay('k')).toBe(10_000);
});

test('a pull’s delay counts from its last failure, and is forgotten when that is more than ten minutes ago', () => {
  const backOff = new BackOff();
  backOff.next('k', 0, 0);
  backOff.next('k', 10_000, 10_000);
  expect(backOff.untilSinceUpdate('k', 15_000)).toBe(30_000);
  expect(backOff.untilSinceUpdate('k', 610_001)).toBe(610_001);
  backOff.next('k', 610_000, 610_000);
  expect(backOff.delay('k')).toBe(40_000);
  backOff.next('k', 1_210_001, 1_210_001);
  expect(backOff.delay('k')).toBe(10_000);
});

test('a longest delay of the node’s own holds for the first one too, and twice it is the reset', () => {
  const backOff = new BackOff(2000, 4000);
  const delays = [0, 2000, 6000, 14_000, 18_001].map((now) => {
    backOff.next('k', now, now);
    return backOff.delay('k');
  });
  expect(delays).toEqual([2000, 4000, 4000, 4000, 4000]);
  backOff.next('k', 26_002, 26_002);
  expect(backOff.delay('k')).toBe(2000);
});

test('a container’s back-off is its own: another Pod, name or image has another, anything else has not', () => {
  const key = (uid: string, more: Partial<Container> = {}) =>
    backOffKey(
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid }, spec: { containers: [] } },
      { role: 'regular', index: 0, fieldPath: '', spec: { name: 'c', image: 'i', ...more } },
    );
  expect(key('u', { args: ['x'], env: [{ name: 'A', value: '1' }] })).toBe(key('u'));
  expect(new Set([key('u'), key('v'), key('u', { name: 'd' }), key('u', { image: 'j' })]).size).toBe(4);
});

test('keys of a Pod are forgotten together', () => {
  const backOff = new BackOff();
  backOff.next('a_1', 0, 0);
  backOff.next('b_1', 0, 0);
  backOff.forget('a_');
  expect([backOff.delay('a_1'), backOff.delay('b_1')]).toEqual([0, 10_000]);
});

test.each([
  [0, '0s'],
  [234, '234ms'],
  [1234, '1.234s'],
  [10_000, '10s'],
  [80_000, '1m20s'],
  [300_000, '5m0s'],
  [3_600_000, '1h0m0s'],
])('%d ms is %s', (delay, text) => {
  expect(durationText(delay)).toBe(text);
});
