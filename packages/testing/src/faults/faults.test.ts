import { ConfigMap, isConflict, isNotFound, keyOf, Pod, Secret } from '@orrery/api';
import type { Client, WatchEvent } from '@orrery/core';
import { LoopCrash } from '@orrery/core/assembly';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../simulate.ts';
import type { FaultRule } from './fault-rules.ts';

/** A cluster, and a client of the actor `me`, whose requests get the faults of the rules. */
async function linked(
  ...rules: readonly FaultRule[]
): Promise<{ readonly cluster: SimulatedCluster; readonly me: Client }> {
  const cluster = await simulate({ nodes: 0, faults: [] });
  onTestFinished(() => cluster.close());
  cluster.faults.use(...rules.map((rule) => ({ actors: ['me'], ...rule })));
  return { cluster, me: cluster.faults.link(cluster.client, 'me') };
}

const named = (name: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
});

describe('requests', () => {
  test('fail when they are lost, some before they take effect, some after', async () => {
    const { cluster, me } = await linked({ loss: 1 });
    for (let i = 0; i < 40; i++)
      await expect(me.create(named(`c${i}`))).rejects.toThrow('the connection to the server was lost');
    const made = (await cluster.list(ConfigMap, { namespace: 'default' })).filter(
      ({ metadata }) => metadata.name !== 'kube-root-ca.crt',
    );
    const { happened } = cluster.faults;
    expect(made).toHaveLength(happened.get('lost answer') ?? 0);
    expect(happened.get('lost request')).toBe(40 - made.length);
    expect(made.length).toBeGreaterThan(10);
    expect(made.length).toBeLessThan(30);
  });

  test('are lost as requests if they only read', async () => {
    const { cluster, me } = await linked({ loss: 1 });
    await expect(me.list(Pod)).rejects.toThrow('lost');
    await expect(me.get(Pod, 'default/none')).rejects.toThrow('lost');
    expect([...cluster.faults.happened]).toEqual([['lost request', 2]]);
  });

  test('conflict if they change an existing object, and only then', async () => {
    const { cluster, me } = await linked({ conflict: 1 });
    const made = await me.create(named('a'));
    const change = { type: 'merge', patch: { data: { changed: 'yes' } } } as const;
    const refused = [
      me.update({ ...made, data: {} }),
      me.patch(ConfigMap, keyOf(made), change),
      me.apply(named('a'), { fieldManager: 'me', force: true }),
    ];
    for (const one of refused) {
      const error = await one.catch((thrown: unknown) => thrown);
      expect(isConflict(error)).toBe(true);
      expect(String(error)).toContain('Operation cannot be fulfilled on configmaps "a"');
    }
    expect(await me.get(ConfigMap, keyOf(made))).toBe(made);
    await me.delete(ConfigMap, keyOf(made));
    expect(cluster.faults.happened.get('conflict')).toBe(3);
  });

  test('may or may not have taken effect when a loop crashes at them', async () => {
    const { cluster, me } = await linked({ crash: 1 });
    for (let i = 0; i < 20; i++) await expect(me.create(named(`c${i}`))).rejects.toThrow(LoopCrash);
    const there = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        cluster.get(ConfigMap, `default/c${i}`).then(
          () => 'crash after',
          (error) => isNotFound(error) && 'crash before',
        ),
      ),
    );
    for (const when of ['crash before', 'crash after'] as const)
      expect(there.filter((one) => one === when)).toHaveLength(cluster.faults.happened.get(when) ?? 0);
    expect(new Set(there).size).toBe(2);
    await me.list(Pod);
  });

  test('are delayed on the way there and back', async () => {
    const { cluster, me } = await linked({ latency: { min: '1s', max: '3s' } });
    const begun = cluster.now();
    const answered: string[] = [];
    for (let i = 0; i < 5; i++)
      void me.create(named(`c${i}`)).then(() => void answered.push(`${i} after ${cluster.now() - begun}`));
    await cluster.advance(999);
    expect(await cluster.list(ConfigMap, { namespace: 'default' })).toHaveLength(1);
    await cluster.advance(2001);
    expect(await cluster.list(ConfigMap, { namespace: 'default' })).toHaveLength(6);
    await cluster.settle();
    expect(answered).toHaveLength(5);
    for (const one of answered) {
      expect(Number(one.split(' ')[2])).toBeGreaterThanOrEqual(2000);
      expect(Number(one.split(' ')[2])).toBeLessThanOrEqual(6000);
    }
    expect(answered.map((one) => one[0])).not.toEqual(['0', '1', '2', '3', '4']);
  });

  test('are delayed when they are refused, too', async () => {
    const { cluster, me } = await linked({ latency: { min: 20, max: 20 } });
    const begun = cluster.now();
    const refused = expect(me.get(ConfigMap, 'default/none')).rejects.toThrow('not found');
    await cluster.settle();
    await refused;
    expect(cluster.now() - begun).toBe(40);
  });
});

