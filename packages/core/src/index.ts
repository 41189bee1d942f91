export { aborted, fromAbort } from './abort.ts';
export { cacheClient } from './cache/cache-client.ts';
export { type Delivery, type SelectionWatch, watchSelection } from './cache/reflector.ts';
export { compareRevisions } from './cache/revision.ts';
export type { Selection } from './cache/selection.ts';
export { type CacheOptions, createCache, type WatchingCache } from './cache/watching-cache.ts';
export type * from './cache.ts';
export type { Choice } from './choices/choice-log.ts';
export { type ChoiceOptions, type Choices, createChoices, PathError } from './choices/choices.ts';
export { Path } from './choices/path.ts';
export { delegatingClient } from './client/delegating-client.ts';
export { leftByDelete } from './client/deletion.ts';
export { inspectClient } from './client/inspect-client.ts';
export { type ClientRequest, type Interceptor, interceptClient } from './client/intercept-client.ts';
export { type Link, LoopCrash } from './client/link.ts';
export type * from './client.ts';
export * from './clock/clock.ts';
export { clockScheduler } from './clock/clock-scheduler.ts';
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
export { scheduleArrival, type TransitClock } from './clock/transit.ts';
export type * from './controller.ts';
export { controllerPolicy } from './controller-policy.ts';
export { defineController, requeueAfter } from './define-controller.ts';
export { defineIndex, type Index, type IndexEntry, ownedBy } from './define-index.ts';
export type * from './environment.ts';
export type * from './event-recorder.ts';
export { createEventRecorder, type EventRecorderOptions } from './events/event-recorder.ts';
export { Fifo } from './fifo.ts';
export { addFinalizer, type FinalizerStep, finalizerStep, removeFinalizer } from './finalizer.ts';
export { errorText } from './inspection/error-text.ts';
export { formatInspection } from './inspection/format.ts';
export { createInspector, type InspectionStream } from './inspection/inspector.ts';
export { createLogger } from './inspection/logger.ts';
export type * from './inspection.ts';
export { type LeaderElectionOptions, runLeaderElection } from './leader-election/leader-election.ts';
export { createManager, type Manager, type ManagerOptions } from './manager/manager.ts';
export * from './plugin.ts';
export type * from './random/random.ts';
export { createSeededRandom } from './random/seeded-random.ts';
export { createSystemRandom } from './random/system-random.ts';
export {
  type ChangeMap,
  type ChangeSource,
  type MapContext,
  mapToOwner,
  mapToSelf,
  type ReconcileRequest,
  requestsOf,
} from './sources.ts';
export type * from './work.ts';
export { type BackOffOptions, backOff } from './work-queue/back-off.ts';
export type { Causes } from './work-queue/causes.ts';
export { createWorkQueue, type WorkQueue, type WorkQueueOptions } from './work-queue/work-queue.ts';
