import { ConfigMap, Pod, Secret } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** How changes of an object reach the containers that show it (Kubernetes "Mounted ConfigMaps are updated automatically"). */

const mount = { name: 'v', mountPath: '/v' };
const web = { namespace: 'default', name: 'web' };

async function withConfig(spec: Parameters<PodScenario['start']>[0], data: { [key: string]: string } = { k: 'old' }) {
  const cluster = await podScenario();
  await cluster.client.create<ConfigMap>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'default', name: 'c' },
    data,
  });
  await cluster.start(spec);
  await cluster.advance('5s');
  return cluster;
}

async function change(cluster: PodScenario, data: { [key: string]: string }): Promise<void> {
  const old = await cluster.client.get(ConfigMap, { namespace: 'default', name: 'c' });
  await cluster.client.update<ConfigMap>({ ...old, data });
}

const run = async (cluster: PodScenario, command: string, container = 'main') => {
  const { stdout, stderr } = await cluster.exec('default/web', ['sh', '-c', command], { container });
  return stdout + stderr;
};

const volumes = [{ name: 'v', configMap: { name: 'c' } }];

describe('updates of what is mounted', () => {
  test('files follow within the sync period: keys are changed, added and removed', async () => {
    const cluster = await withConfig(
      { containers: [service({ volumeMounts: [mount] })], volumes },
      { k: 'old', gone: '1' },
    );
    await change(cluster, { k: 'new', more: '2' });
    await cluster.advance('1s');
    expect(await run(cluster, 'ls /v; cat /v/k')).toBe('k\nmore\nnew');
  });

  test('a change is one swap of ..data: the previous directory is removed with its files', async () => {
    const cluster = await withConfig({ containers: [service({ volumeMounts: [mount] })], volumes });
    const before = (await run(cluster, 'readlink /v/..data')).trim();
    await change(cluster, { k: 'new' });
    await cluster.advance('1s');
    const after = (await run(cluster, 'readlink /v/..data')).trim();
    expect(after).not.toBe(before);
    expect((await run(cluster, 'ls -A /v')).split('\n').toSorted()).toEqual(['', '..data', after, 'k'].toSorted());
  });

  test('a change of nothing but metadata writes nothing', async () => {
    const cluster = await withConfig({ containers: [service({ volumeMounts: [mount] })], volumes });
    const before = await run(cluster, 'readlink /v/..data');
    const old = await cluster.client.get(ConfigMap, { namespace: 'default', name: 'c' });
    await cluster.client.update<ConfigMap>({ ...old, metadata: { ...old.metadata, labels: { a: 'b' } } });
    await cluster.advance('5s');
    expect(await run(cluster, 'readlink /v/..data')).toBe(before);
  });

  test('environment variables keep their values until the container is recreated', async () => {
    const cluster = await withConfig({
      containers: [
        service({
          env: [{ name: 'K', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }],
          envFrom: [{ configMapRef: { name: 'c' } }],
          livenessProbe: { exec: { command: ['test', '!', '-e', '/tmp/fail'] }, periodSeconds: 1, failureThreshold: 1 },
        }),
      ],
    });
    await change(cluster, { k: 'new' });
    await cluster.advance('10s');
    expect(await run(cluster, 'echo $K $k')).toBe('old old\n');
    await run(cluster, 'touch /tmp/fail');
    await cluster.advance('1m');
    expect(await cluster.row()).toMatchObject({ status: 'Running', restarts: expect.stringMatching(/^1/) });
    expect(await run(cluster, 'echo $K $k')).toBe('new new\n');
  });

  test('a subPath mount keeps its content, next to a mount that follows updates', async () => {
    const cluster = await withConfig({
      containers: [
        service({
          volumeMounts: [
            mount,
            { name: 'v', mountPath: '/one', subPath: 'k' },
            { name: 'v', mountPath: '/expr', subPathExpr: 'k' },
          ],
        }),
      ],
      volumes,
    });
    await change(cluster, { k: 'new' });
    await cluster.advance('10s');
    expect(await run(cluster, 'cat /v/k /one /expr')).toBe('newoldold');
  });

  test('a deleted object leaves its files as they are; a recreated one updates them', async () => {
    const cluster = await withConfig({ containers: [service({ volumeMounts: [mount] })], volumes });
    await cluster.client.delete(ConfigMap, { namespace: 'default', name: 'c' });
    await cluster.advance('10s');
    expect(await run(cluster, 'cat /v/k')).toBe('old');
    expect(await cluster.row()).toMatchObject({ status: 'Running' });
    await cluster.apply(
      '{ apiVersion: v1, kind: ConfigMap, metadata: { name: c, namespace: default }, data: { k: again } }',
    );
    await cluster.advance('5m');
    expect(await run(cluster, 'cat /v/k')).toBe('again');
  });

  test('a failing refresh is reported as FailedMount, ever more slowly, until it works', async () => {
    const cluster = await withConfig({ containers: [service({ volumeMounts: [mount] })], volumes });
    await cluster.client.delete(ConfigMap, { namespace: 'default', name: 'c' });
    await cluster.advance('1h');
    const recorded = async () => (await cluster.events()).filter((event) => event.startsWith('Warning FailedMount'));
    expect(await recorded()).toEqual([
      expect.stringMatching(
        /^Warning FailedMount: MountVolume\.SetUp failed for volume "v" : configmap "c" not found \(x3[5-9]\)$/,
      ),
    ]);
    const before = await recorded();
    expect(await cluster.row()).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
    await cluster.apply(
      '{ apiVersion: v1, kind: ConfigMap, metadata: { name: c, namespace: default }, data: { k: again } }',
    );
    await cluster.advance('10m');
    expect(await run(cluster, 'cat /v/k')).toBe('again');
    expect(await recorded()).toEqual(before);
  });

  test('a key that items need and an update removes: the files stay as they were', async () => {
    const cluster = await withConfig({
      containers: [service({ volumeMounts: [mount] })],
      volumes: [{ name: 'v', configMap: { name: 'c', items: [{ key: 'k', path: 'k' }] } }],
    });
    await change(cluster, { other: 'x' });
    await cluster.advance('10s');
    expect(await run(cluster, 'cat /v/k')).toBe('old');
  });

  test('immutable objects cannot be changed; a running Pod keeps the old content when they are recreated', async () => {
    const cluster = await podScenario();
    const make = (value: string) =>
      cluster.client.create<Secret>({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace: 'default', name: 's' },
        stringData: { k: value },
        immutable: true,
      });
    const made = await make('one');
    await cluster.start({
      containers: [service({ volumeMounts: [mount] })],
      volumes: [{ name: 'v', secret: { secretName: 's' } }],
    });
    await expect(cluster.client.update<Secret>({ ...made, data: { k: btoa('two') } })).rejects.toThrow(
      'data: Forbidden: field is immutable when `immutable` is set',
    );
    await expect(cluster.client.update<Secret>({ ...made, immutable: false })).rejects.toThrow(
      'immutable: Forbidden: field is immutable when `immutable` is set',
    );
    await cluster.client.update<Secret>({ ...made, metadata: { ...made.metadata, labels: { a: 'b' } } });
    await cluster.client.delete(Secret, { namespace: 'default', name: 's' });
    await make('two');
    await cluster.advance('1m');
    expect(await run(cluster, 'cat /v/k')).toBe('one');
    await cluster.remove('web', 0);
    await cluster.settle();
    await cluster.start({
      containers: [service({ volumeMounts: [mount] })],
      volumes: [{ name: 'v', secret: { secretName: 's' } }],
    });
    await cluster.advance('2s');
    expect(await run(cluster, 'cat /v/k')).toBe('two');
  });

  test('labels and annotations of the Pod follow in files, and not in variables', async () => {
    const cluster = await withConfig({
      containers: [
        service({
          env: [{ name: 'TIER', valueFrom: { fieldRef: { fieldPath: "metadata.labels['tier']" } } }],
          volumeMounts: [mount],
        }),
      ],
      volumes: [
        { name: 'v', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      ],
    });
    expect(await run(cluster, 'cat /v/labels; echo "[$TIER]"')).toBe('[]\n');
    await cluster.client.patch(Pod, web, {
      type: 'merge',
      patch: { metadata: { labels: { tier: 'back', app: 'a' } } },
    });
    await cluster.advance('2s');
    expect(await run(cluster, 'cat /v/labels; echo; echo "[$TIER]"')).toBe('app="a"\ntier="back"\n[]\n');
  });

  test('one object in many Pods: all follow', async () => {
    const cluster = await withConfig({ containers: [service({ volumeMounts: [mount] })], volumes });
    for (let i = 0; i < 10; i++) {
      await cluster.start({ containers: [service({ volumeMounts: [mount] })], volumes }, { name: `web-${i}` });
    }
    await change(cluster, { k: 'new' });
    await cluster.advance('2s');
    for (let i = 0; i < 10; i++) {
      expect((await cluster.exec(`default/web-${i}`, ['cat', '/v/k'])).stdout).toBe('new');
    }
  });

  test('while its kubelet is away nothing changes; when it is back the files follow', async () => {
    const cluster = await withConfig({ containers: [service({ volumeMounts: [mount] })], volumes });
    await cluster.nodes.restartKubelet('node1');
    await cluster.settle();
    await change(cluster, { k: 'new' });
    await cluster.advance('5s');
    expect(await run(cluster, 'cat /v/k')).toBe('new');
  });
});

