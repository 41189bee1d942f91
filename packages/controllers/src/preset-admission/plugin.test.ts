import { type KubernetesObject, Pod, PodPreset, type Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { testPod } from '../workload/objects.fixture.ts';
import { type PresetContext, type PresetRequest, presetAdmission } from './plugin.ts';

type Recorded = { about: KubernetesObject; type: string; reason: string; message: string };

function preset(name: string, namespace: string, value: string, selector = {}): Stored<PodPreset> {
  return {
    apiVersion: 'settings.k8s.io/v1alpha1',
    kind: 'PodPreset',
    metadata: { name, namespace, uid: name, resourceVersion: '1', creationTimestamp: '' },
    spec: { selector, env: [{ name: 'X', value }] },
  };
}

async function admit(pod: Pod, presets: Stored<PodPreset>[], change: Partial<PresetRequest> = {}) {
  const recorded: Recorded[] = [];
  const after: ((object: KubernetesObject) => unknown)[] = [];
  const context = {
    client: {
      list: async (kind: unknown, { namespace }: { namespace: string }) => {
        expect(kind).toBe(PodPreset);
        return { items: presets.filter(({ metadata }) => metadata.namespace === namespace), metadata: {} };
      },
    },
    events: {
      event: (about: KubernetesObject, type: string, reason: string, message: string) =>
        recorded.push({ about, type, reason, message }),
    },
    afterCommit: (task: (object: KubernetesObject) => unknown) => after.push(task),
  } as unknown as PresetContext;
  const request: PresetRequest = {
    operation: 'CREATE',
    kind: Pod,
    subresource: '',
    namespace: 'default',
    object: pod,
    ...change,
  };
  if (!presetAdmission.matches(request)) return { applied: false, recorded, commit: () => {} };
  const result = await presetAdmission.mutate(request, context);
  return {
    applied: result !== undefined,
    recorded,
    commit: (stored: KubernetesObject) => after.map((task) => task(stored)),
  };
}

const labelled = testPod('p', { metadata: { labels: { role: 'frontend' } } });
const annotated = (key: string, value: string) => testPod('p', { metadata: { annotations: { [key]: value } } });
const exclude = 'podpreset.admission.kubernetes.io/exclude';

describe('presets are applied', () => {
  const rows: readonly (readonly [
    rule: string,
    pod: Pod,
    preset: Stored<PodPreset>,
    applied: boolean,
    change?: Partial<PresetRequest>,
  ])[] = [
    [
      'to Pods that the selector matches',
      labelled,
      preset('a', 'default', '1', { matchLabels: { role: 'frontend' } }),
      true,
    ],
    ['not to others', labelled, preset('a', 'default', '1', { matchLabels: { role: 'backend' } }), false],
    ['to all by an empty selector', testPod('p'), preset('a', 'default', '1'), true],
    ['not from another namespace', labelled, preset('a', 'other', '1'), false],
    [
      'by the namespace of the request',
      testPod('p', { metadata: { namespace: '' } }),
      preset('a', 'default', '1'),
      true,
    ],
    ['not when the Pod opts out', annotated(exclude, 'true'), preset('a', 'default', '1'), false],
    ['unless it opts out with another word', annotated(exclude, 'True'), preset('a', 'default', '1'), true],
    [
      'not to mirror Pods, whatever the value',
      annotated('kubernetes.io/config.mirror', ''),
      preset('a', 'default', '1'),
      false,
    ],
    ['not on an update', testPod('p'), preset('a', 'default', '1'), false, { operation: 'UPDATE' }],
    ...['binding', 'status', 'eviction', 'ephemeralcontainers'].map(
      (subresource) =>
        [
          `not to the subresource ${subresource}`,
          testPod('p'),
          preset('a', 'default', '1'),
          false,
          { subresource },
        ] as const,
    ),
    ['not to objects of another kind', testPod('p'), preset('a', 'default', '1'), false, { kind: PodPreset }],
    ['unless it opts out with "1"', annotated(exclude, '1'), preset('a', 'default', '1'), true],
    ['unless it opts out with "false"', annotated(exclude, 'false'), preset('a', 'default', '1'), true],
    [
      'not to a Pod without labels by a selector that wants one',
      testPod('p'),
      preset('a', 'default', '1', { matchExpressions: [{ key: 'role', operator: 'Exists' }] }),
      false,
    ],
    [
      'to a Pod without labels by a selector that wants none',
      testPod('p'),
      preset('a', 'default', '1', { matchExpressions: [{ key: 'role', operator: 'DoesNotExist' }] }),
      true,
    ],
  ];
  test.for(rows)('%s', async ([, pod, one, expected, change]) => {
    const { applied } = await admit(pod, [one], change);
    expect(applied).toBe(expected);
  });
});

test('a conflict leaves the Pod alone and is recorded once the Pod is stored', async () => {
  const presets = [preset('b', 'default', '2'), preset('a', 'default', '1')];
  const { applied, recorded, commit } = await admit(testPod('p'), presets);
  expect(applied).toBe(false);
  expect(recorded).toEqual([]);
  const stored = testPod('p');
  commit(stored);
  expect(recorded).toEqual([
    {
      about: stored,
      type: 'Warning',
      reason: 'PodPresetConflict',
      message:
        'conflict occurred while applying podpresets: a,b: spec.containers[0].env[X] of podpreset "b" differs from that of podpreset "a"',
    },
  ]);
});

test('what is no Pod is refused', async () => {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } } as unknown as Pod;
  await expect(admit(body, [])).rejects.toThrow('Resource was marked with kind Pod but was unable to be converted');
});

test('presets that cannot be listed fail the request', async () => {
  const context = {
    client: { list: () => Promise.reject(new Error('the cache is not there')) },
  } as unknown as PresetContext;
  const request = { kind: Pod, namespace: 'default', object: testPod('p') } as unknown as PresetRequest;
  await expect(presetAdmission.mutate(request, context)).rejects.toThrow(
    'listing pod presets failed: the cache is not there',
  );
});

test('it runs before the service account’s token is added', () => {
  expect(presetAdmission).toMatchObject({ name: 'PodPreset', before: 'ServiceAccount' });
});

test('a selector that cannot be read fails the request', async () => {
  const broken = preset('a', 'default', '1', { matchExpressions: [{ key: 'x', operator: 'In', values: [] }] });
  await expect(admit(testPod('p'), [broken])).rejects.toThrow(
    'filtering pod presets failed: label selector conversion failed: ',
  );
});
