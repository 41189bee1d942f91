import type { Container, Pod, PodSpec } from '@orrery/api';
import type { ContainerStatus } from '@orrery/runtimes';
import { describe, expect, test } from 'vitest';
import { observe } from '../containers/observed.ts';
import { hashAnnotation } from '../containers/runtime-labels.ts';
import { type ContainerHealth, type PodPlan, podActions } from './pod-actions.ts';

const healthy: ContainerHealth = { liveness: () => 'success', startup: () => 'success' };

function sandbox(attempt = 0, state: 'READY' | 'NOTREADY' = 'READY', ips = ['10.0.0.1']) {
  return {
    id: `s${attempt}`,
    metadata: { name: 'p', namespace: 'd', uid: 'u', attempt },
    state,
    createdAt: attempt,
    ips,
  };
}

/** `name:state[:exitCode]`, in the first sandbox or another: `name:EXITED:1@s1`. */
function instance(text: string, createdAt: number): ContainerStatus {
  const [rest = '', sandboxId = 's0'] = text.split('@');
  const [name = '', state, exitCode = '0'] = rest.split(':');
  return {
    id: name,
    sandboxId,
    metadata: { name, attempt: 0 },
    state: state as ContainerStatus['state'],
    createdAt,
    startedAt: 0,
    finishedAt: 0,
    exitCode: Number(exitCode),
    reason: '',
    message: '',
    image: 'i',
    imageRef: 'i',
    labels: {},
    annotations: {},
  };
}

function plan(
  spec: Partial<PodSpec>,
  instances: string[],
  health: Partial<ContainerHealth> = {},
  sandboxes = [sandbox()],
): string {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'a', image: 'i' }], ...spec },
  };
  return text(podActions(pod, observe(sandboxes, instances.map(instance)), { ...healthy, ...health }));
}

function text(result: PodPlan): string {
  return [
    ...(result.killPod ? ['kill pod'] : []),
    ...(result.createSandbox ? [`sandbox ${result.attempt}`] : []),
    ...result.kill.map(({ containerId }) => `kill ${containerId}`),
    ...[...result.startEphemeral, ...result.startInit, ...result.start].map(({ spec }) => `start ${spec.name}`),
  ].join(', ');
}

const a: Container = { name: 'a', image: 'i' };
const b: Container = { name: 'b', image: 'i' };
const init = (...names: string[]): Container[] => names.map((name) => ({ name, image: 'i' }));
const side = (...names: string[]): Container[] => names.map((name) => ({ name, image: 'i', restartPolicy: 'Always' }));

describe('the sandbox', () => {
  test('comes first', () => {
    expect(plan({ containers: [a, b] }, [], {}, [])).toBe('kill pod, sandbox 0, start a, start b');
  });
  test('with the first init container only', () => {
    expect(plan({ initContainers: init('i', 'j') }, [], {}, [])).toBe('kill pod, sandbox 0, start i');
  });
  test('is made again when it is not ready: all starts over', () => {
    const spec = { initContainers: init('i') };
    expect(plan(spec, ['i:EXITED', 'a:RUNNING'], {}, [sandbox(0, 'NOTREADY')])).toBe('kill pod, sandbox 1, start i');
  });
  test('is made again when it has lost its address', () => {
    expect(plan({}, ['a:RUNNING'], {}, [sandbox(0, 'READY', [])])).toBe('kill pod, sandbox 1, start a');
  });
  test('needs no address on the node’s network', () => {
    expect(plan({ hostNetwork: true }, ['a:RUNNING'], {}, [sandbox(0, 'READY', [])])).toBe('');
  });
  test('of which two are ready is made again', () => {
    expect(plan({}, ['a:RUNNING'], {}, [sandbox(0), sandbox(1)])).toBe('kill pod, sandbox 2, start a');
  });
  test('is not made again for a Pod that never restarts', () => {
    expect(plan({ restartPolicy: 'Never' }, ['a:EXITED:1'], {}, [sandbox(0, 'NOTREADY')])).toBe('kill pod');
  });
  test('is not made again when all containers are done', () => {
    expect(plan({ restartPolicy: 'OnFailure' }, ['a:EXITED:0'], {}, [sandbox(0, 'NOTREADY')])).toBe('kill pod');
  });
  test('is made again for those that are not done', () => {
    const spec = { restartPolicy: 'OnFailure' as const, containers: [a, b] };
    expect(plan(spec, ['a:EXITED:0', 'b:EXITED:1'], {}, [sandbox(0, 'NOTREADY')])).toBe('kill pod, sandbox 1, start b');
  });
});

