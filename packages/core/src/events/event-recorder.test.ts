import { Event, failures, type KubernetesObject, type Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { createSimulation } from '../clock/simulation.ts';
import { openTestServer } from '../server.fixture.ts';
import { Correlator } from './correlator.ts';
import { createEventRecorder, type EventRecorderOptions } from './event-recorder.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', uid: 'u1', resourceVersion: '5' },
};

async function setup(options: Partial<EventRecorderOptions> = {}) {
  const simulation = createSimulation();
  const { environment } = simulation;
  const server = await openTestServer(environment);
  const recorder = createEventRecorder({ client: server.client, environment, component: 'kubelet', ...options });
  const events = () => server.objects(Event) as Stored<Event>[];
  const logged: string[] = [];
  environment.inspector.events.subscribe((event) => event.type === 'log' && logged.push(event.message));
  return { simulation, environment, server, recorder, events, logged };
}

test('an Event has the fields that Kubernetes gives it', async () => {
  const { simulation, recorder, events } = await setup({ host: 'node1' });
  recorder.event(pod, 'Normal', 'Pulled', 'Successfully pulled image', { fieldPath: 'spec.containers{web}' });
  await simulation.settle();
  expect(events()).toHaveLength(1);
  expect(events()[0]).toMatchObject({
    metadata: { name: expect.stringMatching(/^web\.[0-9a-f]{16}$/), namespace: 'shop' },
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'shop',
      name: 'web',
      uid: 'u1',
      resourceVersion: '5',
      fieldPath: 'spec.containers{web}',
    },
    reason: 'Pulled',
    message: 'Successfully pulled image',
    type: 'Normal',
    count: 1,
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:00Z',
    source: { component: 'kubelet', host: 'node1' },
    reportingComponent: 'kubelet',
    reportingInstance: 'node1',
  });
});

