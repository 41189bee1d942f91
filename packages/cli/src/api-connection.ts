import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { parse } from 'yaml';
import { CommandError, oneLine } from './command-error.ts';

/** A plain connection to a running cluster's API, as the kubeconfig's user. */
export interface ApiConnection {
  /** @throws CommandError when nobody answers */
  request(
    method: string,
    path: string,
    body?: unknown,
    contentType?: string,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
}

interface Kubeconfig {
  readonly clusters?: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users?: readonly {
    readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string };
  }[];
}

/** Reads a kubeconfig that `orrery up` wrote. @throws CommandError if it is not there or is another's */
export async function connect(path: string): Promise<ApiConnection> {
  const config = await readKubeconfig(path);
  const cluster = config.clusters?.[0]?.cluster;
  const user = config.users?.[0]?.user;
  if (cluster === undefined || user === undefined) throw new CommandError(`${path} names no cluster and user`);
  const decode = (data: string) => Buffer.from(data, 'base64');
  const tls = {
    ca: decode(cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  };
  return {
    request: (method, target, body, contentType = 'application/json') =>
      new Promise((resolve, reject) => {
        const call = request(
          new URL(target, cluster.server),
          { method, ...tls, headers: { accept: 'application/json', 'content-type': contentType } },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('end', () => {
              resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) });
            });
          },
        );
        call.on('error', () =>
          reject(new CommandError(`no cluster answers at ${cluster.server}: is it running? (pnpm start)`)),
        );
        call.end(body === undefined ? undefined : JSON.stringify(body));
      }),
  };
}

async function readKubeconfig(path: string): Promise<Kubeconfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new CommandError(`no cluster has been started here yet: ${path} does not exist`);
    throw new CommandError(`cannot read ${path}: ${oneLine(error)}`);
  }
  return (parse(text) ?? {}) as Kubeconfig;
}
