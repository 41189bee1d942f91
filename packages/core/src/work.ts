/**
 * Whose turns come first when the process is behind, on a real clock: `high` is for heartbeats and the like, which others take for
 * signs of life; `low` for what sums up the work of others and is worth doing when they are done. Low priority waits a bounded
 * number of tasks of the event loop.
 */
export type TurnPriority = 'high' | 'normal' | 'low';

/**
 * Whose turn it is, and whether anything is going on. On a real clock this is free. In simulation it is what makes history
 * a function of the seed: every loop and every client waits for its turn, and the seed picks whose comes next.
 */
export interface Work {
  /** True where history must be a function of the seed, so that nothing may be left to other threads: in simulation. */
  readonly ordered: boolean;
  /** Resolves when `actor` (a controller's, kubelet's or client's name) may proceed. Default priority `normal`. */
  turn(actor: string, priority?: TurnPriority): Promise<void>;
  /**
   * Says that something is going on that neither clock nor turns can see: a process of a simulated container that computes,
   * a module being loaded. Virtual time and turns stand still until it is disposed.
   */
  busy(what: string): Disposable;
  /**
   * Whether the present task of the event loop has run for so long that sockets and timers are to have theirs: whoever computes on
   * then waits for a turn first. Always false in simulation, where only what is counted may decide.
   */
  crowded(): boolean;
}
