/** How many bytes the heap of this process can have. Outside of Node.js nobody says; then 2 GiB are taken for granted. */
export function heapLimit(): number {
  const { process } = globalThis as NodeGlobals;
  return process?.getBuiltinModule?.('node:v8')?.getHeapStatistics().heap_size_limit ?? unknownLimit;
}

const unknownLimit = 2 * 1024 ** 3;

interface NodeGlobals {
  readonly process?: {
    getBuiltinModule?(name: 'node:v8'): { getHeapStatistics(): { readonly heap_size_limit: number } } | undefined;
  };
}
