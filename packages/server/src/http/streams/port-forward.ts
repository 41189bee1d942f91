import type { Duplex } from 'node:stream';
import { errorText } from '@orrery/core';
import { Subscription } from 'rxjs';
import { maxPendingBytes } from '../../door/pending-bytes.ts';
import type { ContainerTarget, NodeApi, PortConnection } from '../../node-api.ts';
import { behindBytes } from './command.ts';
import { type SpdyAcceptor, SpdyConnection, type SpdyStream, type SpdyStreamListener } from './spdy-connection.ts';

/** The Pod whose ports are forwarded. */
export type ForwardTarget = Omit<ContainerTarget, 'container'>;

/**
 * Forwards ports of a Pod over SPDY: for each connection the client opens a stream for errors and one for data, which the
 * header `requestid` pairs (Kubernetes' protocol `portforward.k8s.io`).
 */
export function forwardPorts(transport: Duplex, node: NodeApi, target: ForwardTarget): SpdyConnection {
  const errorStreams = new Map<string, SpdyStream>();
  const forwarded = new Set<PortConnection>();
  const hold = (held: boolean) => {
    for (const each of forwarded) each.hold(held);
  };
  /** The client reads all its connections from one: if it is behind, all ports wait. */
  const flow: Flow = {
    opened: (opened) => forwarded.add(opened),
    closed: (closed) => forwarded.delete(closed),
    sent: () => {
      if (connection.pending > behindBytes) hold(true);
    },
  };
  const accept: SpdyAcceptor = (stream) => {
    const port = Number(stream.headers.get('port'));
    const request = stream.headers.get('requestid') ?? '';
    if (!Number.isInteger(port) || port < 1 || port > 65535) return undefined;
    switch (stream.headers.get('streamtype')) {
      case 'error':
        errorStreams.set(request, stream);
        return { data: ignore, end: ignore, abort: () => errorStreams.delete(request) };
      case 'data': {
        const errors = errorStreams.get(request);
        errorStreams.delete(request);
        return forward(node, target, port, stream, errors, flow);
      }
      default:
        return undefined;
    }
  };
  const connection = new SpdyConnection(transport, accept, () => hold(false));
  return connection;
}

/** What the connections of one client have in common. */
interface Flow {
  opened(connection: PortConnection): void;
  closed(connection: PortConnection): void;
  /** Something was sent to the client. */
  sent(): void;
}

const ignore = () => undefined;

function forward(
  node: NodeApi,
  target: ForwardTarget,
  port: number,
  stream: SpdyStream,
  errors: SpdyStream | undefined,
  flow: Flow,
): SpdyStreamListener {
  const subscription = new Subscription();
  /** Input from the client before the connection was open. */
  const early: ((connection: PortConnection) => void | Promise<void>)[] = [];
  let connection: PortConnection | undefined;
  let earlyBytes = 0;
  const deliver = (what: (connection: PortConnection) => void | Promise<void>, bytes = 0): void | Promise<void> => {
    if (subscription.closed) return;
    if (connection !== undefined) return what(connection);
    earlyBytes += bytes;
    if (earlyBytes > maxPendingBytes) finish(new Error('the port does not open'));
    else early.push(what);
  };
  const finish = (error?: unknown) => {
    if (subscription.closed) return;
    subscription.unsubscribe();
    early.length = 0;
    if (error !== undefined) errors?.write(new TextEncoder().encode(forwardFailure(port, target, error)));
    stream.end();
    errors?.end();
    if (connection === undefined) return;
    flow.closed(connection);
    connection.close();
  };
  node.portForward(target, port).then((opened) => {
    if (subscription.closed) {
      opened.close();
      return;
    }
    connection = opened;
    flow.opened(opened);
    for (const what of early.splice(0)) void what(opened);
    const next = (chunk: Uint8Array) => {
      stream.write(chunk);
      flow.sent();
    };
    subscription.add(opened.data.subscribe({ next, error: finish, complete: () => finish() }));
  }, finish);
  return {
    data: (chunk) => deliver(({ sink }) => sink.write(chunk), chunk.length),
    end: () => void deliver(({ sink }) => sink.end()),
    abort: () => finish(),
  };
}

function forwardFailure(port: number, { pod, uid }: ForwardTarget, error: unknown): string {
  const why = errorText(error);
  return `error forwarding port ${port} to pod ${pod}, uid ${uid}: ${why}`;
}
