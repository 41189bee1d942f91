import type { RuntimeCondition } from '@orrery/runtimes';
import { expect, test } from 'vitest';
import { networkError, readinessError } from './runtime-state.ts';

const condition = (type: RuntimeCondition['type'], status: boolean): RuntimeCondition => ({
  type,
  status,
  reason: status ? '' : 'Why',
  message: status ? '' : 'because',
});
const network = 'container runtime network not ready: NetworkReady=false reason:Why message:because';
const runtime = 'container runtime not ready: RuntimeReady=false reason:Why message:because';

test.each<[string, boolean | undefined, boolean | undefined, string | undefined, string | undefined]>([
  ['says nothing: all is well', undefined, undefined, undefined, undefined],
  ['is ready, and so is its network', true, true, undefined, undefined],
  ['has no network: Pods cannot start and the node is not ready', true, false, network, network],
  ['is not ready itself: the node is not ready', false, true, undefined, runtime],
  ['is not ready, nor is its network: the node names both', false, false, network, `[${runtime}, ${network}]`],
])('a runtime that %s', (_rule, own, net, expectedNetwork, expectedNode) => {
  const conditions = [
    ...(own === undefined ? [] : [condition('RuntimeReady', own)]),
    ...(net === undefined ? [] : [condition('NetworkReady', net)]),
  ];
  expect([networkError(conditions), readinessError(conditions)]).toEqual([expectedNetwork, expectedNode]);
});

test('a runtime that cannot be asked is always ready', () => {
  expect([networkError(undefined), readinessError(undefined)]).toEqual([undefined, undefined]);
});
