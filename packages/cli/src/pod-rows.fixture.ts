import { ended, type RunningCluster } from './running-cluster.fixture.ts';

/** One line of `kubectl get pods`. */
interface PodRow {
  readonly name: string;
  /** `1/2` */
  readonly ready: string;
  readonly status: string;
  /** `0`, or `3 (12s ago)`. */
  readonly restarts: string;
}

/** What `kubectl get pods --watch` has printed. For tests. */
export interface PodRows {
  /** The lines of one Pod, in their order. */
  of(name: string): readonly PodRow[];
  /** What one Pod showed as its STATUS, one after the other. */
  statuses(name: string): readonly string[];
  /** Resolves once the Pod has shown this STATUS. @throws Error with its lines if it never does */
  see(name: string, status: string): Promise<void>;
  stop(): Promise<void>;
}

/** Milliseconds after which a test gives up on a STATUS. */
const patience = 60_000;

const line = /^(\S+) +(\d+\/\d+) +(\S+) +(\d+(?: \(\S+ ago\))?) +\S+$/;

/** Starts to watch the Pods of the default namespace with kubectl. */
export function watchPodRows(cluster: RunningCluster): PodRows {
  const watching = cluster.startKubectl(['get', 'pods', '--watch', '--no-headers']);
  const rows: PodRow[] = [];
  const lookers = new Set<() => void>();
  let rest = '';
  watching.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      const [, name = '', ready = '', status = '', restarts = ''] = line.exec(text) ?? [];
      rows.push({ name, ready, status, restarts });
    }
    for (const look of [...lookers]) look();
  });
  const of = (name: string) => rows.filter((row) => row.name === name);
  return {
    of,
    statuses: (name) =>
      of(name)
        .map(({ status }) => status)
        .filter((status, at, all) => status !== all[at - 1]),
    see: (name, status) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!of(name).some((row) => row.status === status)) return;
          clearTimeout(timer);
          lookers.delete(look);
          resolve();
        };
        const timer = setTimeout(() => {
          lookers.delete(look);
          reject(new Error(`kubectl never showed ${name} as ${status}; it showed ${JSON.stringify(of(name))}`));
        }, patience);
        lookers.add(look);
        look();
      }),
    stop: async () => {
      watching.kill();
      await ended(watching);
    },
  };
}
