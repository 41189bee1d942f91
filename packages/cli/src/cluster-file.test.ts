import { parseManifest } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { readClusterFile } from './cluster-file.ts';

const read = (body: string) => {
  const found = parseManifest(`apiVersion: orrery.dev/v1alpha1\nkind: Cluster\n${body}`, 'orrery.yaml').objects[0];
  if (found === undefined) throw new Error('nothing was parsed');
  return readClusterFile(found);
};

describe('readClusterFile', () => {
  test('reads nodes with labels, taints and capacity', () => {
    expect(
      read(
        'nodes: [{ name: a, labels: { disk: ssd }, capacity: { memory: 3G, cpu: 2 }, taints: [{ key: k, effect: NoSchedule }] }]',
      ),
    ).toEqual({
      nodes: [
        {
          name: 'a',
          labels: { disk: 'ssd' },
          capacity: { memory: '3G', cpu: '2' },
          taints: [{ key: 'k', effect: 'NoSchedule' }],
        },
      ],
    });
  });

  const faults: readonly [name: string, body: string, message: string][] = [
    [
      'a label that says what a node is for',
      'nodes: [{ name: a, labels: { node-role.kubernetes.io/worker: "" } }]',
      'orrery.yaml:1: nodes[0].labels: a node may not set the label "node-role.kubernetes.io/worker" on itself: use kubectl label node after it has registered',
    ],
    ['nodes left out', 'nodes:', 'orrery.yaml:1: nodes: Required value: a list of the machines; [] for none'],
    ['an unknown field', 'nodes: [{ name: a }]\nnods: 1', 'orrery.yaml:1: unknown field "nods"'],
    ['an unknown field of a node', 'nodes: [{ name: a, memory: 1 }]', 'orrery.yaml:1: unknown field "nodes[0].memory"'],
    [
      'two nodes with the same name',
      'nodes: [{ name: a }, { name: a }]',
      'orrery.yaml:1: nodes[1].name: Duplicate value: "a"',
    ],
    [
      'an invalid node name',
      'nodes: [{ name: A_b }]',
      'orrery.yaml:1: nodes[0].name: must be a lowercase RFC 1123 subdomain',
    ],
    [
      'an invalid quantity',
      'nodes: [{ name: a, capacity: { memory: lots } }]',
      'orrery.yaml:1: nodes[0].capacity.memory: quantities must match the regular expression',
    ],
  ];
  test.each(faults)('%s', (_name, body, message) => {
    expect(() => read(body)).toThrow(message);
  });
});
