import type { Container, Pod, Probe } from '@orrery/api';
import { createSimulation } from '@orrery/core';
import type { HttpProbeRequest } from '@orrery/runtimes';
import { describe, expect, test } from 'vitest';
import { FakeRuntime } from '../../fake-runtime.fixture.ts';
import { httpRequest, portNumber, probeCall } from './probe-handler.ts';
import { initialVerdict, newProbeState, type ProbeOutcome, type ProbeType, recordOutcome } from './probe-state.ts';

const container: Container = { name: 'c', image: 'i', ports: [{ name: 'web', containerPort: 8080 }] };
const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [container] } };

describe('results', () => {
  test.each([
    ['liveness', 'success'],
    ['readiness', 'failure'],
    ['startup', 'unknown'],
  ] as const)('before the first probe %s is %s', (type, verdict) => {
    expect(initialVerdict(type)).toBe(verdict);
  });

  function verdicts(type: ProbeType, outcomes: string, failureThreshold = 3, successThreshold = 1): string {
    const letters: { [letter: string]: ProbeOutcome } = { f: 'failure', s: 'success', e: 'error', w: 'warning' };
    const state = newProbeState(type);
    return [...outcomes]
      .map((letter) => {
        recordOutcome(state, type, letters[letter] as ProbeOutcome, failureThreshold, successThreshold);
        return state.verdict[0];
      })
      .join('');
  }

  test.each<[string, ProbeType, string, number, number, string]>([
    ['failures in a row reach the threshold', 'liveness', 'fff', 3, 1, 'ssf'],
    ['a success in between starts the count again', 'liveness', 'ffsfff', 3, 1, 'sssssf'],
    ['an error changes nothing and does not break the row', 'liveness', 'ffef', 3, 1, 'sssf'],
    ['one success is enough by default', 'readiness', 's', 3, 1, 's'],
    ['successes in a row reach their threshold', 'readiness', 'ssfss', 3, 2, 'fssss'],
    ['readiness flips back and forth', 'readiness', 'sfffs', 3, 1, 'sssfs'],
    ['a warning counts as success', 'readiness', 'w', 3, 1, 's'],
    ['startup becomes success', 'startup', 'fs', 3, 1, 'us'],
  ])('%s', (_rule, type, outcomes, failures, successes, expected) => {
    expect(verdicts(type, outcomes, failures, successes)).toBe(expected);
  });

  test('an outcome is news only when the verdict flips', () => {
    const state = newProbeState('readiness');
    const flips = (['success', 'success', 'failure', 'failure', 'failure', 'error', 'success'] as const).map(
      (outcome) => recordOutcome(state, 'readiness', outcome, 2, 1),
    );
    expect(flips).toEqual([true, false, false, true, false, false, true]);
  });

  test('after a liveness or startup failure the probe is on hold, after a readiness failure not', () => {
    for (const type of ['liveness', 'startup', 'readiness'] as const) {
      const state = newProbeState(type);
      recordOutcome(state, type, 'failure', 1, 1);
      expect(state.onHold).toBe(type !== 'readiness');
    }
  });
});

describe('ports', () => {
  test.each<[number | string, number | undefined]>([
    [80, 80],
    ['web', 8080],
    ['9090', 9090],
    ['none', undefined],
    [0, undefined],
    [65536, undefined],
  ])('%j is %s', (port, number) => {
    expect(portNumber(port, container)).toBe(number);
  });
});

describe('the request of an httpGet', () => {
  const request = (action: Probe['httpGet']) =>
    httpRequest(action as NonNullable<Probe['httpGet']>, container, '10.0.0.1', 1000);
  const agent = { name: 'User-Agent', value: 'kube-probe/1.35' };
  const accept = { name: 'Accept', value: '*/*' };
  test.each<[string, NonNullable<Probe['httpGet']>, Partial<HttpProbeRequest>]>([
    [
      'goes to the Pod’s address, path /',
      { port: 80 },
      { host: '10.0.0.1', port: 80, path: '/', scheme: 'http', headers: [agent, accept] },
    ],
    ['a host can be named', { port: 80, host: 'example.com' }, { host: 'example.com' }],
    ['a scheme too', { port: 80, scheme: 'HTTPS' }, { scheme: 'https' }],
    ['a path without a slash gets one', { port: 80, path: 'x' }, { path: '/x' }],
    [
      'headers are kept',
      { port: 80, httpHeaders: [{ name: 'Host', value: 'h' }] },
      { headers: [{ name: 'Host', value: 'h' }, agent, accept] },
    ],
    [
      'an own User-Agent replaces the kubelet’s',
      { port: 80, httpHeaders: [{ name: 'user-agent', value: 'me' }] },
      { headers: [{ name: 'user-agent', value: 'me' }, accept] },
    ],
    ['an empty Accept removes it', { port: 80, httpHeaders: [{ name: 'Accept', value: '' }] }, { headers: [agent] }],
  ])('%s', (_rule, action, expected) => {
    expect(request(action)).toMatchObject(expected);
  });
});

