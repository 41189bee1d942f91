import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from './running-cluster.fixture.ts';

/** PodPresets with real kubectl, which does not know them. */
let cluster: RunningCluster;

const applied = (manifest: string) => cluster.kubectl(['apply', '-f', '-'], { stdin: manifest });
const preset = (name: string, spec: string) =>
  `apiVersion: settings.k8s.io/v1alpha1\nkind: PodPreset\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
const pod = (name: string, more = '') => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { role: frontend }${more} }
spec:
  terminationGracePeriodSeconds: 0
  containers: [{ name: main, image: nginx }]
`;
const selecting = 'selector: { matchLabels: { role: frontend } }';
const database = `{ ${selecting}, env: [{ name: DB_PORT, value: "6379" }], volumeMounts: [{ name: cache, mountPath: /cache }], volumes: [{ name: cache }] }`;

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '1']);
  expect(await applied(preset('allow-database', database))).toBe('podpreset.settings.k8s.io/allow-database created\n');
});

afterAll(async () => {
  await cluster?.stop();
});

describe('a PodPreset is an object like any other', () => {
  test('get shows its name and age', async () => {
    expect(await cluster.kubectl(['get', 'podpresets'])).toMatch(
      /^NAME +CREATED AT\nallow-database +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/,
    );
    expect(await cluster.kubectl(['get', 'podpresets', '-A', '--no-headers'])).toMatch(/^default +allow-database /);
    expect(await cluster.kubectl(['get', 'podpreset', 'allow-database', '-o', 'name'])).toBe(
      'podpreset.settings.k8s.io/allow-database\n',
    );
  });

  test('its defaults are stored with it', async () => {
    const path = 'jsonpath={.spec.volumes}';
    expect(await cluster.kubectl(['get', 'podpreset', 'allow-database', '-o', path])).toBe(
      '[{"emptyDir":{},"name":"cache"}]',
    );
  });

  test('describe', async () => {
    const text = await cluster.kubectl(['describe', 'podpreset', 'allow-database']);
    expect(text).toMatch(/^Name: +allow-database\nNamespace: +default\n/);
    expect(text).toMatch(/^API Version: +settings.k8s.io\/v1alpha1\nKind: +PodPreset$/m);
    expect(text).toMatch(/^ {2}Env:\n {4}Name: +DB_PORT\n {4}Value: +6379$/m);
    expect(text).toMatch(/^ {2}Selector:\n {4}Match Labels:\n {6}Role: +frontend$/m);
    expect(text).toMatch(/^ {2}Volume Mounts:\n {4}Mount Path: +\/cache\n {4}Name: +cache$/m);
  });

  test.each([
    ['podpreset', /KIND: +PodPreset\nVERSION: +v1alpha1\n[\s\S]*spec\t<PodPresetSpec>\n/],
    ['podpreset.spec', /env\t<\[\]EnvVar>\n[\s\S]*envFrom\t<\[\]EnvFromSource>\n[\s\S]*selector\t<LabelSelector>\n/],
    [
      'podpreset.spec.env',
      /FIELD: env <\[\]EnvVar>\n[\s\S]*name\t<string> -required-\n[\s\S]*valueFrom\t<EnvVarSource>\n/,
    ],
    ['podpreset.spec.selector', /FIELD: selector <LabelSelector>\n[\s\S]*matchLabels\t<map\[string\]string>\n/],
    ['podpreset.spec.volumes.secret', /FIELD: secret <SecretVolumeSource>\n[\s\S]*secretName\t<string>\n/],
  ])('explain %s', async (path, expected) => {
    expect(await cluster.kubectl(['explain', path])).toMatch(expected);
  });

  test('explain --recursive', async () => {
    expect(await cluster.kubectl(['explain', 'podpresets', '--recursive'])).toMatch(/volumeMounts\t<\[\]VolumeMount>/);
  });

  test('api-resources lists it, patch and label change it, delete removes it', async () => {
    expect(await cluster.kubectl(['api-resources', '--api-group=settings.k8s.io', '--no-headers'])).toMatch(
      /^podpresets +settings.k8s.io\/v1alpha1 +true +PodPreset\n$/,
    );
    await applied(preset('other', '{ env: [{ name: A, value: b }], selector: { matchLabels: { role: none } } }'));
    await cluster.kubectl(['label', 'podpreset', 'other', 'team=a']);
    await cluster.kubectl(['patch', 'podpreset', 'other', '--type=merge', '-p', '{"spec":{"env":[{"name":"B"}]}}']);
    expect(await cluster.kubectl(['get', 'podpresets', '-l', 'team=a', '-o', 'jsonpath={..env}'])).toBe(
      '[{"name":"B"}]',
    );
    expect(await cluster.kubectl(['delete', 'podpreset', 'other'])).toBe(
      'podpreset.settings.k8s.io "other" deleted from default namespace\n',
    );
  });
});

