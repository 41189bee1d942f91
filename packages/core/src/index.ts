export { aborted, fromAbort } from './abort.ts';
export { PerCache } from './cache/per-cache.ts';
export { type Delivery, type SelectionWatch, watchSelection } from './cache/reflector.ts';
export type { Selection } from './cache/selection.ts';
export type { Cache, CacheChange, CacheListOptions } from './cache.ts';
export type {
  ApplyOptions,
  Client,
  DeleteOptions,
  GetOptions,
  JsonPatchOperation,
  ListOptions,
  ObjectList,
  Patch,
  PatchOptions,
  UserInfo,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts';
export { type Clock, type Duration, type Milliseconds, milliseconds } from './clock/clock.ts';
export { clockScheduler } from './clock/clock-scheduler.ts';
export { LivelockError, type WorkSummary } from './clock/livelock.ts';
export { createRealClock, createScaledClock } from './clock/real-clock.ts';
export { createEnvironment, type EnvironmentOptions } from './clock/real-environment.ts';
export {
  createSimulation,
  type RunOptions,
  type SettleOptions,
  type Simulation,
  type SimulationOptions,
} from './clock/simulation.ts';
export type {
  Controller,
  ControllerContext,
  ControllerDefinition,
  ReconcileContext,
  ReconcileResult,
  WatchSource,
} from './controller.ts';
export { controllerPolicy } from './controller-policy.ts';
export { defineController, requeueAfter } from './define-controller.ts';
export { type Aggregation, defineIndex, type Index, type IndexEntry, ownedBy } from './define-index.ts';
export type { Environment } from './environment.ts';
export type { EventOptions, EventRecorder } from './event-recorder.ts';
export { addFinalizer, type FinalizerStep, finalizerStep, removeFinalizer } from './finalizer.ts';
export { errorText } from './inspection/error-text.ts';
export { formatInspection } from './inspection/format.ts';
export { createInspector, type InspectionStream } from './inspection/inspector.ts';
export { createLogger } from './inspection/logger.ts';
export type { Cause, Inspection, Inspector, LogFields, Logger } from './inspection.ts';
export { type LeaderElectionOptions, runLeaderElection } from './leader-election/leader-election.ts';
export { createManager, type Manager, type ManagerOptions } from './manager/manager.ts';
export { definePlugin, type Plugin } from './plugin.ts';
export type { Random } from './random/random.ts';
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
export type { Work } from './work.ts';
export { type BackOffOptions, backOff } from './work-queue/back-off.ts';
export type { Causes } from './work-queue/causes.ts';
export { createWorkQueue, type WorkQueue, type WorkQueueOptions } from './work-queue/work-queue.ts';
