import { textFromBase64, textToBase64 } from '@orrery/api';
import type { Clock } from '@orrery/core';
import { KubeconfigError } from '../kubeconfig/kubeconfig.ts';
import type { SelectedContext } from '../kubeconfig/select-context.ts';
import { type Environment, ExecPlugin } from './exec-plugin.ts';
import { RereadFile } from './reread-file.ts';

/** A client certificate and its key, as PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What identifies the user of a request. */
export interface Proof {
  /** The `Authorization` header. */
  readonly authorization?: string;
  readonly certificate?: ClientCertificate;
}

/** Provides proofs, and renews them. */
export interface Credentials {
  /** The proof for the next request. @throws KubeconfigError if none is available */
  current(): Promise<Proof>;
  /** The server answered 401 to this proof. @returns whether {@link current} may return another one now */
  refused(proof: Proof): boolean;
}

/** What {@link credentialsOf} needs. */
export interface CredentialsOptions {
  readonly context: SelectedContext;
  readonly clock: Clock;
  /** Environment variables that a plugin inherits. */
  readonly env: Environment;
  /** The authorities that the server is verified against, as PEM, for plugins that call the cluster themselves. */
  readonly authority: string | undefined;
}

/**
 * The credentials of a kubeconfig's user. As in client-go, a token, a password or a certificate in the kubeconfig takes precedence
 * over a plugin.
 */
export function credentialsOf({ context, clock, env, authority }: CredentialsOptions): Credentials {
  const { user, cluster } = context;
  // Plain HTTP would expose them on the network. A server without TLS, such as kubectl proxy, adds its own.
  if (!cluster.server.startsWith('https:')) return none;
  const fixed = new FileCredentials(context, clock);
  if (fixed.any || user.exec === undefined || user.exec === null) return fixed;
  return new ExecPlugin({ exec: user.exec, cluster, clock, env, authority });
}

const none: Credentials = { current: async () => ({}), refused: () => false };

/** Credentials in the kubeconfig, or in files that it names, which may be renewed. */
class FileCredentials implements Credentials {
  readonly any: boolean;
  readonly #authorization: (() => Promise<string>) | undefined;
  readonly #certificate: { readonly cert: () => Promise<string>; readonly key: () => Promise<string> } | undefined;
  readonly #files: RereadFile[] = [];
  #latest: Proof | undefined;

  constructor({ user }: SelectedContext, clock: Clock) {
    const pem = (field: 'client-certificate' | 'client-key'): (() => Promise<string>) | undefined => {
      const data = user[`${field}-data`] ?? '';
      if (data !== '') return async () => textFromBase64(data);
      return this.#file(user[field], clock);
    };
    const cert = pem('client-certificate');
    const key = pem('client-key');
    this.#certificate = cert === undefined || key === undefined ? undefined : { cert, key };
    const { token = '', username = '', password = '' } = user;
    const file = this.#file(user.tokenFile, clock);
    if (file !== undefined) this.#authorization = async () => bearer(await file());
    else if (token !== '') this.#authorization = async () => bearer(token);
    else if (username !== '' || password !== '') {
      const encoded = textToBase64(`${username}:${password}`);
      this.#authorization = async () => `Basic ${encoded}`;
    }
    this.any = this.#authorization !== undefined || this.#certificate !== undefined;
  }

  async current(): Promise<Proof> {
    const [authorization, cert, key] = await Promise.all([
      this.#authorization?.(),
      this.#certificate?.cert(),
      this.#certificate?.key(),
    ]);
    const latest = this.#latest;
    const same =
      latest !== undefined &&
      latest.authorization === authorization &&
      latest.certificate?.cert === cert &&
      latest.certificate?.key === key;
    if (same) return latest;
    this.#latest = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(cert === undefined || key === undefined ? {} : { certificate: { cert, key } }),
    };
    return this.#latest;
  }

  refused(proof: Proof): boolean {
    if (this.#latest === proof) for (const file of this.#files) file.forget();
    return this.#files.length > 0;
  }

  #file(path: string | undefined, clock: Clock): (() => Promise<string>) | undefined {
    if (path === undefined || path === '') return undefined;
    const file = new RereadFile(path, clock);
    this.#files.push(file);
    return () => file.text();
  }
}

function bearer(token: string): string {
  const text = token.trim();
  if (text === '') throw new KubeconfigError('the token that the kubeconfig names is empty');
  return `Bearer ${text}`;
}
