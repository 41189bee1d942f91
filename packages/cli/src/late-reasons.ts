import { type KubernetesObject, labelSelectorMatcher, labelsMatcher, Pod } from '@orrery/api';
import type { Cluster } from '@orrery/cluster';
import type { Followed } from './follow-readiness.ts';
import { readiness } from './readiness.ts';

/** At most this many Pods of one object are listed; the others usually have the same reason. */
const maxPods = 3;

/** Why applied objects are not ready: a line for each object, followed by one for each of its Pods that is not ready. */
export async function lateReasons(cluster: Cluster, followed: Followed, timeout: string): Promise<string> {
  const lines = [`not ready after ${timeout}:`];
  for (const item of followed.items()) {
    if (item.state !== 'waiting') continue;
    lines.push(`  ${item.name}: ${item.reason}`);
    lines.push(...(await podReasons(cluster, item.of)));
  }
  return lines.join('\n');
}

async function podReasons(cluster: Cluster, object: KubernetesObject): Promise<readonly string[]> {
  const { selector } = (object as { spec?: { selector?: unknown } }).spec ?? {};
  const workload = /^apps\/v1\/|^batch\/v1\/Job$|^v1\/ReplicationController$/.test(
    `${object.apiVersion}/${object.kind}`,
  );
  if (!workload || typeof selector !== 'object' || selector === null) return [];
  const matches =
    object.kind === 'ReplicationController'
      ? labelsMatcher(selector as { [key: string]: string })
      : labelSelectorMatcher(selector);
  const { items } = await cluster.client.list(Pod, { namespace: object.metadata?.namespace ?? 'default' });
  const waiting = items
    .filter((pod) => matches.matches(pod.metadata.labels ?? {}))
    .map((pod) => ({ name: pod.metadata.name, ...readiness(pod) }))
    .filter(({ ready }) => !ready);
  const recorded = waiting.slice(0, maxPods).map(({ name, reason }) => `    pod/${name}: ${reason}`);
  return waiting.length > maxPods ? [...recorded, `    and ${waiting.length - maxPods} more Pods`] : recorded;
}
