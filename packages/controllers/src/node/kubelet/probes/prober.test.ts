import type { Probe } from '@orrery/api';
import { RuntimeError } from '@orrery/runtimes';
import { describe, expect, test } from 'vitest';
import { startNode, type TestNode } from '../../node.fixture.ts';

/** Probes as a kubelet runs them: when, how often, and which events they record. */

const web = { name: 'web', image: 'web:1' };
const exec = { exec: { command: ['check'] } };
const unhealthy = (node: TestNode) => node.events.filter((line) => /Unhealthy|ProbeWarning/.test(line));
/** Seconds since the container's start at which a probe was asked, from a runtime that says so. */
function timed(node: TestNode, answer: () => number = () => 0): number[] {
  const times: number[] = [];
  const { clock } = node.simulation.environment;
  const begun = clock.now();
  node.runtime.programs.set('web:1', {
    exec: () => {
      times.push((clock.now() - begun) / 1000);
      return answer();
    },
  });
  return times;
}
const status = async (node: TestNode) => (await node.pod()).status?.containerStatuses?.[0];

describe('when', () => {
  test('at once, and then once in every period', async () => {
    const node = await startNode();
    const times = timed(node);
    await node.create({ containers: [{ ...web, readinessProbe: { ...exec, periodSeconds: 4 } }] });
    await node.advance('10s');
    expect(times).toEqual([0, 4, 8]);
  });

  test('by default every ten seconds', async () => {
    const node = await startNode();
    const times = timed(node);
    await node.create({ containers: [{ ...web, livenessProbe: exec }] });
    await node.advance('25s');
    expect(times).toEqual([0, 10, 20]);
  });

  test('not before initialDelaySeconds have passed since the container’s start', async () => {
    const node = await startNode();
    const times = timed(node);
    await node.create({
      containers: [{ ...web, livenessProbe: { ...exec, initialDelaySeconds: 7, periodSeconds: 2 } }],
    });
    await node.advance('10s');
    expect(times).toEqual([7, 9]);
  });

  test('a startup probe no more once it has succeeded, and the others only then', async () => {
    const node = await startNode();
    const asked: string[] = [];
    let up = false;
    node.runtime.http = ({ path }) => {
      asked.push(path);
      return { status: path === '/startup' && !up ? 503 : 200, body: '', headers: {} };
    };
    const probe = (path: string): Probe => ({ httpGet: { port: 80, path }, periodSeconds: 1, failureThreshold: 9 });
    await node.create({
      containers: [
        { ...web, startupProbe: probe('/startup'), livenessProbe: probe('/live'), readinessProbe: probe('/ready') },
      ],
    });
    await node.advance('3s');
    expect(new Set(asked)).toEqual(new Set(['/startup']));
    up = true;
    await node.advance('1s');
    asked.length = 0;
    await node.advance('3s');
    expect(new Set(asked)).toEqual(new Set(['/live', '/ready']));
  });

  test('after a restart of the kubelet not all at once, but each within its first period', async () => {
    const node = await startNode();
    const times = timed(node);
    for (const name of ['a', 'b', 'c', 'd']) {
      await node.create({ containers: [{ ...web, livenessProbe: exec }] }, { name });
    }
    await node.advance('12s');
    await node.restart();
    times.length = 0;
    await node.advance('10s');
    expect(times).toHaveLength(4);
    expect(new Set(times).size).toBe(4);
  });

  test('no more after a liveness failure, until there is a new container', async () => {
    const node = await startNode();
    const times = timed(node, () => 1);
    node.runtime.programs.set('web:1', { ...node.runtime.program('web:1'), stopsAfter: 20_000 });
    await node.create({ containers: [{ ...web, livenessProbe: { ...exec, periodSeconds: 1, failureThreshold: 2 } }] });
    await node.advance('15s');
    expect(times).toEqual([0, 1]);
    await node.advance('7s');
    expect(times.length).toBeGreaterThan(2);
  });
});

