import { RuntimeError } from '@orrery/runtimes';

/** What the runtime no longer has need not be stopped or removed. */
export async function ignoringMissing(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== 'NotFound') throw error;
  }
}
