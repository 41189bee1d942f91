import { describe, expect, it } from 'vitest';
import { fieldErrorText, invalid } from '../../field-error.ts';
import * as kinds from '../../kinds.ts';
import { validateCreate, validateStatusUpdate } from '../validate.ts';
import { createFaults, stored, updateFaults } from './faults.fixture.ts';

const podSpec = { containers: [{ name: 'c', image: 'busybox' }] };
const selector = { matchLabels: { app: 'web' } };
const template = { metadata: { labels: { app: 'web', tier: 'x' } }, spec: podSpec };
const workload = { selector, template };
const never = { ...template, spec: { ...podSpec, restartPolicy: 'Never' } };
const mismatch =
  'spec.template.metadata.labels: Invalid value: {"app":"web","tier":"x"}: `selector` does not match template `labels`';

type Case = [rule: string, found: () => string[], expected: string[]];

const table = (cases: Case[]): void =>
  it.each(cases)('%s', (_rule, found, expected) => {
    expect(found()).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

describe('a Deployment', () => {
  const deployment = (spec: object) => createFaults(kinds.Deployment, { spec: { ...workload, ...spec } });
  table([
    ['a plain one passes', () => deployment({}), []],
    ['a selector is required', () => deployment({ selector: undefined }), ['spec.selector: Required value']],
    [
      'a selector that selects everything is refused',
      () => deployment({ selector: {} }),
      ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
    ],
    ['a selector selects the template', () => deployment({ selector: { matchLabels: { app: 'db' } } }), [mismatch]],
    [
      'an expression has values when it needs them',
      () => deployment({ selector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }),
      [
        "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      ],
    ],
    [
      'an expression has none when it needs none',
      () => deployment({ selector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } }),
      [
        "spec.selector.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      ],
    ],
    [
      'an operator is known',
      () => deployment({ selector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } }),
      ['spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator'],
    ],
    [
      'replicas are not negative',
      () => deployment({ replicas: -1 }),
      ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'Pods are always restarted',
      () => deployment({ template: never }),
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [
      'Pods have no deadline',
      () => deployment({ template: { ...template, spec: { ...podSpec, activeDeadlineSeconds: 1 } } }),
      ['spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported'],
    ],
    [
      'the template is a valid Pod',
      () => deployment({ template: { ...template, spec: { containers: [] } } }),
      ['spec.template.spec.containers: Required value'],
    ],
    [
      'a strategy is one of two',
      () => deployment({ strategy: { type: 'Blue' } }),
      ['spec.strategy.type: Unsupported value: "Blue": supported values: "Recreate", "RollingUpdate"'],
    ],
    [
      'recreation does not roll',
      () => deployment({ strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
      ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ],
    [
      'rolling needs room',
      () => deployment({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } }),
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'],
    ],
    [
      'no more than all are unavailable',
      () => deployment({ strategy: { rollingUpdate: { maxUnavailable: '101%' } } }),
      ['maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
    ],
    [
      'a part is in percent',
      () => deployment({ strategy: { rollingUpdate: { maxSurge: 'half' } } }),
      ['maxSurge: Invalid value: "half": a valid percent string must be a numeric string followed by an ending \'%\''],
    ],
    [
      'the progress deadline exceeds minReadySeconds',
      () => deployment({ minReadySeconds: 600 }),
      ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
    ],
    [
      'the selector never changes',
      () =>
        updateFaults(
          kinds.Deployment,
          { spec: { ...workload, selector: { matchLabels: { tier: 'x' } } } },
          { spec: workload },
        ),
      ['spec.selector: Invalid value: {"matchLabels":{"tier":"x"}}: field is immutable'],
    ],
    [
      'the rest may change',
      () => updateFaults(kinds.Deployment, { spec: { ...workload, replicas: 5, paused: true } }, { spec: workload }),
      [],
    ],
  ]);
  it('is refused as Deployment.apps', () => {
    const object = stored(kinds.Deployment, { spec: { ...workload, replicas: -1 } });
    expect(invalid(kinds.Deployment, 'x', validateCreate(kinds.Deployment, object)).status).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message: 'Deployment.apps "x" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      details: {
        name: 'x',
        group: 'apps',
        kind: 'Deployment',
        causes: [{ reason: 'FieldValueInvalid', field: 'spec.replicas' }],
      },
    });
  });
  it('has a status in which nothing is counted twice', () => {
    const next = stored(kinds.Deployment, {
      spec: workload,
      status: { replicas: 1, readyReplicas: 2, availableReplicas: 3 },
    });
    const old = stored(kinds.Deployment, { spec: workload });
    expect(validateStatusUpdate(kinds.Deployment, next, old).map(fieldErrorText)).toEqual([
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas',
    ]);
  });
});

describe('other workloads', () => {
  const claims = { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }] };
  const mounted = {
    ...template,
    spec: { containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'data', mountPath: '/d' }] }] },
  };
  table([
    [
      'a ReplicaSet selects its template',
      () => createFaults(kinds.ReplicaSet, { spec: { ...workload, selector: { matchLabels: { app: 'db' } } } }),
      [mismatch],
    ],
    [
      'a ReplicaSet keeps its selector',
      () =>
        updateFaults(
          kinds.ReplicaSet,
          { spec: { ...workload, selector: { matchLabels: { tier: 'x' } } } },
          { spec: workload },
        ),
      ['spec.selector: Invalid value'],
    ],
    [
      'a DaemonSet selects something',
      () => createFaults(kinds.DaemonSet, { spec: { ...workload, selector: {} } }),
      ['spec.selector: Invalid value: {}: empty selector is invalid for daemonset'],
    ],
    [
      'a DaemonSet replaces before or after',
      () =>
        createFaults(kinds.DaemonSet, { spec: { ...workload, updateStrategy: { rollingUpdate: { maxSurge: 1 } } } }),
      ['spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero'],
    ],
    [
      'a StatefulSet mounts its claims',
      () => createFaults(kinds.StatefulSet, { spec: { ...workload, ...claims, template: mounted } }),
      [],
    ],
    [
      'a StatefulSet keeps its identity',
      () =>
        updateFaults(
          kinds.StatefulSet,
          { spec: { ...workload, serviceName: 'b' } },
          { spec: { ...workload, serviceName: 'a' } },
        ),
      [
        "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ],
    ],
    [
      'a StatefulSet may scale',
      () => updateFaults(kinds.StatefulSet, { spec: { ...workload, replicas: 3 } }, { spec: workload }),
      [],
    ],
    [
      'a partition is not negative',
      () =>
        createFaults(kinds.StatefulSet, {
          spec: { ...workload, updateStrategy: { rollingUpdate: { partition: -1 } } },
        }),
      ['spec.updateStrategy.rollingUpdate.partition: Invalid value: -1'],
    ],
    [
      'a ReplicationController derives its selector from its template',
      () => createFaults(kinds.ReplicationController, { spec: { template } }),
      [],
    ],
    [
      "a Job's Pods end",
      () => createFaults(kinds.Job, { spec: { template } }),
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      'a Job with a failure policy never restarts',
      () =>
        createFaults(kinds.Job, {
          spec: {
            template: { ...template, spec: { ...podSpec, restartPolicy: 'OnFailure' } },
            podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [0] } }] },
          },
        }),
      [
        'spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator',
        'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
      ],
    ],
    [
      'an indexed Job has completions',
      () => createFaults(kinds.Job, { spec: { template: never, completionMode: 'Indexed', parallelism: 1 } }),
      ['spec.completions: Required value: when completion mode is Indexed'],
    ],
    [
      'a limit per index needs indexes',
      () => createFaults(kinds.Job, { spec: { template: never, backoffLimitPerIndex: 1 } }),
      ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
    ],
    [
      "a Job's template never changes",
      () =>
        updateFaults(
          kinds.Job,
          { spec: { template: { ...never, metadata: { labels: { a: 'b' } } } } },
          { spec: { template: never } },
          { labels: { a: 'b' } },
        ),
      ['spec.template: Invalid value'],
    ],
    [
      'a suspended Job may be steered',
      () =>
        updateFaults(
          kinds.Job,
          { spec: { suspend: true, template: { ...never, spec: { ...never.spec, nodeSelector: { a: 'b' } } } } },
          { spec: { suspend: true, template: never } },
        ),
      [],
    ],
    [
      "a Job's completions never change",
      () =>
        updateFaults(
          kinds.Job,
          { spec: { template: never, completions: 2 } },
          { spec: { template: never, completions: 3 } },
        ),
      ['spec.completions: Invalid value: 2: field is immutable'],
    ],
  ]);
});
