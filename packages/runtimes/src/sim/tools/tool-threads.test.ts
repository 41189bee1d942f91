import { createEnvironment } from '@orrery/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SimNetwork } from '../network/network.ts';
import { createSimRuntime, type SimulatedRuntime } from '../runtime.ts';
import { containerConfig, sandboxConfig } from '../sim.fixture.ts';

/** Text tools on the real clock, where each runs in a thread. */

let runtime: SimulatedRuntime;
let id: string;

beforeAll(async () => {
  const node = { name: 'node-1', ip: '10.0.0.1', podCidr: '10.244.1.0/24' };
  runtime = createSimRuntime({ node, network: new SimNetwork(), ...createEnvironment({ seed: 1 }) });
  await runtime.pullImage('busybox');
  const sandbox = await runtime.runPodSandbox(sandboxConfig('pod'));
  id = await runtime.createContainer(sandbox, containerConfig('busybox', { command: ['sleep', 'infinity'] }));
  await runtime.startContainer(id);
});

afterAll(() => runtime.close());

const run = (script: string, timeout = 0) => runtime.execSync(id, ['sh', '-c', script], timeout);

test.each([
  ['reads its input', "printf 'b\\na\\n' | sort", 'a\nb\n'],
  ['reads files', 'printf "one\\ntwo\\n" > /tmp/a; grep -n two /tmp/a', '2:two\n'],
  ['writes files', 'awk \'BEGIN { print 7 > "/tmp/b" }\'; cat /tmp/b', '7\n'],
  ['changes files in place', 'echo a > /tmp/c; sed -i s/a/b/ /tmp/c; cat /tmp/c', 'b\n'],
])('a tool %s', async (_what, script, stdout) => {
  expect(await run(script)).toEqual({ exitCode: 0, stdout, stderr: '' });
});

test('a tool says what went wrong with a file', async () => {
  expect(await run('grep x /none')).toMatchObject({ exitCode: 2, stderr: 'grep: /none: No such file or directory\n' });
});

test('a tool that computes on is ended with its process, and the next one runs', async () => {
  const endless = "awk 'BEGIN { for (;;) for (i = 0; i < 999999; i++) x = x + i }'";
  await expect(run(endless, 300)).rejects.toMatchObject({ code: 'DeadlineExceeded' });
  expect(await run('echo b | sed s/b/a/')).toMatchObject({ stdout: 'a\n' });
});
