import type { Pod } from '../kinds.ts';
import type { ContainerStatus } from '../parts.ts';
import { ageSince } from './age.ts';
import { orNone } from './cell-text.ts';
import { ageColumn, ageOf, column, nameColumn, nameOf, printer, type RowCondition, wideColumn } from './printer.ts';

/** What `kubectl get pods` says of a Pod, before it is put into cells. */
export interface PodSummary {
  readonly status: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  /** When the last of the counted restarts' predecessors ended (RFC 3339); `''` when unknown. */
  readonly lastRestart: string;
}

/** Restarts counted over some containers, and the end of the last run before. */
interface Restarts {
  readonly count: number;
  readonly last: string;
}

const noRestarts: Restarts = { count: 0, last: '' };

/**
 * The Pod's STATUS, READY and RESTARTS as Kubernetes' server-side printer finds them: one word for where the Pod is stuck
 * or what it does, taken from its phase, its conditions and the states of its containers.
 */
function podSummary(pod: Pod): PodSummary {
  const phase = pod.status?.phase ?? '';
  const conditions = pod.status?.conditions ?? [];
  let status = orElse(pod.status?.reason, phase);
  if (conditions.some((each) => each.type === 'PodScheduled' && each.reason === 'SchedulingGated')) {
    status = 'SchedulingGated';
  }

  const sidecars = new Set<string>();
  for (const container of pod.spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') sidecars.add(container.name);
  }
  const total = (pod.spec?.containers?.length ?? 0) + sidecars.size;

  const start = initialization(pod, sidecars);
  let ready = start.readySidecars;
  let restarts = start.restarts;
  if (start.stuck !== undefined) status = start.stuck;

  if (start.stuck === undefined || isTrue(conditions, 'Initialized')) {
    const main = mainContainers(pod.status?.containerStatuses ?? [], start.sidecarRestarts);
    restarts = main.restarts;
    ready += main.ready;
    status = main.reason ?? status;
    if (status === 'Completed' && main.ready > 0) status = isTrue(conditions, 'Ready') ? 'Running' : 'NotReady';
  }

  if (pod.metadata?.deletionTimestamp !== undefined) {
    if (pod.status?.reason === 'NodeLost') status = 'Unknown';
    else if (phase !== 'Succeeded' && phase !== 'Failed') status = 'Terminating';
  }
  return { status, ready, total, restarts: restarts.count, lastRestart: restarts.last };
}

/** Walks the init containers in order up to the first that is not done, which determines the status while it holds the Pod back. */
function initialization(
  pod: Pod,
  sidecars: ReadonlySet<string>,
): { stuck?: string; readySidecars: number; restarts: Restarts; sidecarRestarts: Restarts } {
  let readySidecars = 0;
  let restarts = noRestarts;
  let sidecarRestarts = noRestarts;
  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = sidecars.has(container.name);
    restarts = plus(restarts, container);
    if (sidecar) sidecarRestarts = plus(sidecarRestarts, container);

    const terminated = container.state?.terminated;
    if (terminated?.exitCode === 0) continue;
    if (sidecar && container.started === true) {
      if (container.ready) readySidecars++;
      continue;
    }
    const waiting = container.state?.waiting?.reason ?? '';
    let stuck = `Init:${index}/${pod.spec?.initContainers?.length ?? 0}`;
    if (terminated !== undefined) stuck = `Init:${endReason(terminated)}`;
    else if (waiting !== '' && waiting !== 'PodInitializing') stuck = `Init:${waiting}`;
    return { stuck, readySidecars, restarts, sidecarRestarts };
  }
  return { readySidecars, restarts, sidecarRestarts };
}

/** Walks the main containers from the last to the first, so that the first one's reason wins. */
function mainContainers(
  statuses: readonly ContainerStatus[],
  sidecarRestarts: Restarts,
): { reason?: string; ready: number; restarts: Restarts } {
  let reason: string | undefined;
  let ready = 0;
  let restarts = sidecarRestarts;
  for (let index = statuses.length - 1; index >= 0; index--) {
    const container = statuses[index] as ContainerStatus;
    restarts = plus(restarts, container);
    const waiting = container.state?.waiting?.reason ?? '';
    const terminated = container.state?.terminated;
    if (waiting !== '') reason = waiting;
    else if (terminated !== undefined) reason = endReason(terminated);
    else if (container.ready && container.state?.running !== undefined) ready++;
  }
  return { ...(reason === undefined ? {} : { reason }), ready, restarts };
}

function endReason(terminated: { reason?: string; signal?: number; exitCode: number }): string {
  if (terminated.reason !== undefined && terminated.reason !== '') return terminated.reason;
  return (terminated.signal ?? 0) !== 0 ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

function plus(restarts: Restarts, container: ContainerStatus): Restarts {
  const finished = container.lastState?.terminated?.finishedAt ?? '';
  const count = restarts.count + container.restartCount;
  return { count, last: isLater(finished, restarts.last) ? finished : restarts.last };
}

function isLater(timestamp: string, other: string): boolean {
  if (timestamp === '') return false;
  return other === '' || Date.parse(timestamp) > Date.parse(other);
}

function isTrue(conditions: readonly { type: string; status: string }[], type: string): boolean {
  return conditions.find((each) => each.type === type)?.status === 'True';
}

function orElse(text: string | undefined, other: string): string {
  return text === undefined || text === '' ? other : text;
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const conditions = pod.status?.conditions ?? [];
  return `${gates.filter((gate) => isTrue(conditions, gate.conditionType)).length}/${gates.length}`;
}

function completed(pod: Pod): readonly RowCondition[] | undefined {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded') {
    return [{ type: 'Completed', status: 'True', reason: phase, message: 'The pod has completed successfully.' }];
  }
  if (phase === 'Failed') return [{ type: 'Completed', status: 'True', reason: phase, message: 'The pod failed.' }];
  return undefined;
}

export const podPrinter = printer<Pod>(
  [
    nameColumn,
    column('Ready', 'string', 'How many of the containers are ready, of how many.'),
    column('Status', 'string', 'What the Pod as a whole does, or what holds it back.'),
    column('Restarts', 'string', 'How often containers were restarted, and how long ago the last time was.'),
    ageColumn,
    wideColumn('IP', 'Address of the Pod on the cluster network.'),
    wideColumn('Node', 'Node that the Pod is bound to.'),
    wideColumn('Nominated Node', 'Node on which lower-priority Pods make way for this one.'),
    wideColumn('Readiness Gates', 'How many of the extra readiness conditions are true, of how many.'),
  ],
  (pod, now) => {
    const { status, ready, total, restarts, lastRestart } = podSummary(pod);
    const ago = restarts !== 0 && lastRestart !== '' ? ` (${ageSince(lastRestart, now)} ago)` : '';
    return [
      nameOf(pod),
      `${ready}/${total}`,
      status,
      `${restarts}${ago}`,
      ageOf(pod, now),
      orNone(pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP),
      orNone(pod.spec?.nodeName),
      orNone(pod.status?.nominatedNodeName),
      readinessGates(pod),
    ];
  },
  completed,
);
