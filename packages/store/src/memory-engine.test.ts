import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { storageEngineContract } from './engine-contract.fixture.ts';
import { createMemoryEngine } from './memory-engine.ts';

storageEngineContract('memory engine', () => createMemoryEngine());

it('keeps the configured history, and at most twice as much', async () => {
  const engine = createMemoryEngine({ historySize: 10 });
  for (let n = 0; n < 100; n++)
    await engine.commit([{ type: 'put', key: `/pods/a/${n}`, value: { kind: 'Pod' }, expected: 0 }]);
  const last = await lastValueFrom(engine.watch('/', 90).pipe(take(10), toArray()));
  expect(last.map(({ revision }) => revision)).toEqual([91, 92, 93, 94, 95, 96, 97, 98, 99, 100]);
  await expect(lastValueFrom(engine.watch('/', 79))).rejects.toMatchObject({ name: 'Compacted' });
});

it('delivers all writes of a commit that is longer than the history', async () => {
  const engine = createMemoryEngine({ historySize: 1 });
  const recorded = firstValueFrom(engine.watch('/', 0));
  await engine.commit(
    [1, 2, 3, 4, 5].map((n) => ({ type: 'put', key: `/pods/a/${n}`, value: { kind: 'Pod' }, expected: 0 })),
  );
  expect((await recorded).changes).toHaveLength(5);
});
