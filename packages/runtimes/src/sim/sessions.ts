import type { AttachRequest, ExecRequest, PortConnection, StreamSession } from '../streams.ts';
import type { Container, OutputListener } from './container.ts';
import type { Connection } from './network/network-namespace.ts';
import { Output } from './output.ts';
import { NullDescription } from './process/description.ts';
import { Gate } from './process/gate.ts';
import { Pipe } from './process/pipe.ts';
import type { Process } from './process/process.ts';
import { Terminal } from './process/terminal.ts';

/** A command beside the container's own, with its streams. @throws RuntimeError when it cannot be run */
export function openExec(container: Container, request: ExecRequest): StreamSession {
  const stdout = new Output();
  const stderr = new Output();
  const listener: OutputListener = (stream, bytes) => {
    if (stream === 'stdout' ? request.stdout || request.tty : request.stderr)
      (stream === 'stdout' ? stdout : stderr).write(bytes);
  };
  const terminal = request.tty ? new Terminal((bytes) => listener('stdout', bytes)) : undefined;
  const pipe = request.stdin && !request.tty ? new Pipe() : undefined;
  let settle: (result: { readonly exitCode: number }) => void = () => {};
  const exit = new Promise<{ readonly exitCode: number }>((resolve) => {
    settle = resolve;
  });
  let process: Process | undefined;
  const gate = terminal?.gate ?? new Gate();
  const prepare = (started: Process) => {
    process = started;
    started.whenEnded(() => {
      stdout.end();
      stderr.end();
      settle({ exitCode: started.exitCode ?? 0 });
    });
  };
  container.exec(request.command, terminal ?? pipe?.reader ?? new NullDescription(), listener, prepare, gate);
  return {
    stdin: {
      write: (chunk) => {
        if (terminal !== undefined) terminal.type(chunk);
        else pipe?.push(chunk);
        return pipe?.room();
      },
      end: () => (terminal === undefined ? pipe?.end() : terminal.endInput()),
    },
    stdout: stdout.stream,
    stderr: stderr.stream,
    exit,
    resize: (columns, rows) => terminal?.resize(columns, rows),
    hold: (held) => gate.hold(held),
    close: () => {
      gate.hold(false);
      terminal?.hangUp();
      pipe?.end();
      process?.deliver('SIGKILL');
    },
  };
}

/** The container's own streams, from now on. */
export function openAttach(container: Container, request: AttachRequest): StreamSession {
  const stdout = new Output();
  const stderr = new Output();
  const listener: OutputListener = (stream, bytes) => {
    if (stream === 'stdout' ? request.stdout || request.tty : request.stderr)
      (stream === 'stdout' ? stdout : stderr).write(bytes);
  };
  const { terminal, input, config } = container;
  let settle: (result: { readonly exitCode: number }) => void = () => {};
  const exit = new Promise<{ readonly exitCode: number }>((resolve) => {
    settle = resolve;
  });
  let open = true;
  let forget = () => {};
  const finish = (exitCode: number) => {
    if (!open) return;
    open = false;
    container.attached.delete(listener);
    forget();
    stdout.end();
    stderr.end();
    settle({ exitCode });
  };
  container.attached.add(listener);
  forget = container.process?.whenEnded(() => finish(container.process?.exitCode ?? 0)) ?? forget;
  const endInput = () => {
    // Only a container with stdinOnce sees the end of its first attached input.
    if (!request.stdin || !config.stdinOnce) return;
    terminal?.endInput();
    input?.end();
  };
  return {
    stdin: {
      write: (chunk) => {
        if (!request.stdin || !config.stdin || !open) return;
        if (terminal !== undefined) terminal.type(chunk);
        else input?.push(chunk);
        return input?.room();
      },
      end: endInput,
    },
    stdout: stdout.stream,
    stderr: stderr.stream,
    exit,
    resize: (columns, rows) => terminal?.resize(columns, rows),
    hold: () => {},
    close: () => {
      endInput();
      finish(0);
    },
  };
}

/** A forwarded connection, as its client sees it. */
export function openForward(connection: Connection): PortConnection {
  const output = new Output();
  const gate = new Gate();
  connection.incoming.flow(
    (bytes) => output.write(bytes),
    () => output.end(),
    gate,
  );
  return {
    data: output.stream,
    sink: {
      write: (chunk) => {
        connection.outgoing.push(chunk);
        return connection.outgoing.room();
      },
      end: () => connection.outgoing.end(),
    },
    hold: (held) => gate.hold(held),
    close: () => {
      gate.hold(false);
      connection.outgoing.end();
      connection.incoming.end();
    },
  };
}
