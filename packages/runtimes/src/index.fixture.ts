export { computingScripts, type HostileScript, hostileScripts } from './hostile.fixture.ts';
export { type MachinesUnderTest, machinesContract, machinesInSimulation } from './machines-contract.fixture.ts';
export { type SmallMachines, smallMachines } from './small/machines.fixture.ts';
export { smallImage } from './small/runtime.fixture.ts';
