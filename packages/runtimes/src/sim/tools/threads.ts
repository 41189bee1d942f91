/** What is used of Node's worker threads, where there are any. */
export interface Thread {
  postMessage(message: unknown, transfer?: readonly ArrayBufferLike[]): void;
  on(event: 'message', listener: (message: never) => void): void;
  on(event: 'error', listener: (error: Error & { readonly code?: string }) => void): void;
  on(event: 'exit', listener: () => void): void;
  /** Keeps the process alive, or no longer. */
  ref(): void;
  unref(): void;
  terminate(): Promise<unknown>;
}

interface ThreadModule {
  readonly Worker: new (
    file: URL,
    options: { readonly resourceLimits: { readonly maxOldGenerationSizeMb: number } },
  ) => Thread;
  readonly parentPort: Pick<Thread, 'on' | 'postMessage'> | null;
}

/** Node's worker threads; undefined in a browser. */
export function threadModule(): ThreadModule | undefined {
  const { process } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => ThreadModule | undefined };
  };
  return process?.getBuiltinModule?.('node:worker_threads');
}
