import { Fifo } from '../fifo.ts';

/**
 * Runs `task` after all promise continuations that are ready, and those that they make ready, have run: the platform's
 * shortest way there. Now and then it lets the event loop turn, so that timers and sockets outside have their chance.
 */
export const afterMicrotasks: (task: () => void) => void = overTicks() ?? overMessageChannel();

/** Runs `task` in a task of the event loop of its own, after sockets and timers that are due have had theirs. */
export const nextTask: (task: () => void) => void = immediate() ?? overMessageChannel();

/** So many tasks run in one turn of the event loop. */
const tasksInATurn = 128;

interface NodeGlobals {
  readonly process?: { readonly nextTick?: (task: () => void) => void };
  readonly setImmediate?: (task: () => void) => unknown;
}

/**
 * Node's own ways. A tick that is asked for from a promise continuation runs when no other is ready, and unlike an immediate
 * costs no system call.
 */
function overTicks(): ((task: () => void) => void) | undefined {
  const { process, setImmediate } = globalThis as NodeGlobals;
  const nextTick = process?.nextTick;
  if (nextTick === undefined || setImmediate === undefined) return undefined;
  let tasks = 0;
  return (task) => {
    if (++tasks % tasksInATurn === 0) setImmediate(task);
    else void settled.then(() => nextTick(task));
  };
}

/** A continuation of it costs less than queueMicrotask, which makes a resource for async hooks. */
const settled = Promise.resolve();

function immediate(): ((task: () => void) => void) | undefined {
  const { setImmediate } = globalThis as NodeGlobals;
  return setImmediate === undefined ? undefined : (task) => void setImmediate(task);
}

/** Browsers have no ticks, and their timers wait for 4 ms. */
function overMessageChannel(): (task: () => void) => void {
  const channel = new MessageChannel();
  const tasks = new Fifo<() => void>();
  channel.port1.onmessage = () => tasks.shift()?.();
  return (task) => {
    tasks.push(task);
    channel.port2.postMessage(undefined);
  };
}
