/**
 * Runs `task` after all promise continuations that are ready, and those that they make ready, have run: the platform's
 * shortest way to the next turn of the event loop.
 */
export const afterMicrotasks: (task: () => void) => void = overImmediate() ?? overMessageChannel();

/** Node's own way, where this runs on Node. */
function overImmediate(): ((task: () => void) => void) | undefined {
  const { setImmediate } = globalThis as { setImmediate?: (task: () => void) => unknown };
  return setImmediate === undefined ? undefined : (task) => void setImmediate(task);
}

/** Browsers have no `setImmediate`, and their timers wait for 4 ms. */
function overMessageChannel(): (task: () => void) => void {
  const channel = new MessageChannel();
  const tasks: (() => void)[] = [];
  channel.port1.onmessage = () => tasks.shift()?.();
  return (task) => {
    tasks.push(task);
    channel.port2.postMessage(undefined);
  };
}
