import type { Cause } from '../inspection.ts';

/** The set of causes of one processing: no two of the same type for the same object. */
export type Causes = readonly Cause[];

/** A set is for people and tests to read; a key that waits for long keeps its first causes. */
const limit = 32;

/** The set with one more cause. Of the same cause again, the later revision stays. */
export function mergeCause(causes: Causes, cause: Cause): Causes {
  for (let i = 0; i < causes.length; i++) {
    const known = causes[i] as Cause;
    if (known.type === cause.type && known.key === cause.key && known.kind === cause.kind) {
      return known.resourceVersion === cause.resourceVersion ? causes : causes.with(i, cause);
    }
  }
  return causes.length < limit ? [...causes, cause] : causes;
}

/** The union of two sets. */
export function mergeCauses(causes: Causes, more: Causes): Causes {
  return more.reduce(mergeCause, causes);
}
