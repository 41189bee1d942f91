import type { Container, ContainerStatus, Pod } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { podPhase } from './pod-phase.ts';

type Policy = 'Always' | 'OnFailure' | 'Never';

const at = '2026-01-01T00:00:00Z';

function status(name: string, text: string): ContainerStatus[] {
  const end = (exitCode: number) => ({ terminated: { exitCode, startedAt: at, finishedAt: at } });
  const base = { name, image: 'i', imageID: '', ready: false, restartCount: 0 };
  const states: { [text: string]: Partial<ContainerStatus> } = {
    waiting: { state: { waiting: {} } },
    running: { state: { running: { startedAt: at } }, started: false },
    started: { state: { running: { startedAt: at } }, started: true },
    ok: { state: end(0) },
    failed: { state: end(1) },
    'again ok': { state: { waiting: {} }, lastState: end(0) },
    'again failed': { state: { waiting: {} }, lastState: end(1) },
    odd: { state: {} },
  };
  return text === 'missing' ? [] : [{ ...base, ...states[text] }];
}

function phase(
  restartPolicy: Policy,
  regular: string[],
  init: string[] = [],
  { stopped = false, sidecars = false, own }: { stopped?: boolean; sidecars?: boolean; own?: Partial<Container> } = {},
): string {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: {
      restartPolicy,
      containers: regular.map((_, i) => ({ name: `c${i}`, image: 'i', ...own })),
      initContainers: init.map((_, i) => ({
        name: `i${i}`,
        image: 'i',
        ...(sidecars ? { restartPolicy: 'Always' } : {}),
      })),
    },
  };
  return podPhase(
    pod,
    {
      containerStatuses: regular.flatMap((text, i) => status(`c${i}`, text)),
      initContainerStatuses: init.flatMap((text, i) => status(`i${i}`, text)),
    },
    stopped,
  );
}

describe('regular containers', () => {
  test.each<[Policy, string[], string, string]>([
    ['Always', ['waiting'], 'Pending', 'one that waits'],
    ['Always', ['missing'], 'Pending', 'one without a status'],
    ['Always', ['odd'], 'Pending', 'one in no state'],
    ['Never', ['odd', 'ok'], 'Pending', 'one in no state beside one that is done'],
    ['Never', ['missing', 'failed'], 'Pending', 'one without a status beside one that has failed'],
    ['Never', ['waiting', 'failed'], 'Pending', 'one waits, one has failed'],
    ['Never', ['again ok'], 'Succeeded', 'Never: a last success counts as ended'],
    ['Never', ['again failed'], 'Failed', 'Never: a last failure counts as ended'],
    ['OnFailure', ['ok', 'again ok'], 'Succeeded', 'OnFailure: a last success counts as ended'],
    ['Always', ['started'], 'Running', 'all run'],
    ['Always', ['started', 'waiting'], 'Pending', 'one runs, one waits'],
    ['Always', ['started', 'missing'], 'Pending', 'one runs, one is unknown'],
    ['Always', ['started', 'failed'], 'Running', 'one runs, one has failed'],
    ['Never', ['started', 'ok'], 'Running', 'one runs, one is done'],
    ['Always', ['ok'], 'Running', 'Always: an exit of 0 is restarted'],
    ['Always', ['failed'], 'Running', 'Always: a failure is restarted'],
    ['Always', ['again failed'], 'Running', 'a back-off counts as stopped'],
    ['OnFailure', ['ok', 'ok'], 'Succeeded', 'OnFailure: all 0'],
    ['OnFailure', ['ok', 'failed'], 'Running', 'OnFailure: a failure is restarted'],
    ['OnFailure', ['again failed'], 'Running', 'OnFailure: in back-off'],
    ['Never', ['ok', 'ok'], 'Succeeded', 'Never: all 0'],
    ['Never', ['ok', 'failed'], 'Failed', 'Never: a failure'],
  ])('%s %j: %s (%s)', (policy, regular, expected) => {
    expect(phase(policy, regular)).toBe(expected);
  });

  test.each([
    ['Always', ['ok'], 'Succeeded'],
    ['Always', ['ok', 'failed'], 'Failed'],
    ['OnFailure', ['failed'], 'Failed'],
  ] as const)('stopped for good, %s %j: %s', (policy, regular, expected) => {
    expect(phase(policy, [...regular], [], { stopped: true })).toBe(expected);
  });

  test('a container’s own policy goes before the Pod’s', () => {
    expect(phase('Always', ['failed'], [], { own: { restartPolicy: 'Never' } })).toBe('Failed');
    expect(phase('Never', ['failed'], [], { own: { restartPolicy: 'OnFailure' } })).toBe('Running');
  });
});

describe('init containers', () => {
  test.each<[Policy, string[], string[], string, string]>([
    ['Always', ['missing'], ['waiting'], 'Pending', 'none has run'],
    ['Always', ['waiting'], ['waiting'], 'Pending', 'one waits'],
    ['Always', ['odd'], ['started'], 'Pending', 'one in no state, whatever the containers do'],
    ['Never', ['failed', 'missing'], ['missing'], 'Failed', 'Never: a failure goes before those that have not run'],
    ['Always', ['running'], ['waiting'], 'Pending', 'one runs'],
    ['Always', ['ok'], ['waiting'], 'Pending', 'all done, containers to come'],
    ['Always', ['ok'], ['started'], 'Running', 'all done, containers run'],
    ['Always', ['failed'], ['waiting'], 'Pending', 'a failure that is tried again'],
    ['Always', ['again failed'], ['waiting'], 'Pending', 'in back-off'],
    ['Never', ['failed'], ['waiting'], 'Failed', 'Never: a failure fails the Pod'],
    ['Never', ['again failed'], ['waiting'], 'Failed', 'Never: a last failure too'],
    ['OnFailure', ['again ok'], ['started'], 'Running', 'a last success counts'],
    ['OnFailure', ['failed'], ['waiting'], 'Pending', 'OnFailure: tried again'],
  ])('%s %j then %j: %s (%s)', (policy, init, regular, expected) => {
    expect(phase(policy, regular, init)).toBe(expected);
  });
});

describe('sidecars', () => {
  test.each<[Policy, string[], string[], string, string]>([
    ['Always', ['running'], ['waiting'], 'Pending', 'not started yet'],
    ['Always', ['waiting'], ['waiting'], 'Pending', 'waits'],
    ['Always', ['running'], ['started'], 'Running', 'not started, but a container has run'],
    ['Always', ['started'], ['started'], 'Running', 'started'],
    ['Never', ['started'], ['ok'], 'Running', 'still runs when the containers are done'],
    ['Never', ['failed'], ['ok'], 'Succeeded', 'its exit code does not count'],
    ['Never', ['again failed'], ['ok'], 'Succeeded', 'nor in back-off'],
    ['Always', ['missing'], ['started'], 'Pending', 'without a status'],
    ['Always', ['odd'], ['waiting'], 'Pending', 'in no state'],
    ['Always', ['odd'], ['started'], 'Pending', 'in no state, beside a container that runs'],
    ['Always', ['waiting'], ['started'], 'Pending', 'waits for its first start, beside a container that runs'],
    ['Always', ['again failed'], ['started'], 'Running', 'in back-off, beside a container that runs'],
  ])('%s %j then %j: %s (%s)', (policy, init, regular, expected) => {
    expect(phase(policy, regular, init, { sidecars: true })).toBe(expected);
  });
});