describe('events', () => {
  test.each([
    ['Liveness', 'livenessProbe'],
    ['Readiness', 'readinessProbe'],
    ['Startup', 'startupProbe'],
  ])('Unhealthy: %s probe failed, about the container', async (title, field) => {
    const node = await startNode();
    timed(node, () => 1);
    await node.create({ containers: [{ ...web, [field]: { ...exec, failureThreshold: 2 } }] });
    await node.advance('1s');
    expect(unhealthy(node)).toEqual([`Warning Unhealthy spec.containers{web} ${title} probe failed: no`]);
  });

  test('about a sidecar too', async () => {
    const node = await startNode();
    timed(node, () => 1);
    await node.create({
      initContainers: [{ ...web, name: 'side', restartPolicy: 'Always', readinessProbe: exec }],
      containers: [{ ...web, image: 'other:1' }],
    });
    await node.advance('1s');
    expect(unhealthy(node)).toEqual(['Warning Unhealthy spec.initContainers{side} Readiness probe failed: no']);
  });

  test('a probe that breaks is tried three times in one go; its error is recorded once and changes nothing', async () => {
    const node = await startNode();
    let calls = 0;
    let broken = false;
    node.runtime.execSync = async () => {
      calls++;
      if (broken) throw new RuntimeError('Unknown', 'cannot connect to the runtime');
      return { exitCode: 0, stdout: '', stderr: '' };
    };
    const probe = { ...exec, periodSeconds: 5, failureThreshold: 1 };
    await node.create({ containers: [{ ...web, livenessProbe: probe, readinessProbe: probe }] });
    await node.advance('1s');
    expect(await status(node)).toMatchObject({ ready: true, restartCount: 0 });
    broken = true;
    calls = 0;
    await node.advance('5s');
    expect(calls).toBe(6);
    expect(unhealthy(node).toSorted()).toEqual([
      'Warning Unhealthy spec.containers{web} Liveness probe errored: cannot connect to the runtime',
      'Warning Unhealthy spec.containers{web} Readiness probe errored: cannot connect to the runtime',
    ]);
    await node.advance('30s');
    expect(await status(node)).toMatchObject({ ready: true, restartCount: 0 });
  });

  test('an error that is gone at the second try is not recorded', async () => {
    const node = await startNode();
    let calls = 0;
    node.runtime.execSync = async () => {
      if (++calls === 1) throw new RuntimeError('Unknown', 'not yet');
      return { exitCode: 0, stdout: '', stderr: '' };
    };
    await node.create({ containers: [{ ...web, readinessProbe: exec }] });
    await node.advance('1s');
    expect(calls).toBe(2);
    expect(unhealthy(node)).toEqual([]);
    expect(await status(node)).toMatchObject({ ready: true });
  });

  test('a failure is not tried again in the same go', async () => {
    const node = await startNode();
    const times = timed(node, () => 1);
    await node.create({ containers: [{ ...web, readinessProbe: exec }] });
    await node.advance('1s');
    expect(times).toHaveLength(1);
  });

  test('a command that takes longer than its timeout has failed', async () => {
    const node = await startNode();
    const probe = { exec: { command: ['sleep', '5'] }, timeoutSeconds: 2, periodSeconds: 30 };
    await node.create({ containers: [{ ...web, readinessProbe: probe }] });
    await node.advance('1s');
    await node.advance('3s');
    expect(unhealthy(node)).toEqual([
      'Warning Unhealthy spec.containers{web} Readiness probe failed: command timed out: "sleep 5" timed out after 2s',
    ]);
  });

  test('ProbeWarning: a redirect off the host is a success that is warned of, with no more than 10 KiB of the answer', async () => {
    const node = await startNode();
    node.runtime.http = () => ({ status: 302, body: 'x'.repeat(20_000), headers: { location: 'http://elsewhere/' } });
    await node.create({ containers: [{ ...web, readinessProbe: { httpGet: { port: 80 } } }] });
    await node.advance('1s');
    expect(unhealthy(node)).toEqual([
      `Warning ProbeWarning spec.containers{web} Readiness probe warning: Probe terminated redirects, Response body: ${'x'.repeat(10_240)}`,
    ]);
    expect(await status(node)).toMatchObject({ ready: true });
  });
});

test('a probe’s command sees only values that stand in the spec', async () => {
  const node = await startNode();
  const commands: (readonly string[])[] = [];
  node.runtime.execSync = async (_id, command) => {
    commands.push(command);
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  const env = [
    { name: 'PORT', value: '80' },
    { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ];
  const command = ['check', '$(PORT)', '[$(NAME)]', '$(OTHER)', '$$(PORT)'];
  await node.create({ containers: [{ ...web, env, readinessProbe: { exec: { command } } }] });
  await node.advance('1s');
  expect(commands[0]).toEqual(['check', '80', '[]', '$(OTHER)', '$(PORT)']);
});
