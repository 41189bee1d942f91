import { FlowSchema, type Kind, Namespace, PriorityLevelConfiguration } from '@orrery/api';
import type { Cluster } from '@orrery/cluster';
import { names } from './objects.ts';

/** Where the requests for namespaced objects go. */
const fuzzedNamespace = 'fuzz';

/** Gives the fuzzer back what it needs itself, whatever cases did to it: its namespace, and room for its requests. */
export async function restore({ client, apply, environment }: Cluster): Promise<void> {
  for (const kind of [FlowSchema, PriorityLevelConfiguration] as readonly Kind[]) {
    for (const { metadata } of (await client.list(kind)).items) {
      if (!names.includes(metadata.name)) continue;
      if ((metadata.finalizers ?? []).length > 0) {
        await client.patch(kind, metadata.name, { type: 'merge', patch: { metadata: { finalizers: null } } });
      }
      await client.delete(kind, metadata.name);
    }
  }
  for (;;) {
    const found = (await client.list(Namespace)).items.find(({ metadata }) => metadata.name === fuzzedNamespace);
    if (found === undefined) await apply(`apiVersion: v1\nkind: Namespace\nmetadata: { name: ${fuzzedNamespace} }\n`);
    else if (found.metadata.deletionTimestamp === undefined) return;
    else await environment.clock.sleep(100);
  }
}
