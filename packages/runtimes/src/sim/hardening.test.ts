import { beforeEach, describe, expect, test } from 'vitest';
import { createFixture, type Fixture } from './sim.fixture.ts';

/** What a hostile or careless container must not do to the process that simulates it. */

let fixture: Fixture;
let id: string;
beforeEach(async () => {
  fixture = createFixture();
  id = await fixture.container(await fixture.sandbox(), 'busybox', { command: ['sleep', 'infinity'] });
});

const bounded = (script: string) =>
  fixture.settled(fixture.runtime.execSync(id, ['sh', '-c', script], 1000).catch((error) => error));

test('a file of zeros costs no memory', async () => {
  const { stdout } = await fixture.run(
    id,
    'dd if=/dev/zero of=/tmp/big bs=1M count=2048 2>/dev/null; stat -c %s /tmp/big; fallocate -l 4G /tmp/f; du -sm /tmp',
  );
  expect(stdout).toBe('2147483648\n6145\t/tmp\n');
});

describe('an endless process lets time pass and is killed at its deadline', () => {
  test.each([
    'while :; do :; done',
    'yes > /dev/null',
    'cat /dev/zero > /dev/null',
    'dd if=/dev/zero of=/dev/null',
    'seq 1 100000000000 > /dev/null',
    'head -c 100000000000000 /dev/zero > /dev/null',
    'i=0; until false; do i=$((i+1)); done',
    'tail -f /dev/null',
  ])('%s', async (script) => {
    expect(await bounded(script)).toMatchObject({ code: 'DeadlineExceeded' });
  });
});

test('a fork bomb hits the limit of processes', async () => {
  await bounded('f() { f | f & }; f');
  expect(await fixture.run(id, 'echo alive')).toMatchObject({ stdout: 'alive\n' });
});

test('awk that never ends, ends', async () => {
  expect(await fixture.run(id, "awk 'BEGIN { while (1) x++ }'")).not.toMatchObject({ exitCode: 0 });
});

test('an error in a program ends its process, and is reported', async () => {
  const { defineImage } = await import('./index.ts');
  const image = defineImage({
    name: 'broken',
    command: ['/broken'],
    programs: {
      '/broken': () => {
        throw new Error('out of luck');
      },
    },
  });
  fixture = createFixture({ images: [image] });
  id = await fixture.container(await fixture.sandbox(), 'broken');
  await fixture.simulation.idle();
  expect(fixture.runtime.containerStatus(id)).toMatchObject({ state: 'EXITED', exitCode: 1 });
  expect(fixture.logs(id)).toBe('/broken: out of luck\n');
});

test('removed Pods leave nothing behind', async () => {
  const before = fixture.simulation.pending();
  for (let count = 0; count < 20; count++) {
    const sandbox = await fixture.sandbox(`p${count}`);
    await fixture.container(sandbox, 'busybox', { command: ['sh', '-c', 'sleep 1000 | cat & sleep 500'] });
    await fixture.simulation.idle();
    await fixture.runtime.removePodSandbox(sandbox);
  }
  const { stdout } = await fixture.run(
    await fixture.container(
      await fixture.sandbox('host', { namespaces: { network: 'NODE', pid: 'NODE', ipc: 'NODE' } }),
      'busybox',
      {
        command: ['sleep', '9'],
      },
    ),
    'ps | grep -c "sleep [15]0"',
  );
  expect(stdout).toBe('0\n');
  expect(fixture.simulation.pending()).toEqual(before);
  expect((await fixture.runtime.listContainers()).length).toBe(2);
});
