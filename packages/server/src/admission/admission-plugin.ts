import type { Kind, KubernetesObject } from '@orrery/api';
import type { Client, Clock, EventRecorder, Random, UserInfo } from '@orrery/core';

declare module '@orrery/core' {
  interface Plugin {
    /** Gates for writes. */
    readonly admission?: readonly AdmissionPlugin[];
  }
}

/** One write on its way to the store (Kubernetes "Admission Controllers"). */
export interface AdmissionRequest<T extends KubernetesObject = KubernetesObject> {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly kind: Kind<T>;
  /** `''` for the object itself. */
  readonly subresource: string;
  readonly namespace: string;
  /** `''` while the name is still to be generated. */
  readonly name: string;
  /** The object to write; absent on DELETE. Frozen: return a changed one from `mutate`. */
  readonly object?: T;
  readonly oldObject?: T;
  readonly user: UserInfo;
  readonly dryRun: boolean;
}

/** Services for an admission plugin besides the request. */
export interface AdmissionContext {
  /** Reads and writes as the API server itself. */
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventRecorder;
  /** Adds a `Warning` header to the response. */
  warn(text: string): void;
  /** Runs after the object is stored (never on a dry run), with the object as stored. */
  afterCommit(task: (object: KubernetesObject) => void | Promise<void>): void;
}

/**
 * A gate that every write passes. All `mutate` steps run first, in Kubernetes' fixed order of plugins, then validation, then all
 * `validate` steps. A plugin refuses a write by throwing a `StatusError`.
 */
export interface AdmissionPlugin {
  readonly name: string;
  /** The built-in plugin that this one runs before; default: after all mutating built-in ones and before `ResourceQuota`. */
  readonly before?: string;
  /** Selects the requests that the plugin sees. Default: all. */
  matches?(request: AdmissionRequest): boolean;
  /** Returns the changed object, or undefined to leave it unchanged. */
  mutate?(
    request: AdmissionRequest,
    context: AdmissionContext,
  ): KubernetesObject | undefined | void | Promise<KubernetesObject | undefined | void>;
  validate?(request: AdmissionRequest, context: AdmissionContext): void | Promise<void>;
}
