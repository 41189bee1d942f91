import { delegatingEngine, type Revision, type StorageEngine, type Write } from '@orrery/store';

/** One commit, as text: the whole history of a cluster is a list of these. */
export interface RecordedCommit {
  readonly revision: Revision;
  /** JSON of the writes: type, key and value of each. */
  readonly writes: string;
}

/** An engine that records every commit before it passes it on. */
export function recordingEngine(engine: StorageEngine): {
  readonly engine: StorageEngine;
  readonly commits: readonly RecordedCommit[];
} {
  const commits: RecordedCommit[] = [];
  return {
    commits,
    engine: delegatingEngine(engine, {
      commit: async (writes) => {
        const result = await engine.commit(writes);
        commits.push({ revision: result.revision, writes: JSON.stringify(writes.map(written)) });
        return result;
      },
    }),
  };
}

function written(write: Write): object {
  return write.type === 'put' ? { put: write.key, value: write.value } : { delete: write.key };
}
