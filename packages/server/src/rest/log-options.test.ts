import type { Pod } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { containerOf } from './containers.ts';
import { logOptions } from './log-options.ts';

describe('log options', () => {
  it('are all read', () => {
    expect(
      logOptions(
        new URLSearchParams(
          'follow=true&previous=true&timestamps=true&sinceSeconds=60&limitBytes=10&stream=Stderr&container=c',
        ),
      ),
    ).toEqual({ follow: true, previous: true, timestamps: true, sinceSeconds: 60, limitBytes: 10, stream: 'Stderr' });
  });

  it.each([
    ['a tail is not negative', 'tailLines=-1', 'tailLines: Invalid value: -1: must be greater than or equal to 0'],
    ['a limit is positive', 'limitBytes=0', 'limitBytes: Invalid value: 0: must be greater than 0'],
    ['only one beginning', 'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 'at most one of'],
    ['a time must be one', 'sinceTime=yesterday', 'sinceTime: Invalid value: "yesterday"'],
    ['streams have names', 'stream=Both', 'stream: Unsupported value: "Both"'],
  ])('%s', (_rule, query, message) => {
    expect(() => logOptions(new URLSearchParams(query))).toThrow(message);
  });
});

describe('the container of a request', () => {
  const pod = (names: string[], initNames: string[] = [], annotations = {}): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'x', annotations },
    spec: {
      containers: names.map((name) => ({ name })),
      initContainers: initNames.map((name) => ({ name })),
    },
  });

  it.each<[string, Pod, string, 'first' | 'refuse', string]>([
    ['the one that is named', pod(['a', 'b']), 'b', 'refuse', 'b'],
    ['an init container if named', pod(['a'], ['i']), 'i', 'refuse', 'i'],
    ['the only one', pod(['a']), '', 'refuse', 'a'],
    ['the annotated one', pod(['a', 'b'], [], { 'kubectl.kubernetes.io/default-container': 'b' }), '', 'refuse', 'b'],
    ['the first, for commands', pod(['a', 'b']), '', 'first', 'a'],
  ])('%s', (_rule, given, named, several, expected) => {
    expect(containerOf(given, named, several)).toBe(expected);
  });

  it.each<[string, Pod, string, string]>([
    ['a missing one', pod(['a']), 'z', 'container z is not valid for pod x'],
    [
      'several to choose from',
      pod(['a', 'b']),
      '',
      'a container name must be specified for pod x, choose one of: [a b]',
    ],
    [
      'init containers are offered as well',
      pod(['a', 'b'], ['i']),
      '',
      'a container name must be specified for pod x, choose one of: [a b] or one of the init containers: [i]',
    ],
  ])('refuses: %s', (_rule, given, named, message) => {
    expect(() => containerOf(given, named, 'refuse')).toThrow(message);
  });
});
