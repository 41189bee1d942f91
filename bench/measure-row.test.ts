import { describe, expect, test } from 'vitest';
import { type MeasureOptions, measureRow, type RoundLimits } from './measure-row.ts';
import { atMost, defineRow, type Row } from './row.ts';

function options(row: Partial<Row>, values: readonly number[], quick = false) {
  const progress: string[] = [];
  const limits: RoundLimits[] = [];
  const measuring: MeasureOptions = {
    quick,
    load: async () =>
      defineRow({
        what: 'a case',
        full: {},
        quick: {},
        figures: { time: { what: 'time', unit: 's', goal: atMost(1) } },
        measure: async () => ({ time: { value: 0 } }),
        ...row,
      }),
    async round(_, given) {
      const value = values[limits.length];
      limits.push(given);
      if (value === undefined) throw new Error('it fell over');
      return { time: { value } };
    },
    progress: (round, rounds) => progress.push(`${round}/${rounds}`),
  };
  return { measuring, progress, limits };
}

describe('a row', () => {
  test('is measured in three rounds', async () => {
    const { measuring, progress, limits } = options({}, [5, 1, 3]);
    const { figures } = await measureRow('case', measuring);
    expect(figures).toMatchObject([{ value: 3, reached: false }]);
    expect(progress).toEqual(['1/3', '2/3', '3/3']);
    expect(limits).toEqual([{ seconds: 120 }, { seconds: 120 }, { seconds: 120 }]);
  });

  test('is measured in as many rounds, and with the limits, that it declares', async () => {
    const { measuring, progress, limits } = options({ rounds: 1, limit: 7, heap: 500 }, [5]);
    expect((await measureRow('case', measuring)).figures).toMatchObject([{ value: 5 }]);
    expect(progress).toEqual(['1/1']);
    expect(limits).toEqual([{ seconds: 7, heap: 500 }]);
  });

  test('is measured once, and not judged, in a quick run', async () => {
    const { measuring, progress } = options({}, [5, 1, 3], true);
    const { figures } = await measureRow('case', measuring);
    expect(progress).toEqual(['1/1']);
    expect(figures[0]).not.toHaveProperty('reached');
  });

  test('that fails in a round is reported with its error', async () => {
    const { measuring, progress } = options({}, [5]);
    expect(await measureRow('case', measuring)).toEqual({ row: 'case', what: '', figures: [], error: 'it fell over' });
    expect(progress).toEqual(['1/3', '2/3']);
  });

  test('that cannot be loaded is reported with its error', async () => {
    const { measuring } = options({}, []);
    const load = () => Promise.reject(new SyntaxError('Unexpected token'));
    expect(await measureRow('case', { ...measuring, load })).toMatchObject({ error: 'Unexpected token' });
  });
});
