import { failures, StatusError } from '@orrery/api';
import { of, ReplaySubject, Subject } from 'rxjs';
import type { ContainerTarget, LogOptions, NodeApi } from '../node-api.ts';

/** A node with fake commands: `echo`, `cat`, `exit N`, `size`, `hang`, `flood N`, `gush`, `sleep`. Every port echoes its input. */
export class FakeNode implements NodeApi {
  readonly sizes: string[] = [];
  closed = 0;
  /** Whether commands and ports are held back. */
  held = false;
  /** Bytes that `gush` wrote. */
  gushed = 0;
  /** Bytes that `sleep` was sent and has not read; it reads on when it is awake. */
  unread = 0;
  readonly awake = Promise.withResolvers<void>();

  async logs(target: ContainerTarget, options: LogOptions) {
    if (target.container === 'waiting') throw failures.badRequest('container "waiting" in pod "x" is waiting to start');
    return of(text(`${target.container}\n`), text(`${JSON.stringify(options)}\n`));
  }

  async exec(_target: ContainerTarget, { command: [program = '', ...rest] }: { readonly command: readonly string[] }) {
    if (program === 'missing') throw failures.unexpected('container not found ("a")');
    if (program === 'nosuch') throw new Error('failed to exec in container: no such program');
    const stdout = new ReplaySubject<Uint8Array>();
    const stderr = new ReplaySubject<Uint8Array>();
    const { promise: exit, resolve, reject } = Promise.withResolvers<{ readonly exitCode: number }>();
    const end = (exitCode: number) => {
      stdout.complete();
      stderr.complete();
      resolve({ exitCode });
    };
    if (program === 'echo') {
      stdout.next(text(`${rest.join(' ')}\n`));
      stderr.next(text('to stderr\n'));
      end(0);
    } else if (program === 'exit') {
      end(Number(rest[0]));
    } else if (program === 'flood') {
      for (let i = 0; i < Number(rest[0]); i++) stdout.next(new Uint8Array(65_536).fill(97));
      end(0);
    } else if (program === 'gush') {
      const gush = () => {
        if (!this.held && this.closed === 0) {
          this.gushed += 65_536;
          stdout.next(new Uint8Array(65_536).fill(97));
        }
        if (this.closed === 0) setImmediate(gush);
      };
      gush();
    } else if (program === 'crash') {
      reject(new Error('runtime is gone'));
    }
    return {
      stdin: {
        write: (chunk: Uint8Array) => {
          if (program !== 'sleep') return stdout.next(chunk);
          this.unread += chunk.length;
          return this.unread > 2 ** 18 ? this.awake.promise : undefined;
        },
        end: () => end(0),
      },
      hold: (held: boolean) => {
        this.held = held;
      },
      stdout,
      stderr,
      exit,
      resize: (columns: number, rows: number) => {
        this.sizes.push(`${columns}x${rows}`);
        if (program === 'size') {
          stdout.next(text(`${columns}x${rows}`));
          end(0);
        }
      },
      close: () => {
        this.closed++;
        end(137);
      },
    };
  }

  attach(target: ContainerTarget) {
    return this.exec(target, { command: ['cat'] });
  }

  async portForward(_target: unknown, port: number) {
    if (port === 81) throw new StatusError(failures.badRequest('connection refused').status);
    const data = new Subject<Uint8Array>();
    return {
      data,
      sink: {
        write: (chunk: Uint8Array) => data.next(chunk),
        end: () => data.complete(),
      },
      hold: (held: boolean) => {
        this.held = held;
      },
      close: () => data.complete(),
    };
  }
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
