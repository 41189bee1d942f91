import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dealHand, FairQueues } from './fair-queues.ts';

const options = { queues: 64, handSize: 6, queueLengthLimit: 50 };
const item = (name: string, seats = 1) => ({ name, seats });

describe('a hand of queues', () => {
  it('has as many different queues as asked for, the same for the same flow', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 12 }),
        (flow, queues, size) => {
          const hand = dealHand(flow, queues, size);
          expect(new Set(hand).size).toBe(Math.min(size, queues));
          for (const index of hand) expect(index >= 0 && index < queues).toBe(true);
          expect(dealHand(flow, queues, size)).toEqual(hand);
        },
      ),
    );
  });

  it('uses all queues evenly', () => {
    const dealt = new Array<number>(64).fill(0);
    for (let user = 0; user < 10_000; user++)
      for (const queue of dealHand(`schema\nuser-${user}`, 64, 6)) dealt[queue] = (dealt[queue] ?? 0) + 1;
    // 937.5 on average.
    expect(Math.min(...dealt)).toBeGreaterThan(800);
    expect(Math.max(...dealt)).toBeLessThan(1080);
  });
});

describe('fair queues', () => {
  it('serve a flow in the order of arrival where it has one queue', () => {
    const queues = new FairQueues<ReturnType<typeof item>>({ ...options, handSize: 1 });
    for (const name of ['a', 'b', 'c']) queues.add('jane', item(name));
    expect([queues.take(), queues.take(), queues.take(), queues.take()].map((taken) => taken?.item.name)).toEqual([
      'a',
      'b',
      'c',
      undefined,
    ]);
  });

  it('serve another flow next, however many one flow has put in before', () => {
    const queues = new FairQueues<ReturnType<typeof item>>(options);
    for (let index = 0; index < 100; index++) queues.add('flood', item('flood', 8));
    for (let index = 0; index < 20; index++) queues.take();
    queues.add('jane', item('jane'));
    const next = Array.from({ length: 7 }, () => queues.take()?.item.name);
    expect(next).toContain('jane');
  });

  it('share seats between flows that both flood', () => {
    const queues = new FairQueues<ReturnType<typeof item>>({ ...options, handSize: 1, queues: 1024 });
    for (let index = 0; index < 50; index++) {
      queues.add('wide', item('wide', 4));
      queues.add('narrow', item('narrow', 1));
    }
    const seats = { wide: 0, narrow: 0 };
    for (let index = 0; index < 50; index++) {
      const taken = queues.take();
      if (taken === undefined) throw new Error('nothing waits');
      seats[taken.item.name as 'wide' | 'narrow'] += taken.item.seats;
      queues.finish(taken.charge, 10);
    }
    expect(Math.abs(seats.wide - seats.narrow)).toBeLessThanOrEqual(4);
  });

  it('charge what a request did use', () => {
    const queues = new FairQueues<ReturnType<typeof item>>({ ...options, handSize: 1, queues: 1024 });
    const slow = queues.pass('slow', 1);
    const quick = queues.pass('quick', 1);
    queues.add('slow', item('slow'));
    queues.add('quick', item('quick'));
    queues.finish(slow, 500);
    queues.finish(quick, 1);
    expect(queues.take()?.item.name).toBe('quick');
  });

  it('refuse what a full queue has no room for, and forget what leaves', () => {
    const queues = new FairQueues<ReturnType<typeof item>>({ queues: 2, handSize: 1, queueLengthLimit: 2 });
    const [a, b, c] = [item('a'), item('b'), item('c')];
    expect([queues.add('jane', a), queues.add('jane', b), queues.add('jane', c)]).toEqual([true, true, false]);
    queues.remove(a);
    queues.remove(c);
    expect(queues.length).toBe(1);
    expect(queues.add('jane', c)).toBe(true);
    expect(queues.next()).toBe(b);
  });
});
