import { spawn } from 'node:child_process';
import { isJsonObject, textToBase64 } from '@orrery/api';
import type { Clock, Milliseconds } from '@orrery/core';
import { type ExecConfig, KubeconfigError } from '../kubeconfig/kubeconfig.ts';
import type { SelectedContext } from '../kubeconfig/select-context.ts';
import type { Credentials, Proof } from './credentials.ts';

/** Environment variables. */
export interface Environment {
  readonly [name: string]: string | undefined;
}

/** What an {@link ExecPlugin} needs. */
export interface ExecPluginOptions {
  readonly exec: ExecConfig;
  readonly cluster: SelectedContext['cluster'];
  readonly clock: Clock;
  readonly env: Environment;
  /** The authorities that the server is verified against, as PEM. */
  readonly authority: string | undefined;
}

/** A proof and its expiry; without one it is valid while the server accepts it. */
interface TimedProof {
  readonly proof: Proof;
  readonly expires: Milliseconds | undefined;
}

/**
 * Credentials from a program (Kubernetes "client-go credential plugins"; `client.authentication.k8s.io` ExecCredential). It
 * runs when a request needs it, once for all that wait, and again when its credentials have expired or were refused.
 */
export class ExecPlugin implements Credentials {
  readonly #options: ExecPluginOptions;
  #latest: TimedProof | undefined;
  #running: Promise<TimedProof> | undefined;

  constructor(options: ExecPluginOptions) {
    this.#options = options;
  }

  async current(): Promise<Proof> {
    const { clock } = this.#options;
    const latest = this.#latest;
    if (latest !== undefined && (latest.expires === undefined || clock.now() <= latest.expires)) return latest.proof;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return (await this.#running).proof;
  }

  refused(proof: Proof): boolean {
    if (this.#latest?.proof === proof) this.#latest = undefined;
    return true;
  }

  async #run(): Promise<TimedProof> {
    const { exec, env } = this.#options;
    const { apiVersion = '', command = '', args, interactiveMode } = exec;
    const interactive = isInteractive(interactiveMode);
    const info = {
      kind: 'ExecCredential',
      apiVersion,
      spec: { ...(exec.provideClusterInfo === true ? { cluster: clusterInfo(this.#options) } : {}), interactive },
    };
    const own = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]));
    const output = await outputOf(command, args ?? [], {
      env: { ...env, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      interactive,
    }).catch((error: unknown) => {
      throw notRun(exec, error);
    });
    this.#latest = credentialOf(output, apiVersion, command);
    return this.#latest;
  }
}

/** @throws KubeconfigError if the program must prompt and standard input is not a terminal */
function isInteractive(mode: ExecConfig['interactiveMode'] = 'IfAvailable'): boolean {
  if (mode === 'Never') return false;
  const terminal = process.stdin.isTTY === true;
  if (mode === 'Always' && !terminal) {
    throw new KubeconfigError('the exec plugin is interactive, and standard input is not a terminal');
  }
  return terminal;
}

/** The cluster's details for a program that requests them (`clientauthentication.Cluster`). */
function clusterInfo({ cluster, authority }: ExecPluginOptions): object {
  const config = cluster.extensions?.find(({ name }) => name === 'client.authentication.k8s.io/exec')?.extension;
  const fields = {
    server: cluster.server,
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    'certificate-authority-data': authority === undefined ? undefined : textToBase64(authority),
    'proxy-url': cluster['proxy-url'],
    'disable-compression': cluster['disable-compression'],
    config,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Runs a program, which inherits standard error. @throws the error of a failed start, or Error with its exit code */
function outputOf(
  command: string,
  args: readonly string[],
  { env, interactive }: { readonly env: Environment; readonly interactive: boolean },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(chunks).toString());
      else reject(new Error(`it exited with ${code === null ? signal : `exit code ${code}`}`));
    });
  });
}

function notRun({ command = '', installHint = '' }: ExecConfig, cause: unknown): KubeconfigError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  const hint = missing && installHint !== '' ? `\n${withoutControls(installHint)}` : '';
  const why = missing ? 'it is not there' : (cause as Error).message;
  return new KubeconfigError(`the exec plugin ${command} returned no credentials: ${why}${hint}`, { cause });
}

/** A hint must not control the terminal on which it is shown. */
function withoutControls(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, '');
}

/** Parses a program's output. Pure. @throws KubeconfigError */
export function credentialOf(output: string, apiVersion: string, command: string): TimedProof {
  const fail = (why: string) => new KubeconfigError(`the exec plugin ${command} returned no credentials: ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    throw fail('its output is not JSON');
  }
  if (!isJsonObject(value) || value.kind !== 'ExecCredential') throw fail('its output is not an ExecCredential');
  if (value.apiVersion !== apiVersion)
    throw fail(`it printed version ${String(value.apiVersion)}, and the kubeconfig says ${apiVersion}`);
  const status = isJsonObject(value.status) ? value.status : {};
  const token = textOf(status.token);
  const cert = textOf(status.clientCertificateData);
  const key = textOf(status.clientKeyData);
  if (token === '' && cert === '' && key === '') throw fail('it printed neither a token nor a certificate');
  if ((cert === '') !== (key === '')) throw fail('it printed a certificate without its key, or a key alone');
  const expires = Date.parse(textOf(status.expirationTimestamp));
  return {
    proof: {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(cert === '' ? {} : { certificate: { cert, key } }),
    },
    expires: Number.isNaN(expires) ? undefined : expires,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
