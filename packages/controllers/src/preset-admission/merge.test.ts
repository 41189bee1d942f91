import type { Container, Pod, PodPreset, PodPresetSpec, Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { testPod } from '../workload/objects.fixture.ts';
import { conflictMessage } from './conflict-event.ts';
import { mergePresets } from './merge.ts';

function preset(name: string, spec: PodPresetSpec, resourceVersion = '7'): Stored<PodPreset> {
  const metadata = { name, namespace: 'default', uid: name, resourceVersion, creationTimestamp: '' };
  return { apiVersion: 'settings.k8s.io/v1alpha1', kind: 'PodPreset', metadata, spec };
}

function podWith(container: Partial<Container>, spec: Partial<Pod['spec']> = {}): Pod {
  return testPod('p', { spec: { containers: [{ name: 'main', ...container }], ...spec } });
}

function merged(pod: Pod, ...presets: Stored<PodPreset>[]): Pod {
  const result = mergePresets(pod, presets);
  if (!('pod' in result)) throw new Error(result.conflicts.map(({ message }) => message).join('\n'));
  return result.pod;
}

function conflicts(pod: Pod, ...presets: Stored<PodPreset>[]): string[] {
  const result = mergePresets(pod, presets);
  return 'pod' in result
    ? []
    : result.conflicts.map(
        ({ field, preset: name, existing }) => `${field} ${name}/${existing.from === 'pod' ? 'pod' : existing.name}`,
      );
}

const env = (...pairs: string[]) =>
  pairs.map((pair) => ({ name: pair.split('=')[0] ?? '', value: pair.split('=')[1] ?? '' }));
const mount = (name: string, mountPath: string) => ({ name, mountPath });
const emptyDir = (name: string) => ({ name, emptyDir: {} });

describe('what presets add', () => {
  test('env, mounts and volumes, and an annotation with the resource version', () => {
    const pod = merged(
      podWith({}),
      preset(
        'allow-database',
        {
          env: env('DB_PORT=6379'),
          volumeMounts: [mount('cache-volume', '/cache')],
          volumes: [emptyDir('cache-volume')],
        },
        '42',
      ),
    );
    expect(pod.spec.containers[0]).toEqual({
      name: 'main',
      env: env('DB_PORT=6379'),
      volumeMounts: [mount('cache-volume', '/cache')],
    });
    expect(pod.spec.volumes).toEqual([emptyDir('cache-volume')]);
    expect(pod.metadata.annotations).toEqual({ 'podpreset.admission.kubernetes.io/podpreset-allow-database': '42' });
  });

  test('the same variable is there once; names differ by case', () => {
    const pod = merged(
      podWith({ env: env('abc=value2', 'hello=value3') }),
      preset('a', { env: env('abc=value2', 'ABC=value3') }),
    );
    expect(pod.spec.containers[0]?.env?.map(({ name }) => name)).toEqual(['abc', 'hello', 'ABC']);
  });

  test("the Pod's own variables come first, then each preset's in turn", () => {
    const pod = merged(
      podWith({ env: env('own=1') }),
      preset('a', { env: env('a=1') }),
      preset('b', { env: env('b=1') }),
    );
    expect(pod.spec.containers[0]?.env?.map(({ name }) => name)).toEqual(['own', 'a', 'b']);
  });

  test('envFrom is always appended, the same one too', () => {
    const from = (name: string, prefix?: string) => ({
      configMapRef: { name },
      ...(prefix === undefined ? {} : { prefix }),
    });
    const pod = merged(
      podWith({ envFrom: [from('thing')] }),
      preset('a', { envFrom: [from('abc'), from('abc', 'pre_'), from('thing')] }),
    );
    expect(pod.spec.containers[0]?.envFrom).toEqual([from('thing'), from('abc'), from('abc', 'pre_'), from('thing')]);
  });

  test('a mount that is there already is kept as it is', () => {
    const pod = merged(
      podWith({ volumeMounts: [mount('etc-volume', '/etc/')] }),
      preset('a', { volumeMounts: [mount('simply', '/opt/'), mount('etc-volume', '/etc/')] }),
    );
    expect(pod.spec.containers[0]?.volumeMounts).toEqual([mount('etc-volume', '/etc/'), mount('simply', '/opt/')]);
  });

  test('a volume that is there already is kept once', () => {
    const pod = merged(
      podWith({}, { volumes: [emptyDir('vol3'), emptyDir('vol4')] }),
      preset('a', { volumes: [emptyDir('vol3'), emptyDir('vol2')] }),
    );
    expect(pod.spec.volumes?.map(({ name }) => name)).toEqual(['vol3', 'vol4', 'vol2']);
  });

  test('init containers get it too', () => {
    const init = { name: 'init', image: 'busybox' };
    const spec: PodPresetSpec = {
      env: env('X=1'),
      envFrom: [{ secretRef: { name: 's' } }],
      volumeMounts: [mount('v', '/v')],
      volumes: [emptyDir('v')],
    };
    const pod = merged(podWith({}, { initContainers: [init] }), preset('a', spec));
    const { volumes: _, ...added } = spec;
    expect(pod.spec.initContainers).toEqual([{ ...init, ...added }]);
  });

  test('two presets with the same item give it once, with an annotation each', () => {
    const pod = merged(podWith({}), preset('a', { env: env('X=1') }, '1'), preset('b', { env: env('X=1') }, '2'));
    expect(pod.spec.containers[0]?.env).toEqual(env('X=1'));
    expect(pod.metadata.annotations).toEqual({
      'podpreset.admission.kubernetes.io/podpreset-a': '1',
      'podpreset.admission.kubernetes.io/podpreset-b': '2',
    });
  });

  test('a preset that adds nothing new is named all the same; other annotations stay', () => {
    const pod = testPod('p', {
      metadata: { annotations: { mine: 'yes' } },
      spec: { containers: [{ name: 'main', env: env('X=1') }] },
    });
    expect(merged(pod, preset('a', { env: env('X=1') })).metadata.annotations).toEqual({
      mine: 'yes',
      'podpreset.admission.kubernetes.io/podpreset-a': '7',
    });
  });

  test('no list appears where nothing was added', () => {
    expect(merged(podWith({}), preset('a', { env: env('X=1') })).spec).not.toHaveProperty('volumes');
  });
});

describe('a conflict', () => {
  const secretRef = [{ name: 'abc', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
  const rows: readonly [rule: string, pod: Pod, presets: Stored<PodPreset>[], expected: string[]][] = [
    [
      'the same variable with another value',
      podWith({ env: env('abc=value3') }),
      [preset('a', { env: env('abc=value2') })],
      ['spec.containers[0].env[abc] a/pod'],
    ],
    [
      'a value against a reference',
      podWith({ env: env('abc=value3') }),
      [preset('a', { env: secretRef })],
      ['spec.containers[0].env[abc] a/pod'],
    ],
    [
      'two presets against each other',
      podWith({}),
      [preset('a', { env: env('X=1') }), preset('b', { env: env('X=2') })],
      ['spec.containers[0].env[X] b/a'],
    ],
    [
      'the same volume mounted elsewhere',
      podWith({ volumeMounts: [mount('etc-volume', '/etc/')] }),
      [preset('a', { volumeMounts: [mount('simply', '/opt/'), mount('etc-volume', '/things/')] })],
      ['spec.containers[0].volumeMounts[etc-volume] a/pod'],
    ],
    [
      'another volume at the same path',
      podWith({ volumeMounts: [mount('etc-volume', '/etc/')] }),
      [preset('a', { volumeMounts: [mount('things-volume', '/etc/')] })],
      ['spec.containers[0].volumeMounts[/etc/] a/pod'],
    ],
    [
      'one preset that mounts its volume twice, with itself',
      podWith({}),
      [preset('a', { volumeMounts: [mount('v', '/x'), mount('v', '/y')] })],
      ['spec.containers[0].volumeMounts[v] a/a'],
    ],
    [
      'the same volume name with another source',
      podWith({}, { volumes: [emptyDir('vol3')] }),
      [preset('a', { volumes: [{ name: 'vol3', hostPath: { path: '/x' } }] })],
      ['spec.volumes[vol3] a/pod'],
    ],
    [
      'only in the second container blocks all',
      podWith({}, { containers: [{ name: 'one' }, { name: 'two', env: env('X=2') }] }),
      [preset('a', { env: env('X=1') })],
      ['spec.containers[1].env[X] a/pod'],
    ],
    [
      'only in an init container blocks all',
      podWith({}, { initContainers: [{ name: 'init', env: env('X=2') }] }),
      [preset('a', { env: env('X=1') })],
      ['spec.initContainers[0].env[X] a/pod'],
    ],
  ];
  test.each(rows)('%s', (_, pod, presets, expected) => {
    expect(conflicts(pod, ...presets)).toEqual(expected);
  });

  test('paths are compared as texts: a slash at the end makes another path', () => {
    const pod = podWith({ volumeMounts: [mount('a', '/cache')] });
    expect(conflicts(pod, preset('p', { volumeMounts: [mount('b', '/cache/')] }))).toEqual([]);
  });

  test('env and envFrom are not compared', () => {
    const pod = podWith({ env: env('X=1') });
    expect(conflicts(pod, preset('p', { envFrom: [{ configMapRef: { name: 'has-x' } }] }))).toEqual([]);
  });

  test.each<[what: string, pod: Pod, spec: PodPresetSpec, start: string]>([
    ['env', podWith({ env: env('abc=3') }), { env: env('abc=2') }, 'merging env for a has a conflict on abc: \n'],
    [
      'mounts by name',
      podWith({ volumeMounts: [mount('v', '/x')] }),
      { volumeMounts: [mount('v', '/y')] },
      'merging volume mounts for a has a conflict on v: \n',
    ],
    [
      'mounts by path',
      podWith({ volumeMounts: [mount('v', '/x')] }),
      { volumeMounts: [mount('w', '/x')] },
      'merging volume mounts for a has a conflict on mount path /x: \n',
    ],
    [
      'volumes',
      podWith({}, { volumes: [emptyDir('v')] }),
      { volumes: [{ name: 'v', hostPath: { path: '/x' } }] },
      'merging volumes for a has a conflict on v: \n',
    ],
  ])("has Kubernetes' wording for %s", (_, pod, spec, start) => {
    const result = mergePresets(pod, [preset('a', spec)]);
    const message = 'conflicts' in result ? result.conflicts[0]?.message : '';
    expect(message?.startsWith(start)).toBe(true);
    expect(message).toMatch(/\}\ndoes not match\n\{.*\}\n in container$/);
  });

  test('of a mount can be two: by its name and by its path', () => {
    const pod = podWith({ volumeMounts: [mount('v', '/x'), mount('w', '/y')] });
    expect(conflicts(pod, preset('p', { volumeMounts: [mount('v', '/y')] }))).toEqual([
      'spec.containers[0].volumeMounts[v] p/pod',
      'spec.containers[0].volumeMounts[/y] p/pod',
    ]);
  });

  test('of a volume that the container mounts twice is with its last mount', () => {
    const pod = podWith({ volumeMounts: [mount('v', '/x'), mount('v', '/y')] });
    expect(conflicts(pod, preset('p', { volumeMounts: [mount('v', '/y')] }))).toEqual([]);
    expect(conflicts(pod, preset('p', { volumeMounts: [mount('v', '/x')] }))).toEqual([
      'spec.containers[0].volumeMounts[v] p/pod',
    ]);
  });

  test('of mounts: a path inside another one is another path', () => {
    const pod = podWith({ volumeMounts: [mount('a', '/cache')] });
    expect(conflicts(pod, preset('p', { volumeMounts: [mount('b', '/cache/deeper')] }))).toEqual([]);
  });

  test('everything that differs counts: subPath, readOnly', () => {
    const pod = podWith({ volumeMounts: [{ ...mount('v', '/x'), readOnly: true }] });
    expect(conflicts(pod, preset('p', { volumeMounts: [mount('v', '/x')] }))).toHaveLength(2);
  });

  test('of presets hides none: all of all containers and presets are found', () => {
    const pod = podWith(
      {},
      {
        initContainers: [{ name: 'i', env: env('X=0') }],
        containers: [{ name: 'one', env: env('X=0', 'Y=0') }],
        volumes: [emptyDir('v')],
      },
    );
    const spec: PodPresetSpec = { env: env('X=1', 'Y=1'), volumes: [{ name: 'v', hostPath: { path: '/x' } }] };
    expect(conflicts(pod, preset('a', spec), preset('b', spec))).toEqual([
      'spec.containers[0].env[X] a/pod',
      'spec.containers[0].env[Y] a/pod',
      'spec.containers[0].env[X] b/pod',
      'spec.containers[0].env[Y] b/pod',
      'spec.initContainers[0].env[X] a/pod',
      'spec.initContainers[0].env[X] b/pod',
      'spec.volumes[v] a/pod',
      'spec.volumes[v] b/pod',
    ]);
  });
});

test('the event names the field and both sides, never a value', () => {
  const result = mergePresets(podWith({ env: env('Y=hidden') }), [
    preset('a', { env: env('X=1', 'Y=2') }),
    preset('b', { env: env('X=2') }),
  ]);
  expect('conflicts' in result ? conflictMessage(['a', 'b'], result.conflicts) : '').toBe(
    'conflict occurred while applying podpresets: a,b: ' +
      'spec.containers[0].env[Y] of podpreset "a" differs from the Pod\'s own; ' +
      'spec.containers[0].env[X] of podpreset "b" differs from that of podpreset "a"',
  );
});