test('events of the same millisecond are listed in the order in which they happened', async () => {
  const { simulation, recorder, events } = await setup();
  const reasons = ['Pulling', 'Pulled', 'Created', 'Started', 'Unhealthy', 'Killing'];
  for (const reason of reasons) recorder.event(pod, 'Normal', reason, reason);
  await simulation.settle();
  const byName = [...events()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  expect(byName.map(({ reason }) => reason)).toEqual(reasons);
});

test('the same event again raises the count of the one that is there', async () => {
  const { simulation, recorder, events } = await setup();
  for (let i = 0; i < 3; i++) {
    recorder.event(pod, 'Warning', 'BackOff', 'Back-off');
    await simulation.advance('10s');
  }
  expect(events()).toMatchObject([
    { count: 3, firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:00:20Z' },
  ]);
});

test('events on different parts, reasons, types and objects are kept apart', async () => {
  const { simulation, recorder, events } = await setup();
  recorder.event(pod, 'Normal', 'Pulled', 'm', { fieldPath: 'spec.containers{a}' });
  recorder.event(pod, 'Normal', 'Pulled', 'm', { fieldPath: 'spec.containers{b}' });
  recorder.event(pod, 'Warning', 'Pulled', 'm', { fieldPath: 'spec.containers{b}' });
  recorder.event(pod, 'Normal', 'Created', 'm', { fieldPath: 'spec.containers{b}' });
  recorder.event({ ...pod, metadata: { ...pod.metadata, uid: 'u2' } }, 'Normal', 'Created', 'm');
  await simulation.settle();
  expect(events().map((event) => event.count)).toEqual([1, 1, 1, 1, 1]);
  expect(new Set(events().map((event) => event.metadata.name)).size).toBe(5);
});

test('an event about a cluster-scoped object is written in the namespace default', async () => {
  const { simulation, recorder, events } = await setup();
  const node: KubernetesObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', uid: 'u' } };
  recorder.event(node, 'Normal', 'NodeReady', 'm');
  await simulation.settle();
  expect(events()[0]?.metadata.namespace).toBe('default');
  expect(events()[0]?.involvedObject).toEqual({ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'u' });
});

test('an Event that has expired is made anew with its count', async () => {
  const { simulation, recorder, events, server } = await setup();
  recorder.event(pod, 'Warning', 'BackOff', 'Back-off');
  await simulation.settle();
  await server.client.deleteCollection(Event, { namespace: 'shop' });
  recorder.event(pod, 'Warning', 'BackOff', 'Back-off');
  await simulation.settle();
  expect(events()).toMatchObject([{ count: 2 }]);
});

test('what the server cannot take now is tried again, in order', async () => {
  const { simulation, recorder, events, server } = await setup();
  server.refusals.push(failures.serviceUnavailable('starting'), new Error('connection refused'));
  recorder.event(pod, 'Normal', 'A', 'm');
  recorder.event(pod, 'Normal', 'B', 'm');
  await simulation.settle();
  expect(
    events()
      .map((event) => event.reason)
      .sort(),
  ).toEqual(['A', 'B']);
  expect(server.calls.map((call) => call.split('.')[0])).toEqual(
    Array.from({ length: 4 }, () => 'create Event/shop/web'),
  );
});

test('what the server refuses is logged and dropped, and the next is written', async () => {
  const { simulation, recorder, events, server, logged } = await setup();
  server.refusals.push(failures.forbidden(Event, '', 'no'));
  recorder.event(pod, 'Normal', 'A', 'm');
  recorder.event(pod, 'Normal', 'B', 'm');
  await simulation.settle();
  expect(events().map((event) => event.reason)).toEqual(['B']);
  expect(logged).toEqual(['dropped an event: it cannot be written']);
});

test('a name that is taken is made anew', async () => {
  const { simulation, recorder, events, server } = await setup();
  server.refusals.push(failures.alreadyExists(Event, 'x'));
  recorder.event(pod, 'Normal', 'A', 'm');
  await simulation.settle();
  expect(events()).toHaveLength(1);
});

test('too many events that wait are dropped, and a caller never fails', async () => {
  const { simulation, recorder, events, logged } = await setup();
  recorder.event({}, 'Normal', 'Odd', 'no metadata');
  for (let i = 0; i < 1001; i++) recorder.event({ ...pod, metadata: { name: `p${i}` } }, 'Normal', 'A', 'm');
  await simulation.settle();
  // One waits for the server to refuse it, so there is room for 999 more.
  expect(events()).toHaveLength(999);
  expect(logged.sort()).toEqual([
    'dropped an event: it cannot be written',
    'dropped an event: too many wait to be written',
    'dropped an event: too many wait to be written',
  ]);
});

test('an aborted recorder writes no more', async () => {
  const abort = new AbortController();
  const { simulation, recorder, events, server } = await setup({ signal: abort.signal });
  server.refusals.push(new Error('connection refused'));
  recorder.event(pod, 'Normal', 'A', 'm');
  await simulation.idle();
  abort.abort();
  recorder.event(pod, 'Normal', 'B', 'm');
  await simulation.advance('1h');
  expect(events()).toEqual([]);
});

describe('correlator', () => {
  const occurrence = (message: string, object = 'o') => ({
    subject: object,
    object,
    type: 'Normal',
    reason: 'R',
    message,
  });
  const correlator = () => {
    const inner = new Correlator();
    let names = 0;
    return (message: string, minutes = 0, object = 'o') =>
      inner.correlate(occurrence(message, object), minutes * 60_000, () => `e${++names}`);
  };

  test('from the tenth different message within ten minutes on, messages are combined', () => {
    const correlate = correlator();
    for (let i = 1; i < 10; i++) expect(correlate(`m${i}`)).toMatchObject({ name: `e${i}`, count: 1 });
    expect(correlate('m10')).toMatchObject({ count: 1, message: '(combined from similar events): m10' });
    expect(correlate('m11')).toMatchObject({ count: 2, message: '(combined from similar events): m11' });
    expect(correlate('m3', 5)).toMatchObject({ name: 'e3', count: 2, message: 'm3' });
    expect(correlate('m12', 16)).toMatchObject({ count: 1, message: 'm12' });
  });

  test('an object has 25 events at once, then one more each five minutes', () => {
    const correlate = correlator();
    for (let i = 0; i < 25; i++) expect(correlate('m')).toBeDefined();
    expect(correlate('m')).toBeUndefined();
    expect(correlate('m', 0, 'another')).toBeDefined();
    expect(correlate('m', 4.9)).toBeUndefined();
    expect(correlate('m', 5.1)).toMatchObject({ count: 28 });
    expect(correlate('m', 5.2)).toBeUndefined();
  });
});
