import { expect, it } from 'vitest';
import { PendingBudget } from './pending-bytes.ts';

it('a client for which too much waits is cut off', () => {
  const budget = new PendingBudget(100, 1000);
  const client = {};
  expect([budget.exceeds(client, 100), budget.exceeds(client, 101)]).toEqual([false, true]);
});

it('when too much waits for all together, those with more than their part are cut off', () => {
  const budget = new PendingBudget(1000, 1000);
  const greedy = {};
  const modest = Array.from({ length: 9 }, () => ({}));
  expect(budget.exceeds(greedy, 900)).toBe(false);
  expect(modest.map((client) => budget.exceeds(client, 20))).toEqual(modest.map(() => false));
  expect(budget.exceeds(greedy, 901)).toBe(true);
});

it('what was sent or given up waits no more', () => {
  const budget = new PendingBudget(1000, 1000);
  const clients = [{}, {}] as const;
  budget.exceeds(clients[0], 700);
  budget.exceeds(clients[1], 200);
  budget.exceeds(clients[0], 10);
  budget.release(clients[1]);
  expect(budget.total).toBe(10);
  budget.release(clients[0]);
  budget.release(clients[0]);
  expect(budget.total).toBe(0);
});
