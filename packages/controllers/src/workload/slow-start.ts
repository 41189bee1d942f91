/** How many of `count` calls succeeded, and the first error of the batch that stopped it. */
export interface SlowStartResult {
  readonly succeeded: number;
  readonly error?: unknown;
}

/**
 * Makes `count` calls in batches of 1, 2, 4, 8 …; the first batch with an error is the last. So a refusal that would meet
 * all calls (a quota, a bad template) costs few requests.
 */
export async function slowStart(count: number, call: (index: number) => Promise<unknown>): Promise<SlowStartResult> {
  let succeeded = 0;
  let started = 0;
  for (let batch = Math.min(1, count); batch > 0; batch = Math.min(batch * 2, count - started)) {
    const calls: Promise<unknown>[] = [];
    for (let i = 0; i < batch; i++) calls.push(call(started + i));
    started += batch;
    const results = await Promise.allSettled(calls);
    let failure: PromiseRejectedResult | undefined;
    for (const result of results) {
      if (result.status === 'fulfilled') succeeded++;
      else failure ??= result;
    }
    if (failure !== undefined) return { succeeded, error: failure.reason };
  }
  return { succeeded };
}
