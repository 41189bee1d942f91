/** Why no node was found, counted over nodes. */
export interface FitDiagnosis {
  /** All nodes of the cluster, looked at or not. */
  readonly nodes: number;
  /** Set when the Pod was rejected before any node was looked at. */
  readonly rejection?: string;
  /** One entry per node and reason, or how many nodes there are for each reason. */
  readonly reasons: readonly string[] | ReadonlyMap<string, number>;
  /** What came of preemption: `preemption: …`. */
  readonly preemption?: string;
}

/** The text of a `FailedScheduling` event and of the condition PodScheduled, to the letter (`FitError`). */
export function fitMessage({ nodes, rejection, reasons, preemption }: FitDiagnosis): string {
  let text = `0/${nodes} nodes are available:`;
  if (rejection !== undefined) text += ` ${rejection}.`;
  else {
    const histogram = countReasons(reasons);
    if (histogram !== '') text += ` ${histogram}.`;
  }
  return preemption === undefined ? text : `${text} ${preemption}`;
}

/** `1 Insufficient cpu, 2 Too many pods`: counts and reasons, sorted as texts. */
function countReasons(reasons: FitDiagnosis['reasons']): string {
  let counts = reasons as ReadonlyMap<string, number>;
  if (Array.isArray(reasons)) {
    const counted = new Map<string, number>();
    for (const reason of reasons) counted.set(reason, (counted.get(reason) ?? 0) + 1);
    counts = counted;
  }
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`);
  return parts.sort().join(', ');
}

/** Longest message of an Event, in characters. */
const longestEvent = 1024;

/** A message as an Event carries it: cut, with dots at the end, where it is too long. */
export function eventMessage(message: string): string {
  return message.length <= longestEvent ? message : `${message.slice(0, longestEvent - 4)} ...`;
}
