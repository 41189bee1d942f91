import type { Choices } from '@orrery/core/assembly';

/**
 * Runs what a test does in a simulation. Whatever it throws is thrown with the path that led there, so that a failing test
 * prints how its run is repeated: `simulate({ path })`.
 */
export async function reportingPath<T>(choices: Choices, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    const path = choices.path();
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\n\nThis was a run of the seed ${path.seed}. Its path: ${path}`, { cause: error });
  }
}
