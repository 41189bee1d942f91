import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProgrammedNetwork } from './programmed-network.ts';
import type { ServiceRouting } from './routing.ts';

/** A network that keeps parts, as its contract says, and fails at some calls. */
class Network {
  readonly parts = new Map<string, ReadonlyMap<string, readonly unknown[]>>();
  readonly #fails: () => boolean;

  constructor(fails: () => boolean) {
    this.#fails = fails;
  }

  readonly routes = {
    set: (ip: string, port: number, endpoints: readonly unknown[], part = '') =>
      this.#set(`${ip}:${port}`, endpoints, part),
    delete: (ip: string, port: number) => this.#delete(`${ip}:${port}`),
  };

  readonly names = {
    set: (name: string, ips: readonly unknown[], part = '') => this.#set(name, ips, part),
    delete: (name: string) => this.#delete(name),
  };

  #set(key: string, items: readonly unknown[], part: string): void {
    if (this.#fails()) throw new Error('the network is down');
    const parts = new Map(this.parts.get(key)).set(part, items);
    if (items.length === 0 && part !== '') parts.delete(part);
    if (parts.size === 0) this.parts.delete(key);
    else this.parts.set(key, parts);
  }

  #delete(key: string): void {
    if (this.#fails()) throw new Error('the network is down');
    this.parts.delete(key);
  }
}

const routing: fc.Arbitrary<ServiceRouting> = fc.record({
  routes: fc.uniqueArray(
    fc.record({
      ip: fc.constant('10.96.0.1'),
      port: fc.constantFrom(80, 81),
      backends: fc.array(fc.record({ ip: fc.constantFrom('10.0.0.1', '10.0.0.2'), port: fc.constant(8080) }), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
    { selector: ({ port }) => port },
  ),
  names: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('web', 'web-0'),
      ips: fc.uniqueArray(fc.constantFrom('a', 'b'), { minLength: 1 }),
    }),
    { selector: ({ name }) => name },
  ),
});
const own: ServiceRouting = {
  routes: [80, 81].map((port) => ({ ip: '10.96.0.1', port, backends: [] })),
  names: [{ name: 'web', ips: [] }],
};

/** What a network has that was programmed once, with this. */
async function freshly(slices: ReadonlyMap<string, ServiceRouting>): Promise<Network> {
  const network = new Network(() => false);
  const programmed = new ProgrammedNetwork(network);
  await programmed.writeService('web', own);
  for (const [name, next] of slices) await programmed.writeSlice('web', name, next);
  return network;
}

test('a network that is programmed slice by slice has what one has that is programmed anew, whatever fails on the way', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('s1', 's2', 's3'), fc.option(routing, { nil: undefined })), { maxLength: 12 }),
      fc.array(fc.nat({ max: 5 }), { maxLength: 6 }),
      async (changes, failures) => {
        const until = [...failures];
        const network = new Network(() => {
          const [left] = until;
          if (left === undefined) return false;
          if (left === 0) until.shift();
          else until[0] = left - 1;
          return left === 0;
        });
        const programmed = new ProgrammedNetwork(network);
        const untilItWorks = async (work: () => Promise<void>): Promise<void> => {
          try {
            await work();
          } catch {
            await untilItWorks(work);
          }
        };
        const slices = new Map<string, ServiceRouting>();
        await untilItWorks(() => programmed.writeService('web', own));
        for (const [name, next] of changes) {
          if (next === undefined) slices.delete(name);
          else slices.set(name, next);
          await untilItWorks(() => programmed.writeSlice('web', name, next));
        }
        expect(network.parts).toEqual((await freshly(slices)).parts);
        await untilItWorks(() => programmed.remove('web'));
        expect(network.parts).toEqual(new Map());
        expect(programmed.slicesOf('web')).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});
