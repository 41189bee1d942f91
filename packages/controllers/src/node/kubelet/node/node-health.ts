import type { PressureCondition } from './eviction-thresholds.ts';
import { shutdownError } from './node-shutdown.ts';

/** How a node is, as its kubelet found: its admission and its conditions go by it. Changed in place. */
export interface NodeHealth {
  /** What the node is short of, or was a short time ago. Another list whenever it changes. */
  pressure: readonly PressureCondition[];
  shuttingDown: boolean;
}

/** A node that lacks nothing. */
export function newNodeHealth(): NodeHealth {
  return { pressure: [], shuttingDown: false };
}

/** A condition of a Node: type, status, reason and message. */
export type ConditionRow = readonly [type: string, status: 'True' | 'False', reason: string, message: string];

const pressures: readonly (readonly [type: PressureCondition, is: ConditionRow, isNot: ConditionRow])[] = [
  [
    'MemoryPressure',
    ['MemoryPressure', 'True', 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
    ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ],
  [
    'DiskPressure',
    ['DiskPressure', 'True', 'KubeletHasDiskPressure', 'kubelet has disk pressure'],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ],
  [
    'PIDPressure',
    ['PIDPressure', 'True', 'KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ],
];

/** What a kubelet says of its node. `runtimeError` is why its runtime or its network are not ready. */
export function healthRows(
  { pressure, shuttingDown }: NodeHealth,
  runtimeError: string | undefined,
): readonly ConditionRow[] {
  const error = readinessText(runtimeError, shuttingDown);
  return [
    ...pressures.map(([type, is, isNot]) => (pressure.includes(type) ? is : isNot)),
    error === undefined
      ? ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status']
      : ['Ready', 'False', 'KubeletNotReady', error],
  ];
}

/** Why the node is not ready, several errors in brackets; undefined if it is. */
function readinessText(runtimeError: string | undefined, shuttingDown: boolean): string | undefined {
  if (!shuttingDown) return runtimeError;
  if (runtimeError === undefined) return shutdownError;
  const errors = runtimeError.startsWith('[') ? runtimeError.slice(1, -1) : runtimeError;
  return `[${errors}, ${shutdownError}]`;
}

const transitionEvents: { readonly [type: string]: { readonly [status: string]: string } } = {
  MemoryPressure: { True: 'NodeHasInsufficientMemory', False: 'NodeHasSufficientMemory' },
  DiskPressure: { True: 'NodeHasDiskPressure', False: 'NodeHasNoDiskPressure' },
  PIDPressure: { True: 'NodeHasInsufficientPID', False: 'NodeHasSufficientPID' },
  Ready: { True: 'NodeReady', False: 'NodeNotReady' },
};

interface Status {
  readonly type: string;
  readonly status: string;
}

/** Reasons of the events that record how a node's conditions have changed. A condition that was never reported is no change. */
export function transitions(
  before: readonly Status[] | undefined,
  now: readonly Status[] | undefined,
): readonly string[] {
  return (now ?? []).flatMap(({ type, status }) => {
    const old = before?.find((one) => one.type === type)?.status;
    return old === undefined || old === status ? [] : (transitionEvents[type]?.[status] ?? []);
  });
}
