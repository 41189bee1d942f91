import type { Duplex } from 'node:stream';
import type { Clock } from '@orrery/core';
import { maxPendingBytes } from '../../door/pending-bytes.ts';
import type { CommandStreams } from '../../door/upgrade.ts';
import {
  behindBytes,
  type CommandChannels,
  type CommandListener,
  type CommandStatus,
  statusText,
  terminalSize,
} from './command.ts';
import { SpdyConnection, type SpdyStream, type SpdyStreamListener } from './spdy-connection.ts';

type Name = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

/** Milliseconds that a client has to open its streams, as with a kubelet. */
const streamCreationMs = 30_000;

/**
 * The client of a command over a SPDY connection: it opens one stream for each of the command's and one for the status.
 * Output of the command is buffered until they are open.
 */
export function spdyChannels(clock: Clock, transport: Duplex, wanted: CommandStreams, json: boolean): CommandChannels {
  const expected: Name[] = ['error', ...(['stdout', 'stderr'] as const).filter((name) => wanted[name])];
  const streams = new Map<Name, SpdyStream>();
  const waiting: (() => void)[] = [];
  const early: Parameters<Deliver>[0][] = [];
  let listener: CommandListener | undefined;
  const deliver: Deliver = (what) => {
    if (listener !== undefined) return what(listener);
    early.push(what);
  };
  let waitingBytes = 0;
  const whenOpen = (task: () => void, bytes = 0) => {
    if (expected.every((name) => streams.has(name))) {
      task();
      return;
    }
    waitingBytes += bytes;
    if (waitingBytes > maxPendingBytes) connection.abort(new Error('the client opens no streams'));
    else waiting.push(task);
  };
  const drained = () => {
    if (connection.pending === 0) void deliver((to) => to.drained());
  };
  const connection: SpdyConnection = new SpdyConnection(
    transport,
    (stream) => {
      const name = stream.headers.get('streamtype') as Name | undefined;
      if (name === undefined || !names.has(name) || streams.has(name)) return undefined;
      streams.set(name, stream);
      // The client must see the stream accepted before it receives data.
      queueMicrotask(() => {
        if (!expected.every((other) => streams.has(other))) return;
        for (const task of waiting.splice(0)) task();
        waitingBytes = 0;
        drained();
      });
      return listenerOf(name, deliver);
    },
    drained,
  );
  const timeout = clock.schedule(streamCreationMs, () => {
    if (expected.some((name) => !streams.has(name)))
      connection.abort(new Error('timed out waiting for client to create streams'));
  });
  void connection.closed.then(() => {
    timeout[Symbol.dispose]();
    waiting.length = 0;
    void deliver((to) => to.closed());
  });
  return {
    listen: (to) => {
      listener = to;
      for (const what of early.splice(0)) void what(to);
    },
    send: (stream, chunk) => {
      whenOpen(() => streams.get(stream)?.write(chunk), chunk.length);
      return waitingBytes + connection.pending > behindBytes;
    },
    finish: (status: CommandStatus) =>
      whenOpen(() => {
        streams.get('error')?.write(new TextEncoder().encode(statusText(status, json)));
        for (const stream of streams.values()) stream.end();
        connection.close();
      }),
    drop: () => connection.close(),
  };
}

const names: ReadonlySet<string> = new Set<Name>(['error', 'stdin', 'stdout', 'stderr', 'resize']);
const ignore = () => undefined;

type Deliver = (what: (listener: CommandListener) => void | Promise<void>) => void | Promise<void>;

function listenerOf(name: Name, deliver: Deliver): SpdyStreamListener {
  switch (name) {
    case 'stdin':
      return {
        data: (chunk) => deliver((to) => to.stdin(chunk)),
        end: () => void deliver((to) => to.stdinEnd()),
        abort: () => void deliver((to) => to.stdinEnd()),
      };
    case 'resize':
      return { data: (chunk) => deliver((to) => resize(to, chunk)), end: ignore, abort: ignore };
    default:
      return { data: ignore, end: ignore, abort: ignore };
  }
}

/** A chunk can contain several sizes, one per line, while the window is being dragged. */
function resize(to: CommandListener, chunk: Uint8Array): void {
  for (const line of new TextDecoder().decode(chunk).split('\n')) {
    const size = terminalSize(new TextEncoder().encode(line));
    if (size !== undefined) to.resize(size.columns, size.rows);
  }
}