describe('rules', () => {
  const lost = async (request: Promise<unknown>) =>
    request.then(
      () => false,
      (error: unknown) => String(error).includes('lost'),
    );

  test('select by actor, kind and verb', async () => {
    const cluster = await simulate({ nodes: 0, faults: [] });
    onTestFinished(() => cluster.close());
    const client = (actor: string) => cluster.faults.link(cluster.client, actor);
    cluster.faults.use({ actors: ['kubelet-*', 'a.b'], kinds: [Pod, Secret], verbs: ['list', 'delete'], loss: 1 });
    expect(await lost(client('kubelet-node1').list(Pod))).toBe(true);
    expect(await lost(client('a.b').list(Secret))).toBe(true);
    expect(await lost(client('kubelet').list(Pod))).toBe(false);
    expect(await lost(client('axb').list(Pod))).toBe(false);
    expect(await lost(client('a.b').list(ConfigMap))).toBe(false);
    expect(await lost(client('a.b').get(Secret, 'default/none'))).toBe(false);
    expect(await lost(client('a.b').delete(Secret, 'default/none'))).toBe(true);
    expect(await lost(client('a.b').deleteCollection(Secret, { namespace: 'default' }))).toBe(false);
  });

  test('apply in order, and to impersonating clients of an actor too', async () => {
    const { me } = await linked({ kinds: [Pod] }, { loss: 1 });
    expect(await lost(me.list(Pod))).toBe(false);
    expect(await lost(me.as({ username: 'somebody', groups: ['system:masters'] }).list(Secret))).toBe(true);
  });

  test('need links, which a cluster has only if it was started with faults, or with none for now', async () => {
    const cluster = await simulate({ nodes: 0 });
    onTestFinished(() => cluster.close());
    expect(() => cluster.faults.use({ loss: 1 })).toThrow('simulate({ faults: [] })');
    cluster.faults.use();
  });

  test('can be removed', async () => {
    const { cluster, me } = await linked({ loss: 1 });
    expect(await lost(me.list(Pod))).toBe(true);
    cluster.faults.use();
    expect(await lost(me.list(Pod))).toBe(false);
  });

  test.each<FaultRule>([
    { loss: 1.1 },
    { crash: -0.1 },
    { loss: Number.NaN },
    { loss: 0.5, conflict: 0.4, crash: 0.2 },
    { watchDrop: 0.6, watchStall: 0.6 },
    { latency: { min: 5, max: 4 } },
  ])('%j is none', async (rule) => {
    await expect(simulate({ nodes: 0, faults: rule })).rejects.toThrow(RangeError);
  });
});

describe('watches', () => {
  /** What a watcher receives, with the milliseconds since it began, and how its watch ends. */
  async function watching(rule: FaultRule) {
    const made = await linked(rule);
    const begun = made.cluster.now();
    const log: string[] = [];
    const say = (text: string) => void log.push(`${text} at ${made.cluster.now() - begun}`);
    const subscription = made.me
      .watch(ConfigMap, { namespace: 'default', sendInitialEvents: true, allowWatchBookmarks: true })
      .subscribe({
        next: (event: WatchEvent<ConfigMap>) =>
          say(event.type === 'BOOKMARK' ? 'bookmark' : event.object.metadata.name),
        error: (error: unknown) => say(String(error)),
        complete: () => say('the end'),
      });
    onTestFinished(() => subscription.unsubscribe());
    await made.cluster.settle();
    return { ...made, log, subscription };
  }
  const beginning = ['kube-root-ca.crt at 0', 'bookmark at 0'];

  test('break at an event, which is not delivered', async () => {
    const { cluster, log } = await watching({ watchDrop: 1 });
    expect(log).toEqual(beginning);
    await cluster.client.create(named('a'));
    await cluster.client.create(named('b'));
    expect(log.slice(2)).toEqual(['Error: the connection to the server was lost at 0']);
    expect(cluster.faults.happened.get('watch drop')).toBe(1);
  });

  test('end with Expired when they expire', async () => {
    const { cluster, log } = await watching({ watchExpiry: 1 });
    await cluster.client.create(named('a'));
    expect(log.slice(2)).toEqual([
      expect.stringMatching(/The resourceVersion for the provided watch is too old. at 0/),
    ]);
  });

  test('are silent for a while when they stall, then break', async () => {
    const { cluster, log } = await watching({ watchStall: 1, stallDuration: '10s' });
    await cluster.client.create(named('a'));
    await cluster.advance('9s');
    await cluster.client.create(named('b'));
    expect(log).toEqual(beginning);
    await cluster.advance('10s');
    expect(log.slice(2)).toEqual(['Error: the connection to the server was lost at 10000']);
  });

  test('may fail to open', async () => {
    const { log } = await watching({ loss: 1 });
    expect(log).toEqual(['Error: the connection to the server was lost at 0']);
  });

  test('deliver events late and in order, and the initial objects together', async () => {
    const { cluster, log } = await watching({ latency: { min: 10, max: 500 } });
    expect(log[0]?.split(' at ')[1]).toBe(log[1]?.split(' at ')[1]);
    for (let i = 0; i < 20; i++) {
      await cluster.client.create(named(`c${i}`));
      await cluster.advance(40);
    }
    await cluster.settle();
    expect(log.slice(2).map((text) => text.split(' ')[0])).toEqual(Array.from({ length: 20 }, (_, i) => `c${i}`));
    const times = log.map((text) => Number(text.split(' at ')[1]));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBeGreaterThan(5);
  });

  test('deliver nothing after they are unsubscribed, even if events are in flight', async () => {
    const { cluster, log, subscription } = await watching({ latency: { min: 100, max: 100 } });
    await cluster.client.create(named('a'));
    subscription.unsubscribe();
    await cluster.settle();
    expect(log).toHaveLength(2);
    expect(cluster.simulation.pending()).toEqual([]);
  });
});
