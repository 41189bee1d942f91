import type { Pod, Stored } from '@orrery/api';
import { createSimulation, milliseconds } from '@orrery/core';
import { beforeEach, expect, test } from 'vitest';
import { FakeRuntime } from '../../fake-runtime.fixture.ts';
import { kubeletSettings } from '../options.ts';
import { type PodRecord, PodRecords } from '../pod/pod-records.ts';
import { collectGarbage } from './container-gc.ts';
import { RuntimeView } from './runtime-view.ts';
import { sandboxConfig } from './sandbox-config.ts';

const pod: Stored<Pod> = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: { containers: [] },
};
const simulation = createSimulation({ start: milliseconds('1h') });
let runtime: FakeRuntime;
let records: PodRecords;
let record: PodRecord;
let view: RuntimeView;

beforeEach(() => {
  const { clock } = simulation.environment;
  runtime = new FakeRuntime(clock);
  records = new PodRecords({ get: () => undefined }, clock);
  record = records.update(pod);
  view = new RuntimeView(runtime);
});

async function sandbox(attempt = 0): Promise<string> {
  await simulation.advance('1s');
  return (await view.runSandbox(record, sandboxConfig(pod, attempt, kubeletSettings({ nodeName: 'n1', runtime })))).id;
}

async function container(sandboxId: string, attempt: number): Promise<string> {
  await simulation.advance('1s');
  const id = await view.createContainer(record, sandboxId, {
    metadata: { name: 'c', attempt },
    image: 'c:1',
    command: [],
    args: [],
    workingDir: '',
    envs: [],
    mounts: [],
    labels: { 'io.kubernetes.pod.uid': 'u' },
    annotations: {},
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: { memoryLimitBytes: 0, cpuShares: 2, cpuQuota: 0 },
    security: { supplementalGroups: [], readonlyRootFilesystem: false, privileged: false },
  });
  await runtime.startContainer(id);
  return id;
}

const observedIds = (of = record, by = view) => {
  const { sandboxes, containers } = by.observed(of);
  return [...sandboxes, ...containers].map(({ id }) => id);
};

test('a new sandbox is observed at once, as the newest; a container when the runtime is asked', async () => {
  const old = await sandbox();
  const newest = await sandbox(1);
  expect(observedIds()).toEqual([newest, old]);
  const made = await container(newest, 0);
  expect(observedIds()).toEqual([newest, old]);
  await view.refresh(record);
  expect(observedIds()).toEqual([newest, old, made]);
  expect(view.sandboxIds(record)).toEqual([old, newest]);
});

test('what was removed is observed no more, whoever removed it', async () => {
  const at = await sandbox();
  const ids = [await container(at, 0), await container(at, 1), await container(at, 2)];
  await view.refresh(record);
  await view.removeContainer(record, ids[0] ?? '');
  expect(observedIds()).toEqual([at, ids[2], ids[1]]);
  expect(view.hasMoved(record)).toBe(false);
  await runtime.removeContainer(ids[1] ?? '');
  expect(view.hasMoved(record)).toBe(true);
  await view.refresh(record);
  expect(observedIds()).toEqual([at, ids[2]]);
  await view.removeContainer(record, ids[1] ?? '');
  await view.removeSandbox(record, at);
  expect(observedIds()).toEqual([ids[2]]);
});

test('it has moved as soon as the state of anything is another one', async () => {
  const at = await sandbox();
  const id = await container(at, 0);
  await view.refresh(record);
  expect(view.hasMoved(record)).toBe(false);
  runtime.end(id, 1);
  expect(view.hasMoved(record)).toBe(true);
  await view.refresh(record);
  expect(view.hasMoved(record)).toBe(false);
  await runtime.stopPodSandbox(at);
  expect(view.hasMoved(record)).toBe(true);
});

test('a kubelet that starts finds all that runs, and learns from events what others make', async () => {
  const at = await sandbox();
  const id = await container(at, 0);
  const later = new PodRecords({ get: () => undefined }, simulation.environment.clock);
  const fresh = new RuntimeView(runtime);
  await fresh.adopt(later);
  const adopted = later.get('u');
  expect(adopted).toBeDefined();
  if (adopted === undefined) return;
  await fresh.refresh(adopted);
  expect(observedIds(adopted, fresh)).toEqual([at, id]);

  const other = new RuntimeView(runtime);
  other.noticed(record, { type: 'STARTED', podUid: 'u', sandboxId: at, containerId: at });
  other.noticed(record, { type: 'CREATED', podUid: 'u', sandboxId: at, containerId: id });
  other.noticed(record, { type: 'STOPPED', podUid: 'u', sandboxId: at, containerId: 'gone' });
  await other.refresh(record);
  expect(observedIds(record, other)).toEqual([at, id]);
});

test('of each container the newest two instances are kept, of the sandboxes those that are used', async () => {
  const first = await sandbox();
  const oldest = await container(first, 0);
  runtime.end(oldest, 1);
  const second = await sandbox(1);
  const ids = [await container(second, 1), await container(second, 2), await container(second, 3)];
  for (const id of ids.slice(0, 2)) runtime.end(id, 1);
  await view.refresh(record);
  await collectGarbage(view, record);
  expect(observedIds()).toEqual([second, first, ids[2], ids[1]]);
  await collectGarbage(view, record);
  expect(observedIds()).toEqual([second, ids[2], ids[1]]);
  await view.removeAll(record);
  await view.refresh(record);
  expect([observedIds(), runtime.containers.size, runtime.sandboxes.size]).toEqual([[], 0, 0]);
});
