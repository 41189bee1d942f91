import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

it('a command whose output is on a full disk says so', async () => {
  const full = await open('/dev/full', 'w');
  const command = join(import.meta.dirname, '../bin/orrery.js');
  const child = spawn(process.execPath, [command, '--help'], { stdio: ['ignore', full.fd, 'pipe'] });
  const [said, [code]] = await Promise.all([text(child.stderr as Readable), once(child, 'close')]);
  await full.close();
  expect([code, said]).toEqual([1, 'orrery: cannot write the output: ENOSPC: no space left on device, write\n']);
});
