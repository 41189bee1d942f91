export type * from './admission.ts';
export * from './cache.ts';
export type * from './client.ts';
export * from './clock/clock.ts';
export { causeText, LivelockError, type WorkSummary } from './clock/livelock.ts';
export { createRealClock, createScaledClock } from './clock/real-clock.ts';
export { createEnvironment, type EnvironmentOptions } from './clock/real-environment.ts';
export { type Retry, type RetryClock, scheduleRetry } from './clock/retry.ts';
export {
  createSimulation,
  type RunOptions,
  type SettleOptions,
  type Simulation,
  type SimulationOptions,
} from './clock/simulation.ts';
export type * from './controller.ts';
export type * from './environment.ts';
export type * from './event-recorder.ts';
export { createInspector, type InspectionStream } from './inspection/inspector.ts';
export type * from './inspection.ts';
export type * from './node-api.ts';
export * from './plugin.ts';
export type * from './random/random.ts';
export { createSeededRandom } from './random/seeded-random.ts';
export { createSystemRandom } from './random/system-random.ts';
export type * from './work.ts';
export type { BackOffOptions } from './work-queue/back-off.ts';
export type { Causes } from './work-queue/causes.ts';
export {
  createWorkQueue,
  type WorkQueue,
  type WorkQueueOptions,
} from './work-queue/work-queue.ts';
