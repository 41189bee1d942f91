import { ConfigMap, Deployment, isNotFound } from '@orrery/api';
import { type Controller, defineController, definePlugin, type Inspection } from '@orrery/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, type SimulateOptions, simulate } from './simulate.ts';

async function cluster(options: SimulateOptions = {}): Promise<SimulatedCluster> {
  const made = await simulate(options);
  onTestFinished(() => made.close());
  return made;
}

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: nginx }] }
`;

const settings = (data: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: default }
data: { value: ${data} }
`;

/** Wants the ConfigMap \`settings\` to say something. */
function says(name: string, wanted: string): Controller {
  return defineController({
    name,
    for: ConfigMap,
    when: ({ metadata }) => metadata.name === 'settings',
    async reconcile({ metadata, data }, { client }) {
      if (data?.value === wanted) return;
      await client.patch(ConfigMap, `${metadata.namespace}/${metadata.name}`, {
        type: 'merge',
        patch: { data: { value: wanted } },
      });
    },
  });
}

describe('settle', () => {
  test('leaves no work that needs no time', async () => {
    const simulated = await cluster({ recorded: true });
    await simulated.apply(web);
    await simulated.settle();
    expect((await simulated.get(Deployment, 'default/web')).status?.readyReplicas).toBe(3);
    expect(simulated.simulation.pending()).toEqual([]);
    const commits = simulated.history().length;
    await simulated.settle();
    expect(simulated.history()).toHaveLength(commits);
  });

  test('names the controllers that undo each other, and what they react to', async () => {
    const simulated = await cluster({
      plugins: [definePlugin({ name: 'quarrel', controllers: [says('yes', 'y'), says('no', 'n')] })],
    });
    await simulated.apply(settings('maybe'));
    const failure = await simulated.settle({ turns: 20_000 }).catch(String);
    expect(failure).toContain('not idle after 20000 turns');
    expect(failure).toMatch(
      /yes default\/settings ran \d+ times lately \(because of modified v1\/ConfigMap default\/settings @\d+\)/,
    );
    expect(failure).toMatch(/no default\/settings ran \d+ times lately/);
  });

  test('names the controller that always fails, with its error and what it reacts to', async () => {
    const broken = defineController({
      name: 'broken',
      for: ConfigMap,
      when: ({ metadata }) => metadata.name === 'settings',
      async reconcile() {
        throw new Error('no such luck');
      },
    });
    const simulated = await cluster({ plugins: [definePlugin({ name: 'broken', controllers: [broken] })] });
    await simulated.apply(settings('any'));
    await expect(simulated.settle()).rejects.toThrow(
      /broken default\/settings failed 21 times in a row: no such luck \(because of added v1\/ConfigMap default\/settings @\d+, retry\)/,
    );
  });
});

describe('time', () => {
  test('stands still except for advance, which moves it exactly', async () => {
    const simulated = await cluster({ start: Date.UTC(2030, 0, 1) });
    const before = simulated.now();
    await simulated.apply(web);
    expect(simulated.now()).toBe(before);
    await simulated.settle();
    const settled = simulated.now();
    await simulated.advance('90s');
    expect(simulated.now()).toBe(settled + 90_000);
  });

  test('runs until a condition holds, and fails if it does not in time', async () => {
    const simulated = await cluster();
    const until = simulated.now() + 25_000;
    await simulated.run(() => simulated.now() >= until);
    expect(simulated.now()).toBeLessThan(until + 10_000);
    await expect(simulated.run(() => false, { within: '2m' })).rejects.toThrow('within 2m');
  });
});

describe('the history', () => {
  test('has every commit in order, and no others', async () => {
    const simulated = await cluster({ recorded: true });
    await simulated.apply(settings('kept'));
    const history = simulated.history();
    expect(history.map(({ revision }) => revision)).toEqual(history.map((_, i) => (history[0]?.revision ?? 0) + i));
    expect(history.at(-1)?.writes).toContain('"value":"kept"');
  });

  test('is kept only if it is requested', async () => {
    const simulated = await cluster();
    expect(() => simulated.history()).toThrow('simulate({ recorded: true })');
  });
});

describe("a test's view", () => {
  test('reads objects as they are, by kind and key', async () => {
    const simulated = await cluster({ nodes: 1 });
    await simulated.apply(settings('seen'));
    expect((await simulated.get(ConfigMap, 'default/settings')).data).toEqual({ value: 'seen' });
    expect((await simulated.list(ConfigMap, { namespace: 'default' })).map(({ metadata }) => metadata.name)).toEqual([
      'kube-root-ca.crt',
      'settings',
    ]);
    expect(await simulated.get(ConfigMap, 'default/none').catch(isNotFound)).toBe(true);
  });

  test('reaches into containers', async () => {
    const simulated = await cluster({ nodes: 1 });
    await simulated.apply(`
apiVersion: v1
kind: Pod
metadata: { name: talker, namespace: default }
spec: { containers: [{ name: main, image: busybox, command: [sh, -c, 'echo hello; sleep 1h'] }] }
`);
    await simulated.settle();
    expect(await simulated.logs('default/talker')).toBe('hello\n');
    expect(await simulated.exec('default/talker', ['sh', '-c', 'echo oops >&2; exit 3'])).toEqual({
      stdout: '',
      stderr: 'oops\n',
      exitCode: 3,
    });
  });

  test('receives what all loops do, from the start', async () => {
    const events: Inspection[] = [];
    await cluster({ nodes: 1, inspect: (event) => events.push(event) });
    expect(events.find(({ type, actor }) => type === 'wrote' && actor === 'kubelet-node1')).toMatchObject({
      kind: 'v1/Node',
      verb: 'create',
      key: 'node1',
    });
  });
});