describe('an invalid preset is rejected', () => {
  test.each([
    [
      'that injects nothing',
      `{ ${selecting} }`,
      'spec.volumes/env/envFrom/volumeMounts: Required value: must specify at least one',
    ],
    [
      'that mounts a volume it does not define',
      `{ ${selecting}, volumeMounts: [{ name: v, mountPath: /v }] }`,
      'spec.volumeMounts[0].name: Not found: "v"',
    ],
    [
      'that mounts twice at the same path',
      `{ ${selecting}, volumes: [{ name: v }], volumeMounts: [{ name: v, mountPath: /v }, { name: v, mountPath: /v }] }`,
      'spec.volumeMounts[1].mountPath: Invalid value: "/v": must be unique',
    ],
    [
      'whose selector needs values',
      '{ selector: { matchExpressions: [{ key: a, operator: In }] }, env: [{ name: A }] }',
      'spec.selector.matchExpressions[0].values: Required value',
    ],
    ['whose variable has no name', `{ ${selecting}, env: [{ name: "" }] }`, 'spec.env[0].name: Required value'],
    ['with an unknown field', `{ ${selecting}, containers: [] }`, 'unknown field "spec.containers"'],
  ])('%s', async (_rule, spec, message) => {
    const { code, stderr } = await cluster.tryKubectl(['create', '-f', '-'], { stdin: preset('bad', spec) });
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });
});

describe('effect on Pods', () => {
  test('a selected Pod gets the preset’s fields and an annotation', async () => {
    await applied(pod('merged'));
    const text = await cluster.kubectl(['describe', 'pod', 'merged']);
    const version = await cluster.kubectl([
      'get',
      'podpreset',
      'allow-database',
      '-o',
      'jsonpath={.metadata.resourceVersion}',
    ]);
    expect(text).toContain(`podpreset.admission.kubernetes.io/podpreset-allow-database: ${version}\n`);
    expect(text).toMatch(/Environment:\n +DB_PORT: +6379\n/);
    expect(text).toMatch(/\/cache from cache \(rw\)/);
    expect(text).not.toContain('PodPresetConflict');
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/merged', '--timeout=30s']);
    expect(await cluster.kubectl(['exec', 'merged', '--', 'printenv', 'DB_PORT'])).toBe('6379\n');
  });

  test('a Pod that opts out does not', async () => {
    await applied(pod('excluded', ', annotations: { podpreset.admission.kubernetes.io/exclude: "true" }'));
    expect(await cluster.kubectl(['get', 'pod', 'excluded', '-o', 'jsonpath={..env}'])).toBe('');
  });

  test('a conflict: the Pod is created unchanged, with a Warning event that describe shows', async () => {
    await applied(preset('legacy', `{ ${selecting}, env: [{ name: DB_PORT, value: "5432" }] }`));
    await applied(pod('undecided'));
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/undecided', '--timeout=30s']);
    const text = await cluster.kubectl(['describe', 'pod', 'undecided']);
    expect(text).toMatch(
      /Warning +PodPresetConflict +.*conflict occurred while applying podpresets: allow-database,legacy: spec.containers\[0\].env\[DB_PORT\] of podpreset "legacy" differs from that of podpreset "allow-database"/,
    );
    expect(text).toMatch(/Environment: +<none>\n/);
    expect(text).not.toContain('podpreset.admission.kubernetes.io/podpreset-');
    expect(text).not.toMatch(/5432|6379/);
    await cluster.kubectl(['delete', 'podpreset', 'legacy']);
  });

  test('a Deployment is never changed, only its Pods', async () => {
    const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { role: frontend, app: web } }
  template:
    metadata: { labels: { role: frontend, app: web } }
    spec: { containers: [{ name: main, image: nginx }] }
`;
    await applied(manifest);
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=30s']);
    for (const kind of ['deployment', 'replicaset']) {
      expect(await cluster.kubectl(['get', kind, '-o', 'jsonpath={.items[*].spec.template.spec}'])).not.toContain(
        'DB_PORT',
      );
    }
    expect(await cluster.kubectl(['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*]..env[*].name}'])).toBe(
      'DB_PORT DB_PORT',
    );
    expect(await applied(manifest)).toBe('deployment.apps/web unchanged\n');
    expect(await cluster.kubectl(['get', 'deployment', 'web', '-o', 'jsonpath={.metadata.generation}'])).toBe('1');
  });
});
