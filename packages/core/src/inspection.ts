import type { Milliseconds } from './clock/clock.ts';

/** Why a reconcile ran: an event on an object, a timer, a retry. */
export interface Cause {
  readonly type: 'added' | 'modified' | 'deleted' | 'timer' | 'retry' | 'resync' | 'runtime' | 'start';
  /** `apps/v1/Deployment`; absent for causes that are no object's. */
  readonly kind?: string;
  /** `namespace/name` of the object, or what else it was. */
  readonly key?: string;
  readonly resourceVersion?: string;
}

interface Base {
  /** Milliseconds since the epoch, by the cluster's clock. */
  readonly time: Milliseconds;
  /** The controller, kubelet or client. */
  readonly actor: string;
}

/** Everything that controllers do, as plain data: logs, traces, the dashboard, recordings and tests are its readers. */
export type Inspection =
  | (Base & { readonly type: 'queued' | 'merged'; readonly key: string; readonly cause: Cause })
  | (Base & { readonly type: 'started'; readonly key: string; readonly causes: readonly Cause[] })
  | (Base & { readonly type: 'finished'; readonly key: string; readonly causes: readonly Cause[] })
  | (Base & {
      readonly type: 'requeued';
      readonly key: string;
      readonly after: Milliseconds;
      readonly reason: 'asked' | 'failed';
    })
  | (Base & {
      readonly type: 'failed';
      readonly key: string;
      readonly causes: readonly Cause[];
      readonly error: string;
      readonly attempt: number;
    })
  | (Base & {
      readonly type: 'read';
      readonly verb: 'get' | 'list' | 'watch';
      readonly kind: string;
      readonly key: string;
    })
  | (Base & {
      readonly type: 'wrote';
      readonly verb: 'create' | 'update' | 'patch' | 'apply' | 'delete';
      readonly kind: string;
      readonly key: string;
      readonly subresource: string;
      readonly resourceVersion?: string;
      readonly error?: string;
    })
  | (Base & {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: LogFields;
    });

export type LogFields = { readonly [name: string]: unknown };

/** Receives what loops report about themselves. */
export interface Inspector {
  /** True without listeners: skip building the event. */
  readonly silent: boolean;
  emit(event: Inspection): void;
}

/** Structured logging; each line goes to the inspection stream. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
