import type { Process } from './process.ts';

/**
 * What a simulated executable does: runs with a process's arguments, environment, files, streams and network, and gives its
 * exit code. It must wait only in the process's own waiting functions ({@link Process.sleep}, reads, {@link Process.external}
 * …), one at a time. A killed process is simply not resumed: no `finally` runs, as with SIGKILL.
 */
export type Program = (process: Process) => number | Promise<number>;
