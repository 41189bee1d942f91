import { expect, test } from 'vitest';
import { ginkgoArguments } from './ginkgo.ts';

const run = {
  tests: '/cache/e2e.test',
  kubeconfig: '/tmp/config',
  kubectl: '/cache/kubectl',
  report: '/tmp/report.json',
  focus: [],
  skip: [],
  procs: 4,
};

test('only conformance specs run, whatever the patterns say', () => {
  const args = ginkgoArguments({ ...run, focus: ['DNS', 'Services'], skip: ['NodePort'] });
  expect(args.slice(0, args.indexOf('/cache/e2e.test'))).toEqual(
    expect.arrayContaining([
      '--procs=4',
      '--label-filter=Conformance',
      '--focus=DNS',
      '--focus=Services',
      '--skip=NodePort',
    ]),
  );
});

test('the options of the suite stand behind its path and two dashes', () => {
  const args = ginkgoArguments(run);
  expect(args.slice(args.indexOf('/cache/e2e.test'), args.indexOf('--provider=skeleton'))).toEqual([
    '/cache/e2e.test',
    '--',
    '--kubeconfig=/tmp/config',
    '--kubectl-path=/cache/kubectl',
  ]);
});