test('a reader on the node that looks between any two steps of 1,000 updates sees one whole set, the old or the new', async () => {
  // Files come and go with the versions, so that a mixture would show in names too.
  const set = (n: number) => ({ a: `${n}`, 'b.conf': `${n}`, [`only-${n % 3}`]: `${n}` });
  const cluster = await withConfig(
    { containers: [service({ volumeMounts: [mount] })], volumes: [...volumes, { name: 'scratch', emptyDir: {} }] },
    set(0),
  );
  const files = cluster.nodes.runtime('node1')?.files;
  if (files === undefined) throw new Error('node1 does not run');
  const { uid } = (await cluster.pod()).metadata;
  const root = `/var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~configmap/v`;
  const text = (path: string) => new TextDecoder().decode(files.readFile(path));
  let latest = 0;
  let looks = 0;
  const seen = new Set<number>();
  const look = () => {
    looks++;
    const found = Object.fromEntries(
      files.readdir(`${root}/..data`).map((name) => [name, text(`${root}/..data/${name}`)]),
    );
    const n = Number(found.a);
    expect(found).toEqual(set(n));
    expect(n === latest || n === latest - 1).toBe(true);
    // The names that containers use lead into the same set.
    for (const name of ['a', 'b.conf']) expect(text(`${root}/${name}`)).toBe(found.a);
    seen.add(n);
  };
  const steps = ['writeFile', 'mkdir', 'symlink', 'rename', 'remove'] as const;
  for (const step of steps) {
    const act = files[step].bind(files) as (...given: readonly unknown[]) => void;
    Object.assign(files, {
      [step]: (...given: readonly unknown[]) => {
        act(...given);
        look();
      },
    });
  }
  for (let n = 1; n <= 1000; n++) {
    latest = n;
    await change(cluster, set(n));
    await cluster.advance('1s');
    look();
  }
  expect(seen.size).toBe(1001);
  expect(looks).toBeGreaterThan(8000);
  expect((await run(cluster, 'ls /v')).trim().split('\n')).toEqual(['a', 'b.conf', 'only-1']);
});

