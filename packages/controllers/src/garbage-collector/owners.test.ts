import type { OwnerReference } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { classifyOwners, collectionOf, type Dependents, type OwnerState } from './owners.ts';

const reference = (uid: string): OwnerReference => ({ apiVersion: 'v1', kind: 'Pod', name: uid, uid });

describe('an object with owners', () => {
  const rows: readonly [
    rule: string,
    states: OwnerState[],
    finalizers: string[],
    dependents: Dependents,
    expected: string,
  ][] = [
    ['stays while its owner does', ['solid'], [], 'none', 'keep'],
    ['stays when its owner cannot be looked up', ['unknown'], [], 'none', 'keep'],
    ['loses the references to those that are gone while one is left', ['solid', 'absent'], [], 'none', 'unlink 0'],
    [
      'loses those to owners that wait for it while one is left',
      ['waitingForDependents', 'solid'],
      [],
      'some',
      'unlink 1',
    ],
    ['goes when all are gone', ['absent', 'absent'], [], 'none', 'delete Background'],
    [
      'goes in the foreground when an owner waits and it has dependents itself',
      ['waitingForDependents'],
      [],
      'some',
      'delete Foreground',
    ],
    [
      'stops holding up its owners when a dependent waits as well: a circle',
      ['waitingForDependents'],
      [],
      'waiting',
      'delete Foreground unblocking',
    ],
    [
      'goes in the background when an owner waits and it has none',
      ['waitingForDependents', 'absent'],
      [],
      'none',
      'delete Background',
    ],
    ['goes as its finalizer says: orphan', ['absent'], ['orphan'], 'some', 'delete Orphan'],
    ['goes as its finalizer says: foreground', ['absent'], ['foregroundDeletion'], 'some', 'delete Foreground'],
  ];
  test.each(rows)('%s', (_, states, finalizers, dependents, expected) => {
    const references = states.map((_state, index) => reference(String(index)));
    const owners = classifyOwners(references, ({ uid }) => states[Number(uid)] ?? 'unknown');
    const decision = collectionOf(owners, finalizers, () => dependents);
    const text =
      decision.type === 'unlink'
        ? `unlink ${decision.remaining.map(({ uid }) => uid).join(' ')}`
        : decision.type === 'delete'
          ? `delete ${decision.policy}${decision.unblocksOwners ? ' unblocking' : ''}`
          : 'keep';
    expect(text).toBe(expected);
  });
});
