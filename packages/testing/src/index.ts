export type { CommandResult, ContainerAccess, ContainerChoice } from './containers.ts';
export type { RecordedCommit } from './recording-engine.ts';
export { type SimulatedCluster, type SimulateOptions, simulate } from './simulate.ts';