test('a reader that loops over the directory during 1,000 updates never sees a torn set', async () => {
  const set = (n: number) => ({ a: `${n}\n`, b: `${n}\n` });
  // The reader holds on to one version of the directory, and sleeps between its files: when that version is swept away under
  // it, it looks again, as every careful reader must. What it must never find is two files of different versions.
  const reader = `
    cd /v
    while true; do
      version=$(readlink ..data)
      read a < $version/a
      sleep 0.2
      read b < $version/b || { echo swept; continue; }
      read c < a
      read d < b
      if [ "$a" = "$b" ] && [ "$c" = "$d" ]; then echo whole; else echo "torn $a $b $c $d"; fi
    done 2> /dev/null`;
  const cluster = await withConfig({ containers: [script(reader, { volumeMounts: [mount] })], volumes }, set(0));
  for (let n = 1; n <= 1000; n++) {
    await change(cluster, set(n));
    await cluster.advance(200 + (n % 7) * 150);
  }
  await cluster.advance('2s');
  const lines = (await cluster.logs('default/web')).trimEnd().split('\n');
  const count = (word: string) => lines.filter((line) => line.startsWith(word)).length;
  expect(count('torn')).toBe(0);
  expect(count('whole')).toBeGreaterThan(2000);
  expect(count('swept')).toBeGreaterThan(20);
  expect(await run(cluster, 'cat /v/a')).toBe('1000\n');
});
