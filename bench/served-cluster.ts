import { type Cluster, type ClusterOptions, createCluster } from '@orrery/cluster';
import { makeCertificates, serveCluster } from '@orrery/cluster/serve';

/** Where a cluster is served, and a user's credentials: plain data, so that other processes can be clients too. */
export interface Access {
  readonly url: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A cluster on the real clock that is served over HTTPS. */
export interface ServedCluster extends AsyncDisposable {
  readonly cluster: Cluster;
  /** The administrator's. */
  readonly access: Access;
  /** The access of another user, who has no rights but those that are granted. */
  accessOf(username: string): Promise<Access>;
}

/** Starts a cluster and serves it on a free port. Disposing it closes both. */
export async function servedCluster(options: ClusterOptions): Promise<ServedCluster> {
  const cluster = await createCluster(options);
  const certificates = await makeCertificates(cluster.environment);
  const serving = await serveCluster({ cluster, certificates, port: 0 });
  const { authority, admin } = certificates;
  const access = ({ certificate, key }: typeof admin): Access => ({
    url: serving.url,
    ca: authority.authority.certificate,
    cert: certificate,
    key,
  });
  return {
    cluster,
    access: access(admin),
    accessOf: async (username) => access(await authority.client({ commonName: username, organizations: [] })),
    async [Symbol.asyncDispose]() {
      await serving.close();
      await cluster.close();
    },
  };
}
