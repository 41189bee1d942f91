export type { CommandResult, ContainerAccess, ContainerChoice } from './containers.ts';
export type { FaultRule, FaultType } from './faults/fault-rules.ts';
export type { FaultSource } from './faults/fault-source.ts';
export { createFaults, type Faults } from './faults/faults.ts';
export type { RecordedCommit } from './recording-engine.ts';
export { type SimulatedCluster, type SimulateOptions, simulate } from './simulate.ts';
