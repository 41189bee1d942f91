import type { Machines } from '@orrery/runtimes';
import { type SmallMachines, smallMachines } from '@orrery/runtimes/fixtures';
import type { SimulatedMachines } from '@orrery/runtimes/sim';
import { simulatedMachines } from '@orrery/runtimes/sim';
import { expectTypeOf, test } from 'vitest';
import type { Cluster } from './cluster.ts';
import { createCluster } from './create-cluster.ts';

test('a cluster has the type of its machines', async () => {
  expectTypeOf((await createCluster()).machines).toEqualTypeOf<SimulatedMachines>();
  expectTypeOf((await createCluster({ nodes: 1 })).machines).toEqualTypeOf<SimulatedMachines>();
  expectTypeOf((await createCluster({ machines: simulatedMachines() })).machines).toEqualTypeOf<SimulatedMachines>();
  const other = await createCluster({ machines: smallMachines() });
  expectTypeOf(other.machines).toEqualTypeOf<SmallMachines>();
  // @ts-expect-error these have no simulated network
  other.machines.network.hosts;
  // @ts-expect-error nor runtimes that can be disconnected
  other.machines.runtime('node1');
});

test('a cluster with any machines is assignable to Cluster', async () => {
  const any: Cluster = await createCluster({ machines: smallMachines() });
  expectTypeOf(any.machines).toEqualTypeOf<Machines>();
});
