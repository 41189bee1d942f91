import type { LifecycleHandler, Pod } from '@orrery/api';
import { createSimulation } from '@orrery/core';
import { RuntimeError } from '@orrery/runtimes';
import { describe, expect, test } from 'vitest';
import { FakeRuntime } from '../../fake-runtime.fixture.ts';
import { runHook } from './hooks.ts';

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', uid: 'u' },
  spec: { containers: [{ name: 'c', image: 'i', ports: [{ name: 'web', containerPort: 8080 }] }] },
};
const [container] = pod.spec.containers;

/** Runs a hook against a runtime that the test prepares: what went wrong, what was warned of, and how long it took. */
async function hook(handler: LifecycleHandler, prepare: (runtime: FakeRuntime) => void = () => undefined, timeout = 0) {
  const simulation = createSimulation();
  const { clock } = simulation.environment;
  const runtime = new FakeRuntime(clock);
  prepare(runtime);
  const warnings: string[] = [];
  const begun = clock.now();
  const { signal } = new AbortController();
  if (container === undefined) throw new Error('there is a container');
  const warn = (reason: string, message: string) => warnings.push(`${reason}: ${message}`);
  let error: string | undefined;
  const run = runHook(
    handler,
    { pod, runtime, clock, signal, container, containerId: 'id', podIp: '10.0.0.1', warn },
    timeout,
  )
    .catch((failure: Error) => {
      error = failure.message;
    })
    .then(() => clock.now() - begun);
  await simulation.advance('10m');
  return { error, warnings, took: await run };
}
const exec =
  (answer: () => Promise<{ exitCode: number; stdout: string; stderr: string }>) => (runtime: FakeRuntime) => {
    runtime.execSync = answer;
  };

describe('an exec hook', () => {
  const handler = { exec: { command: ['sh', '-c', 'x'] } };
  test('succeeds with exit code 0', async () => {
    expect(
      await hook(
        handler,
        exec(async () => ({ exitCode: 0, stdout: '', stderr: '' })),
      ),
    ).toMatchObject({ error: undefined });
  });

  test('fails with another, and says what it wrote', async () => {
    const { error } = await hook(
      handler,
      exec(async () => ({ exitCode: 4, stdout: 'a\n', stderr: 'b\n' })),
    );
    expect(error).toBe(
      `Exec lifecycle hook ([sh -c x]) for Container "c" in Pod "p_default(u)" failed - error: command 'sh -c x' exited with 4: b\n, message: "a\\nb\\n"`,
    );
  });

  test('fails when the command cannot be run', async () => {
    const { error } = await hook(
      handler,
      exec(async () => {
        throw new RuntimeError('Unknown', 'no such file');
      }),
    );
    expect(error).toBe(
      'Exec lifecycle hook ([sh -c x]) for Container "c" in Pod "p_default(u)" failed - error: no such file, message: ""',
    );
  });
});

describe('an httpGet hook', () => {
  test.each([200, 302, 404, 500])('takes %d for a success: the status is not looked at', async (status) => {
    const { error, warnings } = await hook({ httpGet: { path: '/', port: 80 } }, (runtime) => {
      runtime.http = () => ({ status, body: '', headers: {} });
    });
    expect({ error, warnings }).toEqual({ error: undefined, warnings: [] });
  });

  test('goes to the Pod, at the port that the container names', async () => {
    const seen: string[] = [];
    await hook({ httpGet: { path: '/bye', port: 'web' } }, (runtime) => {
      runtime.http = ({ scheme, host, port, path }) => {
        seen.push(`${scheme}://${host}:${port}${path}`);
        return { status: 200, body: '', headers: {} };
      };
    });
    expect(seen).toEqual(['http://10.0.0.1:8080/bye']);
  });

  test('fails where nobody answers', async () => {
    const { error } = await hook({ httpGet: { path: '/bye', port: 80 } }, (runtime) => {
      runtime.http = () => {
        throw new Error('dial tcp 10.0.0.1:80: connect: connection refused');
      };
    });
    expect(error).toBe(
      'HTTP lifecycle hook (/bye) for Container "c" in Pod "p_default(u)" failed - error: dial tcp 10.0.0.1:80: connect: connection refused',
    );
  });

  const plainServer = (runtime: FakeRuntime) => {
    runtime.http = ({ scheme }) => {
      if (scheme === 'https') throw new Error('http: server gave HTTP response to HTTPS client');
      return { status: 200, body: '', headers: {} };
    };
  };
  test('falls back from https to http, with LifecycleHTTPFallback', async () => {
    expect(await hook({ httpGet: { path: '/', port: 80, scheme: 'HTTPS' } }, plainServer)).toMatchObject({
      error: undefined,
      warnings: [
        'LifecycleHTTPFallback: request to HTTPS lifecycle hook 10.0.0.1:80 got HTTP response, retry with HTTP succeeded',
      ],
    });
  });

  test('falls back for no other error', async () => {
    const { error, warnings } = await hook({ httpGet: { path: '/', port: 80, scheme: 'HTTPS' } }, (runtime) => {
      runtime.http = () => {
        throw new Error('EOF');
      };
    });
    expect(error).toMatch(/failed - error: EOF$/);
    expect(warnings).toEqual([]);
  });
});

describe('a sleep hook', () => {
  test.each([0, 1, 30])('of %d s takes so long', async (seconds) => {
    expect(await hook({ sleep: { seconds } })).toEqual({ error: undefined, warnings: [], took: seconds * 1000 });
  });
});

test.each([
  [80, '{0 80 }'],
  ['web', '{1 0 web}'],
] as const)('a tcpSocket hook is no handler: it fails (port %s)', async (port, text) => {
  expect((await hook({ tcpSocket: { port } })).error).toBe(
    `Cannot run handler: invalid handler: &LifecycleHandler{Exec:nil,HTTPGet:nil,TCPSocket:&TCPSocketAction{Port:${text},Host:,},Sleep:nil,}`,
  );
});