describe('regular containers', () => {
  test.each<[string, Partial<PodSpec>, string[], string]>([
    ['all that are missing are started', { containers: [a, b] }, [], 'start a, start b'],
    ['those that run are left alone', { containers: [a, b] }, ['a:RUNNING'], 'start b'],
    ['Always restarts an exit of 0', {}, ['a:EXITED:0'], 'start a'],
    ['OnFailure restarts a failure', { restartPolicy: 'OnFailure' }, ['a:EXITED:1'], 'start a'],
    ['a Pod whose containers are all done is killed', { restartPolicy: 'OnFailure' }, ['a:EXITED:0'], 'kill pod'],
    ['Never restarts nothing', { restartPolicy: 'Never' }, ['a:EXITED:1'], 'kill pod'],
    [
      'one that is done does not stop the others',
      { restartPolicy: 'Never', containers: [a, b] },
      ['a:EXITED:1', 'b:RUNNING'],
      '',
    ],
    ['one that was made but not started is started', {}, ['a:CREATED'], 'start a'],
    ['one in an unknown state is killed first', {}, ['a:UNKNOWN'], 'kill a, start a'],
    [
      'a container’s own policy goes before the Pod’s',
      { containers: [{ ...a, restartPolicy: 'Never' }, b] },
      ['a:EXITED:1', 'b:RUNNING'],
      '',
    ],
    [
      'a rule for the exit code goes before the container’s policy',
      {
        restartPolicy: 'Never',
        containers: [
          {
            ...a,
            restartPolicy: 'Never',
            restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
          },
        ],
      },
      ['a:EXITED:42'],
      'start a',
    ],
  ])('%s', (_rule, spec, instances, expected) => {
    expect(plan(spec, instances)).toBe(expected);
  });

  test('a failed liveness probe kills and restarts', () => {
    expect(plan({}, ['a:RUNNING'], { liveness: () => 'failure' })).toBe('kill a, start a');
  });
  test('and with restartPolicy Never only kills', () => {
    expect(
      plan({ restartPolicy: 'Never', containers: [a, b] }, ['a:RUNNING', 'b:RUNNING'], {
        liveness: (id) => (id === 'a' ? 'failure' : 'success'),
      }),
    ).toBe('kill a');
  });
  test('a failed startup probe kills and restarts', () => {
    expect(plan({}, ['a:RUNNING'], { startup: () => 'failure' })).toBe('kill a, start a');
  });
  test('another hash than the instance was made from kills and restarts', () => {
    const made = { ...instance('a:RUNNING', 0), annotations: { [hashAnnotation]: 'old' } };
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [a] } };
    const result = podActions(pod, observe([sandbox()], [made]), healthy, () => 'new');
    expect(text(result)).toBe('kill a, start a');
    expect(result.kill[0]?.message).toBe('Container a definition changed, will be restarted');
  });
  test('the messages of kills by probes', () => {
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [a], restartPolicy: 'Never' },
    };
    const result = podActions(pod, observe([sandbox()], [instance('a:RUNNING', 0)]), {
      ...healthy,
      liveness: () => 'failure',
    });
    expect(result.kill[0]?.message).toBe('Container a failed liveness probe');
  });
});