describe('handlers', () => {
  async function probe(spec: Probe, setup: (runtime: FakeRuntime) => void = () => undefined) {
    const { environment } = createSimulation();
    const runtime = new FakeRuntime(environment.clock);
    setup(runtime);
    const sandbox = await runtime.runPodSandbox({
      metadata: { name: 'p', namespace: 'd', uid: 'u', attempt: 0 },
      namespaces: { network: 'POD', pid: 'POD', ipc: 'POD' },
    } as never);
    const id = await runtime.createContainer(sandbox, { metadata: { name: 'c', attempt: 0 }, image: 'i' } as never);
    return probeCall(runtime, pod, container, spec, id, '10.0.0.1')();
  }
  const http =
    (status: number, headers = {}) =>
    (runtime: FakeRuntime) => {
      runtime.http = () => ({ status, body: 'body', headers });
    };

  test.each([
    [200, 'success'],
    [204, 'success'],
    [304, 'warning'],
    [400, 'failure'],
    [503, 'failure'],
    [199, 'failure'],
  ])('http %d is %s', async (status, outcome) => {
    expect((await probe({ httpGet: { port: 80 } }, http(status))).outcome).toBe(outcome);
  });

  test('a failure’s message has the code and no body', async () => {
    expect((await probe({ httpGet: { port: 80 } }, http(500))).message).toBe('HTTP probe failed with statuscode: 500');
  });

  test('a redirect off the host is a success with a warning', async () => {
    const result = await probe({ httpGet: { port: 80 } }, http(302, { location: 'http://elsewhere/' }));
    expect(result).toEqual({ outcome: 'warning', message: 'Probe terminated redirects, Response body: body' });
  });

  test('a redirect on the host is followed, at most ten times', async () => {
    const paths: string[] = [];
    const result = await probe({ httpGet: { port: 80, path: '/a' } }, (runtime) => {
      runtime.http = ({ path, port }) => {
        paths.push(`${port}${path}`);
        if (path === '/c') return { status: 200, body: '', headers: {} };
        const headers: { [name: string]: string } = { location: path === '/a' ? '/b?x=1' : 'http://10.0.0.1:81/c' };
        return { status: 301, body: '', headers };
      };
    });
    expect([result.outcome, ...paths]).toEqual(['success', '80/a', '80/b?x=1', '81/c']);
    const loop = await probe({ httpGet: { port: 80 } }, http(301, { location: '/' }));
    expect(loop).toEqual({ outcome: 'failure', message: 'stopped after 10 redirects' });
  });

  test('no connection is a failure, with the network’s text', async () => {
    const refuse = (runtime: FakeRuntime) => {
      runtime.tcp = () => {
        throw new Error('dial tcp 10.0.0.1:80: connect: connection refused');
      };
    };
    expect(await probe({ tcpSocket: { port: 80 } }, refuse)).toEqual({
      outcome: 'failure',
      message: 'dial tcp 10.0.0.1:80: connect: connection refused',
    });
    expect((await probe({ tcpSocket: { port: 80 } })).outcome).toBe('success');
  });

  test('an answer comes at once where the runtime gives it at once', () => {
    const runtime = new FakeRuntime(createSimulation().environment.clock);
    const call = (spec: Probe) => probeCall(runtime, pod, container, spec, 'id', '10.0.0.1')();
    expect(call({ httpGet: { port: 80 } })).not.toBeInstanceOf(Promise);
    expect(call({ tcpSocket: { port: 80 } })).not.toBeInstanceOf(Promise);
  });

  test.each([
    [0, 'success', ''],
    [1, 'failure', 'no'],
  ])('exec: exit %d is %s', async (code, outcome, message) => {
    const result = await probe({ exec: { command: ['x'] } }, (runtime) =>
      runtime.programs.set('i', { exec: () => code }),
    );
    expect(result).toEqual({ outcome, message });
  });

  test('a port that cannot be found is an error of the probe', async () => {
    expect((await probe({ tcpSocket: { port: 'none' } })).outcome).toBe('error');
  });

  test.each([
    [{ port: 9000 }, ''],
    [{ port: 9000, service: 'live' }, 'live'],
  ])('grpc asks the Pod for the health of a service, by default of none: %j', async (grpc, service) => {
    const asked: unknown[] = [];
    await probe({ grpc, timeoutSeconds: 3 }, (runtime) => {
      runtime.network.grpcHealth = (...args) => {
        asked.push(args);
        return 'SERVING';
      };
    });
    expect(asked).toEqual([['10.0.0.1', 9000, service, 3000]]);
  });

  test('grpc that nobody answers is a failure', async () => {
    const result = await probe({ grpc: { port: 1 } }, (runtime) => {
      runtime.network.grpcHealth = () => {
        throw new Error('timeout: failed to connect service "10.0.0.1:1" within 1s');
      };
    });
    expect(result.outcome).toBe('failure');
  });

  test.each([
    ['SERVING', 'success', ''],
    ['UNKNOWN', 'failure', 'service unhealthy (responded with "UNKNOWN")'],
    ['SERVICE_UNKNOWN', 'failure', 'service unhealthy (responded with "SERVICE_UNKNOWN")'],
    ['NOT_SERVING', 'failure', 'service unhealthy (responded with "NOT_SERVING")'],
  ])('grpc %s is %s', async (status, outcome, message) => {
    const result = await probe({ grpc: { port: 1 } }, (runtime) => {
      runtime.network.grpcHealth = () => status;
    });
    expect(result).toEqual({ outcome, message });
  });
});
