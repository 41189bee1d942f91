import { expect, it } from 'vitest';
import * as kinds from '../../kinds.ts';
import { createFaults, updateFaults } from './faults.fixture.ts';

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] } };
const faults = (spec: object, metadata: object = {}) =>
  createFaults(kinds.Job, { spec: { template, ...spec } }, metadata);
const indexed = { completionMode: 'Indexed', completions: 5 };
const failure = (rule: object) => faults({ podFailurePolicy: { rules: [{ action: 'Count', ...rule }] } });
const success = (rule: object) => faults({ ...indexed, successPolicy: { rules: [rule] } });
const exitCodes = (more: object) => failure({ onExitCodes: { operator: 'In', values: [1], ...more } });
const labels = (uid: string, name: string) => ({
  'controller-uid': uid,
  'job-name': name,
  'batch.kubernetes.io/controller-uid': uid,
  'batch.kubernetes.io/job-name': name,
});
const generated = (uid: string, name: string, selector: object) =>
  faults(
    { selector, template: { ...template, metadata: { labels: labels(uid, name) } } },
    { name: 'x', uid: 'the-uid' },
  );
const ofUid = (uid: string) => ({ matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });

it.each<[rule: string, found: readonly string[], expected: readonly string[]]>([
  [
    'failure: an action must be there',
    failure({ action: '', onExitCodes: { operator: 'In', values: [1] } }),
    ['spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]'],
  ],
  [
    'failure: only containers of the template',
    exitCodes({ containerName: 'd' }),
    [
      'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "d": must be one of the container or initContainer names in the pod template',
    ],
  ],
  [
    'failure: exit codes are in order',
    exitCodes({ values: [2, 1] }),
    ['spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,1]: must be ordered'],
  ],
  [
    'failure: exit codes differ',
    exitCodes({ values: [1, 1] }),
    ['spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Duplicate value: 1'],
  ],
  ['failure: something to match', failure({}), ['specifying one of OnExitCodes and OnPodConditions is required']],
  [
    'failure: an index fails only where indexes may',
    failure({ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }),
    ['spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set'],
  ],
  [
    'failure: only failed Pods are replaced',
    faults({ podReplacementPolicy: 'TerminatingOrFailed', podFailurePolicy: { rules: [] } }),
    ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"'],
  ],
  [
    'success: needs indexes',
    faults({ successPolicy: { rules: [{ succeededCount: 1 }] } }),
    ['requires indexed completion mode'],
  ],
  [
    'success: needs rules',
    faults({ ...indexed, successPolicy: { rules: [] } }),
    [
      'spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified',
    ],
  ],
  [
    'success: a rule says something',
    success({}),
    [
      'spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified',
    ],
  ],
  [
    'success: indexes that exist',
    success({ succeededIndexes: '0-5' }),
    [
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-5": error parsing succeededIndexes: too large index: "5"',
    ],
  ],
  [
    'success: indexes in order',
    success({ succeededIndexes: '3,1' }),
    ['error parsing succeededIndexes: non-increasing order, previous: 3, current: 1'],
  ],
  [
    'success: intervals',
    success({ succeededIndexes: '1-2-3' }),
    ['the fragment "1-2-3" violates the requirement that an index interval can have at most two parts'],
  ],
  ['success: numbers', success({ succeededIndexes: 'a' }), ['cannot convert string to integer for index: "a"']],
  [
    'success: no more than there are',
    success({ succeededCount: 6 }),
    [
      'spec.successPolicy.rules[0].succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified completions)',
    ],
  ],
  [
    'success: no more than it names',
    success({ succeededIndexes: '1-2', succeededCount: 3 }),
    ['must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)'],
  ],
  [
    'limits: only of indexes',
    faults({ backoffLimitPerIndex: 1, maxFailedIndexes: 1 }),
    [
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
      'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
    ],
  ],
  [
    'limits: no more failures than indexes',
    faults({ ...indexed, backoffLimitPerIndex: 1, maxFailedIndexes: 6 }),
    ['spec.maxFailedIndexes: Invalid value: 6: must be less than or equal to completions'],
  ],
  [
    'limits: of many indexes',
    faults({ ...indexed, completions: 100_001, backoffLimitPerIndex: 1, parallelism: 10_001 }),
    [
      'spec.maxFailedIndexes: Required value: must be specified when completions is above 100000',
      'spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
    ],
  ],
  [
    'a manager has a domain',
    faults({ managedBy: 'me' }),
    ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")'],
  ],
  ['a manual selector is there', faults({ manualSelector: true }), ['spec.selector: Required value']],
  ['a generated selector is right', generated('the-uid', 'x', ofUid('the-uid')), []],
  [
    "a generated selector is not another Job's",
    generated('the-uid', 'x', ofUid('other')),
    [
      'spec.selector: Invalid value: {"matchLabels":{"batch.kubernetes.io/controller-uid":"other"}}: `selector` not auto-generated',
      '`selector` does not match template `labels`',
    ],
  ],
  [
    "generated labels are not another Job's",
    generated('the-uid', 'y', ofUid('the-uid')),
    [
      'spec.template.metadata.labels[job-name]: Invalid value: ',
      'spec.template.metadata.labels[batch.kubernetes.io/job-name]: Invalid value: ',
    ],
  ],
])('%s', (_, found, expected) => {
  expect(found).toEqual(expected.map((text) => expect.stringContaining(text)));
});

it("an Indexed Job's completions change together with its parallelism", () => {
  const spec = { ...indexed, template };
  const next = (completions: number, parallelism: number) =>
    updateFaults(kinds.Job, { spec: { ...spec, completions, parallelism } }, { spec });
  expect(next(7, 7)).toEqual([]);
  expect(next(7, 5)).toEqual([
    expect.stringContaining('spec.completions: Invalid value: 7: can only be modified in tandem with spec.parallelism'),
  ]);
});
