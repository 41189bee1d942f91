import { mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeKubeconfig } from './serve-cluster.ts';

it('a kubeconfig that cannot be put in place leaves nothing behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  await mkdir(join(folder, 'taken', 'below'), { recursive: true });
  await expect(writeKubeconfig(join(folder, 'taken'), 'text')).rejects.toThrow();
  expect(await readdir(folder)).toEqual(['taken']);
  await writeKubeconfig(join(folder, 'free'), 'text');
  expect([await readdir(folder), await readFile(join(folder, 'free'), 'utf8')]).toEqual([['free', 'taken'], 'text']);
});
