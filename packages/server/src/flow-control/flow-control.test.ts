import type { FlowSchema, PriorityLevelConfiguration } from '@orrery/api';
import { createSimulation, type Simulation } from '@orrery/core';
import { describe, expect, it } from 'vitest';
import type { AccessAttributes } from '../request-path.ts';
import { defaultFlowSchemas, defaultPriorityLevels } from './default-configuration.ts';
import { type Admission, FlowControl, Overloaded } from './flow-control.ts';

const attributes: AccessAttributes = {
  verb: 'list',
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'default',
  name: '',
};
const as = (username: string, ...groups: string[]) => ({
  user: { username, groups: ['system:authenticated', ...groups] },
  attributes,
});
const jane = as('jane');
const flood = as('flood');
const account = as('system:serviceaccount:default:a', 'system:serviceaccounts');

interface Setup {
  readonly sim: Simulation;
  readonly control: FlowControl;
  /** Enters, and records what becomes of it. */
  enter(name: string, request: typeof jane, seats?: number, signal?: AbortSignal): Promise<void>;
  readonly in: Map<string, Admission>;
  readonly log: string[];
}

function setUp(seats = 245): Setup {
  const sim = createSimulation();
  const control = new FlowControl(sim.environment.clock, { readOnly: seats, mutating: 0 });
  control.configure(defaultFlowSchemas, defaultPriorityLevels);
  const inside = new Map<string, Admission>();
  const log: string[] = [];
  const enter: Setup['enter'] = async (name, request, wanted = 1, signal) => {
    try {
      inside.set(name, await control.enter(request, () => wanted, signal && (() => signal)));
      log.push(`${name} in`);
    } catch (error) {
      if (!(error instanceof Overloaded)) throw error;
      log.push(`${name} refused`);
    }
  };
  return { sim, control, enter, in: inside, log };
}

describe('flow control', () => {
  it('lets requests in as long as there are seats, and the next as one leaves', async () => {
    // With 20 of 245 shares, global-default has 20 seats of its own; with what others lend, more.
    const { sim, control, enter, in: inside, log } = setUp();
    for (let index = 0; index < 20; index++) await enter(`${index}`, jane);
    expect(control.state('global-default')).toEqual({ occupied: 20, waiting: 0 });
    for (let index = 0; control.state('global-default')?.waiting === 0; index++) void enter(`more ${index}`, jane);
    const { occupied } = control.state('global-default') ?? { occupied: 0 };
    // 10 of system, 10 of node-high, 20 of workload-high, 90 of workload-low.
    expect(occupied).toBe(20 + 10 + 10 + 20 + 90);
    await sim.settle();
    log.length = 0;
    inside.get('3')?.leave();
    await sim.settle();
    expect(log).toEqual(['more 130 in']);
    inside.get('3')?.leave();
    expect(control.state('global-default')).toEqual({ occupied: 150, waiting: 0 });
  });

  it('gives a level its own seats although others have borrowed them', async () => {
    const { control, enter } = setUp();
    for (let index = 0; control.state('global-default')?.waiting === 0; index++) void enter(`${index}`, flood);
    for (let index = 0; index < 100; index++) await enter(`account ${index}`, account);
    expect(control.state('workload-low')).toEqual({ occupied: 100, waiting: 0 });
  });

  it('does not limit the exempt', async () => {
    const { enter, log } = setUp(1);
    for (let index = 0; index < 1000; index++) await enter('admin', as('admin', 'system:masters'));
    expect(log.length).toBe(1000);
    expect(new Set(log)).toEqual(new Set(['admin in']));
  });

  it('lets one who floods wait, and another in', async () => {
    const { sim, enter, in: inside, log, control } = setUp();
    for (let index = 0; index < 200; index++) void enter(`flood ${index}`, flood, 3);
    void enter('jane', jane);
    await sim.settle();
    expect(control.state('global-default')?.waiting).toBeGreaterThan(100);
    expect(log).not.toContain('jane in');
    // She is among the next, before most of the 150 lists that came earlier: each of their queues has a turn at most.
    for (let index = 0; index < 7; index++) inside.get(`flood ${index}`)?.leave();
    await sim.settle();
    expect(log).toContain('jane in');
  });

  it('refuses at once where queues are full, and where there are none', async () => {
    const { sim, enter, log } = setUp(49);
    for (let index = 0; index < 600; index++) void enter('flood', flood);
    await sim.settle();
    // Six queues of 50 are its hand.
    expect(log.filter((line) => line === 'flood in').length + 300).toBe(
      600 - log.filter((line) => line === 'flood refused').length,
    );
    void enter('jane', jane);
    await sim.settle();
    expect(log).not.toContain('jane refused');
  });

  it('refuses what has waited for 15 seconds', async () => {
    const { sim, enter, log } = setUp(1);
    for (let index = 0; index < 30; index++) void enter('first', jane);
    await sim.settle();
    const before = log.length;
    await sim.advance('14s');
    expect(log.length).toBe(before);
    await sim.advance('1s');
    expect(log.filter((line) => line === 'first refused').length).toBe(30 - before);
  });

  it('forgets a client that has gone', async () => {
    const { sim, enter, control, in: inside } = setUp(1);
    const gone = new AbortController();
    await enter('first', jane);
    while (control.state('global-default')?.waiting === 0) void enter('other', jane, 1, gone.signal);
    gone.abort();
    await sim.settle();
    expect(control.state('global-default')?.waiting).toBe(0);
    inside.get('first')?.leave();
    const later = control.enter(flood, () => 1);
    expect(later).not.toBeInstanceOf(Promise);
  });

  it('follows its configuration', async () => {
    const { sim, control, enter, log } = setUp(1);
    const level = (name: string, shares: number): PriorityLevelConfiguration => ({
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'PriorityLevelConfiguration',
      metadata: { name, uid: `uid of ${name}` },
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: shares, limitResponse: { type: 'Reject' } } },
    });
    const schema = (name: string, priorityLevel: string): FlowSchema => ({
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'FlowSchema',
      metadata: { name, uid: `uid of ${name}` },
      spec: {
        priorityLevelConfiguration: { name: priorityLevel },
        matchingPrecedence: 5,
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'jane' } }],
            resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['pods'], namespaces: ['default'] }],
          },
        ],
      },
    });
    for (let index = 0; index < 10; index++) void enter('before', jane);
    await sim.settle();
    // What waits in a level that goes away begins.
    control.configure([schema('one', 'tiny'), schema('a dangling one', 'missing')], [level('tiny', 1)]);
    await sim.settle();
    expect(log.filter((line) => line === 'before in').length).toBe(10);
    log.length = 0;
    const admission = await control.enter(jane, () => 1);
    expect(admission).toMatchObject({ flowSchema: 'uid of one', priorityLevel: 'uid of tiny' });
    await enter('second', jane);
    admission.leave();
    await enter('third', jane);
    expect(log).toEqual(['second refused', 'third in']);
  });
});
