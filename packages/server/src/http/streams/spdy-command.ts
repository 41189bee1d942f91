import type { Duplex } from 'node:stream';
import type { CommandStreams } from '../../door/upgrade.ts';
import { type CommandChannels, type CommandListener, type CommandStatus, statusText, terminalSize } from './command.ts';
import { SpdyConnection, type SpdyStream, type SpdyStreamListener } from './spdy-connection.ts';

type Name = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

/**
 * The client of a command over a SPDY connection: it opens one stream for each of the command's and one for the status.
 * Output of the command is buffered until they are open.
 */
export function spdyChannels(transport: Duplex, wanted: CommandStreams, json: boolean): CommandChannels {
  const expected: Name[] = ['error', ...(['stdout', 'stderr'] as const).filter((name) => wanted[name])];
  const streams = new Map<Name, SpdyStream>();
  const waiting: (() => void)[] = [];
  const early: ((listener: CommandListener) => void)[] = [];
  let listener: CommandListener | undefined;
  const deliver = (what: (listener: CommandListener) => void) => {
    if (listener === undefined) early.push(what);
    else what(listener);
  };
  const whenOpen = (task: () => void) => {
    if (expected.every((name) => streams.has(name))) task();
    else waiting.push(task);
  };
  const connection = new SpdyConnection(transport, (stream) => {
    const name = stream.headers.get('streamtype') as Name | undefined;
    if (name === undefined || !names.has(name) || streams.has(name)) return undefined;
    streams.set(name, stream);
    // The client must see the stream accepted before it receives data.
    queueMicrotask(() => {
      if (expected.every((other) => streams.has(other))) for (const task of waiting.splice(0)) task();
    });
    return listenerOf(name, deliver);
  });
  void connection.closed.then(() => deliver((to) => to.closed()));
  return {
    listen: (to) => {
      listener = to;
      for (const what of early.splice(0)) what(to);
    },
    send: (stream, chunk) => whenOpen(() => streams.get(stream)?.write(chunk)),
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

function listenerOf(name: Name, deliver: (what: (listener: CommandListener) => void) => void): SpdyStreamListener {
  switch (name) {
    case 'stdin':
      return {
        data: (chunk) => deliver((to) => to.stdin(chunk)),
        end: () => deliver((to) => to.stdinEnd()),
        abort: () => deliver((to) => to.stdinEnd()),
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
