import type { KubernetesObject } from '@orrery/api';

export interface EventOptions {
  /** A part of the object: `spec.containers{web}`. */
  readonly fieldPath?: string;
  /** events.k8s.io `action`, where Kubernetes gives one. */
  readonly action?: string;
}

/** Records what happened to an object, as an Event that `kubectl describe` shows. The same event again raises its count. */
export interface EventRecorder {
  event(
    about: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    options?: EventOptions,
  ): void;
}
