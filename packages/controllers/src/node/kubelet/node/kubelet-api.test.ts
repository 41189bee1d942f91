import type { LogEntry } from '@orrery/runtimes';
import { from, lastValueFrom, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { startNode } from '../../node.fixture.ts';
import { type LogOptions, logStream } from '../containers/log-stream.ts';
import { noLogText } from './kubelet-api.ts';

const entries: LogEntry[] = [
  { time: 1000, stream: 'stdout', text: 'one\ntwo\n' },
  { time: 2000, stream: 'stderr', text: 'err' },
  { time: 2500, stream: 'stderr', text: 'or\n' },
  { time: 3000, stream: 'stdout', text: 'three' },
];

async function read(options: LogOptions): Promise<string> {
  const parts = await lastValueFrom(logStream(from(entries), entries, options, 4000).pipe(toArray()));
  return parts.map((part) => new TextDecoder().decode(part)).join('');
}

test.each<[string, LogOptions, string]>([
  ['everything', {}, 'one\ntwo\nerror\nthree'],
  ['the last lines', { tailLines: 2 }, 'error\nthree'],
  ['no lines', { tailLines: 0 }, ''],
  ['more lines than there are', { tailLines: 99 }, 'one\ntwo\nerror\nthree'],
  ['since so many seconds', { sinceSeconds: 2 }, 'error\nthree'],
  ['since a time', { sinceTime: '1970-01-01T00:00:03Z' }, 'three'],
  ['one stream', { stream: 'Stderr' }, 'error\n'],
  ['so many bytes', { limitBytes: 5 }, 'one\nt'],
  [
    'with times at the beginning of each line',
    { tailLines: 2, timestamps: true },
    '1970-01-01T00:00:02.000000000Z error\n1970-01-01T00:00:03.000000000Z three',
  ],
])('a log: %s', async (_rule, options, expected) => {
  expect(await read(options)).toBe(expected);
});

describe('why there is no log', () => {
  const waiting = (reason: string) => ({
    name: 'c',
    image: 'i',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: { waiting: { reason } },
  });
  test.each([
    [waiting('ContainerCreating'), false, 'container "c" in pod "p" is waiting to start: ContainerCreating'],
    [waiting('PodInitializing'), false, 'container "c" in pod "p" is waiting to start: PodInitializing'],
    [waiting('ErrImagePull'), false, 'container "c" in pod "p" is waiting to start: image can\'t be pulled'],
    [
      waiting('ImagePullBackOff'),
      false,
      'container "c" in pod "p" is waiting to start: trying and failing to pull image',
    ],
    [waiting('ContainerCreating'), true, 'previous terminated container "c" in pod "p" not found'],
    [undefined, false, 'container "c" in pod "p" is not available'],
  ])('%#: %s', (status, previous, message) => {
    expect(noLogText(status, 'p', 'c', previous)).toBe(message);
  });
});

describe('the API of a node', () => {
  const target = (uid: string, container = 'web') => ({ namespace: 'default', pod: 'p', uid, container });

  test('log options that contradict each other are refused', async () => {
    const node = await startNode();
    const { nodeApi } = node.kubelet();
    await expect(nodeApi.logs(target('x'), { tailLines: -1 })).rejects.toMatchObject({ code: 400 });
    await expect(nodeApi.logs(target('x'), { limitBytes: 0 })).rejects.toMatchObject({ code: 400 });
    await expect(
      nodeApi.logs(target('x'), { sinceSeconds: 1, sinceTime: '1970-01-01T00:00:00Z' }),
    ).rejects.toMatchObject({ code: 400 });
  });

  test('logs of the current and the previous instance, and why there are none', async () => {
    const node = await startNode();
    node.runtime.programs.set('web:1', { exits: { after: 1000, code: 1 } });
    const pod = await node.create({
      containers: [
        { name: 'web', image: 'web:1' },
        { name: 'bad', image: 'missing' },
      ],
    });
    const { nodeApi } = node.kubelet();
    const { uid } = pod.metadata;
    await expect(nodeApi.logs(target(uid), { previous: true })).rejects.toMatchObject({
      code: 400,
      message: 'previous terminated container "web" in pod "p" not found',
    });
    await expect(nodeApi.logs(target(uid, 'bad'), {})).rejects.toThrow(
      'container "bad" in pod "p" is waiting to start',
    );
    await expect(nodeApi.logs(target(uid, 'x'), {})).rejects.toThrow('container x is not valid for pod p');
    await node.advance('1s');
    await expect(nodeApi.logs(target(uid), { previous: true })).resolves.toBeDefined();
  });

  test('a container that does not run cannot be entered', async () => {
    const node = await startNode();
    const pod = await node.create({ containers: [{ name: 'web', image: 'missing' }] });
    const request = { command: ['sh'], stdin: false, stdout: true, stderr: true, tty: false };
    const { nodeApi } = node.kubelet();
    await expect(nodeApi.exec(target(pod.metadata.uid), request)).rejects.toThrow('container not found ("web")');
    await expect(nodeApi.attach(target(pod.metadata.uid), request)).rejects.toThrow(
      'container web not found in pod p_default',
    );
    await expect(nodeApi.exec(target('x'), request)).rejects.toThrow('pod does not exist');
    await expect(nodeApi.portForward({ namespace: 'default', pod: 'p', uid: 'x' }, 80)).rejects.toThrow(
      'pod not found ("p_default")',
    );
  });
});