describe('init containers', () => {
  const spec = { initContainers: init('i', 'j') };
  test.each<[string, Partial<PodSpec>, string[], string]>([
    ['the first is started alone', spec, [], 'start i'],
    ['while it runs nothing happens', spec, ['i:RUNNING'], ''],
    ['the next after an exit of 0', spec, ['i:EXITED:0'], 'start j'],
    ['the containers after the last', spec, ['i:EXITED:0', 'j:EXITED:0'], 'start a'],
    ['a failure is tried again', spec, ['i:EXITED:0', 'j:EXITED:1'], 'start j'],
    ['with OnFailure too', { ...spec, restartPolicy: 'OnFailure' }, ['i:EXITED:1'], 'start i'],
    ['with Never it ends the Pod', { ...spec, restartPolicy: 'Never' }, ['i:EXITED:1'], 'kill pod'],
    ['once a container has been made they are not run again', spec, ['a:RUNNING'], ''],
    ['nor when it has not been started yet', spec, ['a:CREATED'], 'start a'],
    ['nor when it has ended', spec, ['a:EXITED:1'], 'start a'],
    ['what ran in an older sandbox does not count', spec, ['i:EXITED:0@s9', 'a:EXITED:1@s9'], 'start i'],
  ])('%s', (_rule, podSpec, instances, expected) => {
    expect(plan(podSpec, instances)).toBe(expected);
  });
});

describe('sidecars', () => {
  const spec = { initContainers: [...side('s'), ...init('i'), ...side('t')] };
  const waitFor = (id: string, verdict: 'unknown' | 'failure') => ({
    startup: (one: string) => (one === id ? verdict : ('success' as const)),
  });
  test.each<[string, Partial<PodSpec>, string[], Partial<ContainerHealth>, string]>([
    ['start in order with the other init containers', spec, [], {}, 'start s'],
    ['the next starts when the sidecar has started', spec, ['s:RUNNING'], {}, 'start i'],
    ['and waits for its startup probe', spec, ['s:RUNNING'], waitFor('s', 'unknown'), ''],
    ['all sidecars started: the containers', spec, ['s:RUNNING', 'i:EXITED:0', 't:RUNNING'], {}, 'start a'],
    ['a failed init container behind it is tried again', spec, ['s:RUNNING', 'i:EXITED:1'], {}, 'start i'],
    ['one that ends is restarted while others initialize', spec, ['s:EXITED:0', 'i:RUNNING'], {}, 'start s'],
    [
      'and later, whatever the Pod’s policy',
      { ...spec, restartPolicy: 'Never' },
      ['s:EXITED:1', 'i:EXITED:0', 't:RUNNING', 'a:RUNNING'],
      {},
      'start s',
    ],
    ['one that is lost is made again', spec, ['i:EXITED:0', 't:RUNNING', 'a:RUNNING'], {}, 'start s'],
    ['a failed startup probe kills and restarts it', spec, ['s:RUNNING'], waitFor('s', 'failure'), 'kill s, start s'],
    [
      'a failed liveness probe too',
      spec,
      ['s:RUNNING', 'i:EXITED:0', 't:RUNNING', 'a:RUNNING'],
      { liveness: (id) => (id === 't' ? 'failure' : 'success') },
      'kill t, start t',
    ],
    [
      'are ended when all containers are done',
      { ...spec, restartPolicy: 'Never' },
      ['s:RUNNING', 'i:EXITED:0', 't:RUNNING', 'a:EXITED:0'],
      {},
      'kill pod',
    ],
  ])('%s', (_rule, podSpec, instances, health, expected) => {
    expect(plan(podSpec, instances, health)).toBe(expected);
  });
});

test('an ephemeral container is started once', () => {
  const spec = { ephemeralContainers: [{ name: 'e', image: 'i' }] };
  expect(plan(spec, ['a:RUNNING'])).toBe('start e');
  expect(plan(spec, ['a:RUNNING', 'e:EXITED:1'])).toBe('');
});
