import type { ContainerRuntime, MachineProvider, MachineRequest, Machines } from '@orrery/runtimes';
import { overriding } from './overriding.ts';

/**
 * Returns the same machines, with each runtime wrapped by `wrap`. A machine that is switched on again with another runtime is
 * wrapped again.
 */
export function wrapRuntimes<M extends Machines>(
  provider: MachineProvider<M>,
  wrap: (runtime: ContainerRuntime, request: MachineRequest) => ContainerRuntime,
): MachineProvider<M> {
  const wrapped = new WeakMap<ContainerRuntime, ContainerRuntime>();
  const wrapOnce = (runtime: ContainerRuntime, request: MachineRequest) => {
    const known = wrapped.get(runtime) ?? wrap(runtime, request);
    wrapped.set(runtime, known);
    return known;
  };
  return async (context) => {
    const machines = await provider(context);
    const machine = async (request: MachineRequest) => {
      const inner = await machines.machine(request);
      return overriding(inner, { powerOn: async () => wrapOnce(await inner.powerOn(), request) });
    };
    return overriding<M>(machines, { machine } as Partial<M>);
  };
}
