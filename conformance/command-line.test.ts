import { describe, expect, test } from 'vitest';
import { helpText, readCommandLine, UsageError } from './command-line.ts';

const none = {
  focus: [],
  skip: [],
  procs: 4,
  kubeconfig: undefined,
  all: false,
  update: false,
  build: false,
  help: false,
};

describe('the command line of the conformance suite', () => {
  test('runs all specs, four at a time, against a fresh cluster', () => {
    expect(readCommandLine([])).toEqual(none);
  });

  test('takes several patterns, and the separator that pnpm passes on', () => {
    expect(readCommandLine(['--', '--focus', 'DNS', '--focus=Services', '--skip', 'NodePort', '--procs', '2'])).toEqual(
      {
        ...none,
        focus: ['DNS', 'Services'],
        skip: ['NodePort'],
        procs: 2,
      },
    );
  });

  test('takes another cluster, and the flags', () => {
    expect(readCommandLine(['--kubeconfig', 'admin.conf', '--all', '--update', '--build', '-h'])).toEqual({
      ...none,
      kubeconfig: 'admin.conf',
      all: true,
      update: true,
      build: true,
      help: true,
    });
  });

  test.each([['--procs=0'], ['--procs=many'], ['--procs=1.5'], ['--fast'], ['--focus'], ['DNS']])(
    'refuses %s',
    (argument) => {
      expect(() => readCommandLine([argument])).toThrow(UsageError);
    },
  );

  test('lists its options in its help', () => {
    for (const name of Object.keys(none)) expect(helpText).toContain(`--${name}`);
  });
});
