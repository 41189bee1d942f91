import { type Status, StatusError } from '@orrery/api';
import { errorText } from '@orrery/core';
import { Subscription } from 'rxjs';
import type { CommandStreams } from '../../door/upgrade.ts';
import type { StreamSession } from '../../node-api.ts';

/** Bytes that may wait for a client before the command that writes them is held back. */
export const behindBytes = 1024 * 1024;

/** How a command ended, as reported on the error channel: a Status with its own reasons. */
export interface CommandStatus extends Omit<Status, 'kind' | 'apiVersion' | 'reason' | 'code'> {
  readonly reason?: string;
  readonly code?: number;
}

/** Receives the input of the client of an exec or attach. */
export interface CommandListener {
  /** A promise if the command is far behind: the client should send no more until it resolves. */
  stdin(chunk: Uint8Array): void | Promise<void>;
  stdinEnd(): void;
  /** Terminal size, in character cells. */
  resize(columns: number, rows: number): void;
  /** The client has read what it was behind with. */
  drained(): void;
  /** The client is gone. */
  closed(): void;
}

/** The client of an exec or attach, over WebSocket or SPDY. */
export interface CommandChannels {
  listen(listener: CommandListener): void;
  /** Returns whether the client is behind: then it is to be sent no more until it has drained. */
  send(stream: 'stdout' | 'stderr', chunk: Uint8Array): boolean;
  /** Reports how it ended, and closes the connection. */
  finish(status: CommandStatus): void;
  /** Closes the connection without a status. */
  drop(): void;
}

/** Connects a session to its client until either ends. All output is sent before the status. */
export function connectCommand(
  type: 'exec' | 'attach',
  session: StreamSession,
  wanted: CommandStreams,
  channels: CommandChannels,
): void {
  const subscription = new Subscription();
  const finish = (status: CommandStatus) => {
    if (subscription.closed) return;
    subscription.unsubscribe();
    channels.finish(status);
    session.close();
  };
  /** A runtime's failure ends the command, not the server. */
  const deliver = (what: () => void | Promise<void>): void | Promise<void> => {
    if (subscription.closed) return;
    try {
      return what();
    } catch (error) {
      finish(failureStatus(error));
    }
  };
  channels.listen({
    stdin: (chunk) => (wanted.stdin ? deliver(() => session.stdin.write(chunk)) : undefined),
    stdinEnd: () => {
      if (wanted.stdin) deliver(() => session.stdin.end());
    },
    resize: (columns, rows) => deliver(() => session.resize(columns, rows)),
    drained: () => session.hold(false),
    closed: () => {
      if (subscription.closed) return;
      subscription.unsubscribe();
      session.close();
    },
  });
  const output = (stream: 'stdout' | 'stderr') =>
    new Promise<void>((resolve, reject) => {
      if (!wanted[stream]) {
        resolve();
        return;
      }
      subscription.add(
        session[stream].subscribe({
          next: (chunk) => {
            if (chunk.length > 0 && channels.send(stream, chunk)) session.hold(true);
          },
          error: reject,
          complete: resolve,
        }),
      );
    });
  Promise.all([session.exit, output('stdout'), output('stderr')]).then(
    ([{ exitCode }]) => finish(type === 'attach' ? success : exitStatus(exitCode)),
    (error: unknown) => finish(failureStatus(error)),
  );
}

const success: CommandStatus = { metadata: {}, status: 'Success' };

/** The kubelet's status of a command that ended with that code. */
function exitStatus(exitCode: number): CommandStatus {
  if (exitCode === 0) return success;
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

/** The kubelet's status of a command that could not be run to completion. */
function failureStatus(error: unknown): CommandStatus {
  if (error instanceof StatusError) {
    const { kind: _kind, apiVersion: _apiVersion, ...status } = error.status;
    return status;
  }
  const message = `error executing command in container: ${errorText(error)}`;
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${message}`,
    reason: 'InternalError',
    details: { causes: [{ message }] },
    code: 500,
  };
}

/** Terminal size from a resize channel: `{"Width":80,"Height":24}`; undefined for anything else. */
export function terminalSize(bytes: Uint8Array): { readonly columns: number; readonly rows: number } | undefined {
  let size: unknown;
  try {
    size = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof size !== 'object' || size === null) return undefined;
  const { Width: columns, Height: rows } = size as { readonly Width?: unknown; readonly Height?: unknown };
  const valid = (value: unknown): value is number =>
    Number.isInteger(value) && Number(value) > 0 && Number(value) < 65536;
  return valid(columns) && valid(rows) ? { columns, rows } : undefined;
}

/** The text for the error channel: JSON since `v4`, only the message before, and nothing for success. */
export function statusText(status: CommandStatus, json: boolean): string {
  if (json) return JSON.stringify(status);
  return status.status === 'Success' ? '' : (status.message ?? 'unknown error');
}
