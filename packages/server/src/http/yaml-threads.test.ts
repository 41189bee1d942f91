import { afterEach, expect, it } from 'vitest';
import { YamlThreads } from './yaml-threads.ts';

let threads: YamlThreads;
afterEach(() => threads.close());

const map = (keys: number) => Array.from({ length: keys }, (_, i) => `key${i}: "${i}"\n`).join('');

it('reads long texts in another thread, so that this one goes on', async () => {
  threads = new YamlThreads();
  let tasks = 0;
  let over = false;
  const count = () => {
    tasks++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  const bodies = await Promise.all([threads.read(map(60_000)), threads.read(map(50_000))]);
  over = true;
  expect(bodies.map(({ value }) => Object.keys(value as object).length)).toEqual([60_000, 50_000]);
  expect(tasks).toBeGreaterThan(10);
});

it('says what is wrong with a long text, and which key stands twice, as with a short one', async () => {
  threads = new YamlThreads();
  for (const padding of ['', map(10_000)]) {
    await expect(threads.read(`${padding}a: [`)).rejects.toThrow(/unexpected|deficient|flow/);
    await expect(threads.read(`${padding}a: .inf`)).rejects.toThrow('Infinity is not a number of JSON');
    const { value, duplicate } = await threads.read(`${padding}a: 1\na: 2\n`);
    expect([(value as { a?: unknown }).a, duplicate]).toEqual([
      2,
      expect.stringContaining('key "a" already set in map'),
    ]);
  }
});

it('rejects what waits when it is closed', async () => {
  threads = new YamlThreads();
  const reading = threads.read(map(60_000));
  threads.close();
  await expect(reading).rejects.toThrow('the document could not be read');
});
