import { ConfigMap, defineKind, type Kind, type KubernetesObject, type Pod, StatusError, schema } from '@orrery/api';
import { afterEach, expect } from 'vitest';
import type { Client, UserInfo } from '../../client.ts';

/** A client and the server behind it. Nothing else writes there: no controller runs, and no admission plugin changes objects. */
export interface ClientUnderTest {
  /** Acts as a member of `system:masters`. */
  readonly client: Client;
  /** Acts as {@link nobody}, by credentials of its own. */
  readonly unprivileged: Client;
  /** The warnings that `client` has received so far. */
  readonly warnings: readonly string[];
  /** How many watches the server has open for these clients. */
  watches(): number;
  /** Makes the server forget all history up to now. */
  compact(): Promise<void>;
  /** Makes the server end every watch, as one that shuts down does. */
  endWatches(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a client on an empty server that serves the {@link contractKinds}. */
export type OpenClient = () => Promise<ClientUnderTest>;

/** A user who may do nothing. */
export const nobody: UserInfo = { username: 'nobody', groups: ['system:authenticated'] };

/** A namespaced custom kind, with a status and a scale. */
export const Website = defineKind({
  group: 'contract.orrery.dev',
  version: 'v1',
  kind: 'Website',
  schema: schema.object({
    spec: schema.object({ title: schema.string(), servers: schema.integer({ default: 1 }) }),
    status: schema.object({ ready: schema.integer().optional() }),
  }),
  subresources: {
    status: true,
    scale: { specReplicasPath: '.spec.servers', statusReplicasPath: '.status.ready' },
  },
});

/** A cluster-scoped custom kind. */
export const Region = defineKind({
  group: 'contract.orrery.dev',
  version: 'v1',
  kind: 'Region',
  scope: 'Cluster',
  schema: schema.object({ spec: schema.object({ continent: schema.string() }) }),
});

/** The kinds that the server must serve besides Kubernetes' own. */
export const contractKinds: readonly Kind[] = [Website, Region];

/** Opens clients for the tests of one file, and closes each after its test. */
export function opener(open: OpenClient): OpenClient {
  const opened: ClientUnderTest[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });
  return async () => {
    const one = await open();
    opened.push(one);
    return one;
  };
}

/** A ConfigMap of namespace `default`. */
export function configMap(name: string, value = '1', metadata: object = {}): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', ...metadata },
    data: { value },
  };
}

/** A Pod of namespace `default` with one container. */
export function pod(name: string, spec: object = {}, metadata: object = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...metadata },
    spec: { containers: [{ name: 'main', image: 'nginx' }], ...spec },
  };
}

/** The error that a call fails with. @throws Error if it succeeds, or fails with anything but a StatusError */
export async function refusal(call: Promise<unknown>): Promise<StatusError> {
  const error = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof StatusError)) throw new Error('the call was not refused with a StatusError', { cause: error });
  return error;
}

/** Makes `count` ConfigMaps `c0`, `c1` …, one after the other. */
export async function createConfigMaps(client: Client, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await client.create(configMap(`c${n}`));
}

/** The names of a list's items. */
export const namesOf = (items: readonly KubernetesObject[]) => items.map(({ metadata }) => metadata?.name);

/** The server's current revision. */
export async function revisionOf(client: Client): Promise<string> {
  return (await client.list(ConfigMap, { namespace: 'default' })).metadata.resourceVersion;
}

/** Fails unless the value is frozen all through. */
export function expectFrozen(value: unknown, path = 'it'): void {
  if (typeof value !== 'object' || value === null) return;
  expect(Object.isFrozen(value), `${path} is frozen`).toBe(true);
  for (const [field, child] of Object.entries(value)) expectFrozen(child, `${path}.${field}`);
}
