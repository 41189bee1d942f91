import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Cluster, createCluster } from '@orrery/cluster';
import { makeCertificates, serveCluster } from '@orrery/cluster/serve';
import type { Broken } from './rounds.ts';
import { longestStall, StallWatch } from './stalls.ts';

/** A cluster that is served in this process, which survives what would end it, and is measured. */
export class ServedCluster {
  readonly #crashes: unknown[] = [];
  readonly #stalls = new StallWatch();
  readonly #close: () => Promise<void>;
  readonly #timed: boolean;
  readonly #before: number;
  /** The heap after the first cases, in bytes. */
  #first: number | undefined;
  /** The heap after the last cases, in bytes. */
  #last = 0;
  #slowest = 0;
  readonly cluster: Cluster;
  readonly url: string;
  /** What an administrator's connection is made with, in PEM. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };

  /** A cluster with these objects, as YAML. Stalls count as broken if `timed`. */
  static async start(objects: string, timed: boolean): Promise<ServedCluster> {
    const before = heap();
    const cluster = await createCluster({ nodes: 1 });
    const certificates = await makeCertificates(cluster.environment);
    const serving = await serveCluster({ cluster, certificates, port: 0 });
    await cluster.apply(objects);
    const { certificate: cert, key } = certificates.admin;
    const tls = { ca: certificates.authority.authority.certificate, cert, key };
    const close = async () => {
      await serving.close();
      await cluster.close();
    };
    return new ServedCluster(cluster, serving.url, tls, before, timed, close);
  }

  private constructor(
    cluster: Cluster,
    url: string,
    tls: ServedCluster['tls'],
    before: number,
    timed: boolean,
    close: () => Promise<void>,
  ) {
    this.cluster = cluster;
    this.url = url;
    this.tls = tls;
    this.#before = before;
    this.#timed = timed;
    this.#close = close;
    process.on('uncaughtException', this.#crash).on('unhandledRejection', this.#crash);
  }

  readonly #crash = (error: unknown) => void this.#crashes.push(error);

  /** What cases broke in the process around them while `cases` ran. */
  async watching(cases: () => Promise<void>): Promise<Broken<never> | undefined> {
    this.#stalls.take();
    await cases();
    const stall = this.#stalls.take();
    const crashes = this.#crashes.splice(0);
    this.#last = heap();
    this.#first ??= this.#last;
    if (crashes.length > 0) return { broken: `it would have ended the process: ${stackOf(crashes[0])}` };
    if (this.#timed && stall > longestStall) return { broken: `it held up everybody for ${stall.toFixed(0)} ms` };
    this.#slowest = Math.max(this.#slowest, stall);
    return undefined;
  }

  figures(): readonly string[] {
    const held = [this.#first ?? 0, this.#last].map(mebibytes).join(' after the first cases, ');
    return [`longest stall: ${this.#slowest.toFixed(0)} ms`, `heap: ${held} after the last`];
  }

  /** Ends the cluster; gives the heap before it was made and after its end. */
  async close(): Promise<string> {
    this.#stalls.end();
    // From here on an error ends the run, and says which: a loop that has failed is thrown when the cluster closes.
    process.off('uncaughtException', this.#crash).off('unhandledRejection', this.#crash);
    await this.#close();
    return `heap without the cluster: ${mebibytes(this.#before)} before, ${mebibytes(heap())} after`;
  }
}

/** Bytes of the heap that are held on to, and of buffers outside of it. */
function heap(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
