import { describe, expect, test } from 'vitest';
import { parseReport, type SpecResult } from './report.ts';

const file = '/root/go/pkg/mod/k8s.io/kubernetes@v1.35.4/test/e2e/common/node/pods.go';

function spec(more: object = {}) {
  return {
    ContainerHierarchyTexts: ['[sig-node]', 'Pods'],
    LeafNodeText: 'should be updated [NodeConformance] [Conformance]',
    LeafNodeType: 'It',
    LeafNodeLocation: { FileName: file },
    State: 'passed',
    NumAttempts: 1,
    RunTime: 2_500_000_000,
    ...more,
  };
}

function parsed(...specs: readonly object[]): readonly SpecResult[] {
  return parseReport(JSON.stringify([{ SuitePath: 'conformance', SpecReports: specs }]));
}

const pods = '[sig-node] Pods should be updated [NodeConformance] [Conformance]';

describe("Ginkgo's JSON report", () => {
  test('gives name, subject, state and seconds of a spec', () => {
    expect(parsed(spec())).toEqual([{ name: pods, subject: 'common', state: 'passed', reason: '', seconds: 2.5 }]);
  });

  test.each([
    ['passed', 1, 'passed'],
    ['failed', 1, 'failed'],
    ['panicked', 1, 'failed'],
    ['timedout', 1, 'failed'],
    ['interrupted', 1, 'failed'],
    ['aborted', 1, 'failed'],
    ['skipped', 1, 'skipped'],
    ['skipped', 0, 'not run'],
    ['pending', 0, 'not run'],
  ])('%s after %i attempts is %s', (State, NumAttempts, state) => {
    expect(parsed(spec({ State, NumAttempts }))[0]?.state).toBe(state);
  });

  test('gives the first line of a failure', () => {
    const Failure = { Message: '\nTimed out after 300s.\nExpected\n  true' };
    expect(parsed(spec({ State: 'failed', Failure }))[0]?.reason).toBe('Timed out after 300s.');
  });

  test('leaves out what is no spec, and no conformance spec', () => {
    const others = [{ LeafNodeType: 'SynchronizedBeforeSuite' }, { LeafNodeText: 'should be quick' }];
    expect(parsed(...others.map(spec), spec()).map(({ name }) => name)).toEqual([pods]);
  });

  test('a spec from outside the folders of the suite is of the subject other', () => {
    expect(parsed(spec({ LeafNodeLocation: { FileName: '/tmp/suite_test.go' } }))[0]?.subject).toBe('other');
  });

  test('a suite without specs is empty, and other text is refused', () => {
    expect(parseReport('[{"SpecReports":null}]')).toEqual([]);
    expect(() => parseReport('no report')).toThrow(SyntaxError);
  });
});
