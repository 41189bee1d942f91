import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolsFolder } from './paths.ts';
import { atTerminal, type TerminalUser } from './terminal-user.fixture.ts';
import { kubernetesTools } from './tools/kubernetes-tools.ts';

const main = join(import.meta.dirname, '../bin/orrery.js');
/** How often an answer is asked for before a test gives up, and the pause between. */
const tries = 400;
const pauseMs = 150;

/** What a program printed, and how it ended. */
export interface Ran {
  readonly stdout: string;
  /** Standard output, byte for byte. */
  readonly bytes: Buffer;
  readonly stderr: string;
  readonly code: number;
}

/** What a program is run with. */
export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
}

/** A cluster that `orrery up` runs in a process of its own, with the pinned kubectl pointed at it. For tests. */
export interface RunningCluster {
  readonly kubeconfig: string;
  /** A folder that goes with the cluster. */
  readonly folder: string;
  /** Runs kubectl to its end. @throws Error with its output if it fails */
  kubectl(args: readonly string[], options?: RunOptions): Promise<string>;
  /** Runs kubectl and gives how it ended. */
  tryKubectl(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Starts kubectl and leaves it running. */
  startKubectl(args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
  /** Runs kubectl in a terminal, which its user sits at. */
  terminal(
    args: readonly string[],
    options?: { readonly env?: NodeJS.ProcessEnv; readonly columns?: number; readonly rows?: number },
  ): Promise<TerminalUser>;
  /** Asks kubectl again until what it prints on standard output is as wanted. @throws Error with the last answer */
  until(args: readonly string[], wanted: (stdout: string) => boolean): Promise<string>;
  helm(args: readonly string[]): Promise<Ran>;
  stop(): Promise<void>;
}

/** Starts `orrery up` with the arguments; resolves when its API answers. */
export async function startCluster(args: readonly string[] = ['--no-examples']): Promise<RunningCluster> {
  const tools = await kubernetesTools(toolsFolder);
  const folder = await mkdtemp(join(tmpdir(), 'orrery-test-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const server = startOrrery(['up', ...args, '--port', '0', '--kubeconfig', kubeconfig]);
  await said(server, /^kubeconfig: /m);
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    HELM_CACHE_HOME: folder,
    HELM_CONFIG_HOME: folder,
    HELM_DATA_HOME: folder,
  };
  const tryKubectl = (command: readonly string[], options: RunOptions = {}) =>
    run(tools.kubectl, command, { ...env, ...options.env }, options.stdin);
  const kubectl = async (command: readonly string[], options?: RunOptions) => {
    const { code, stdout, stderr } = await tryKubectl(command, options);
    if (code !== 0) throw new Error(`kubectl ${command.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  };
  return {
    kubeconfig,
    folder,
    tryKubectl,
    kubectl,
    startKubectl: (command, more = {}) => spawn(tools.kubectl, command, { env: { ...env, ...more }, stdio: 'pipe' }),
    terminal: (command, options = {}) =>
      atTerminal(tools.kubectl, command, { ...options, env: { ...env, ...options.env } }),
    helm: (command) => run(tools.helm, command, env, undefined),
    until: async (command, wanted) => {
      let answer = '';
      for (let attempt = 0; attempt < tries; attempt++) {
        if (attempt > 0) await new Promise((wake) => setTimeout(wake, pauseMs));
        const { stdout, stderr, code } = await tryKubectl(command);
        answer = stdout + stderr;
        if (code === 0 && wanted(stdout)) return stdout;
      }
      throw new Error(`kubectl ${command.join(' ')} never answered as wanted; at last:\n${answer}`);
    },
    stop: async () => {
      server.kill('SIGTERM');
      await ended(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs the command `orrery` to its end. */
export function orrery(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return run(process.execPath, [main, ...args], { ...process.env, ...options.env }, options.stdin);
}

/** Starts the command `orrery` and leaves it running. */
export function startOrrery(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  stdin: string | Uint8Array | undefined,
): Promise<Ran> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { env, stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', failed);
    child.on('close', (code) => {
      const bytes = Buffer.concat(stdout);
      done({ stdout: bytes.toString(), bytes, stderr: Buffer.concat(stderr).toString(), code: code ?? -1 });
    });
    // A program that ends without reading all of its input is no failure of the test's.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  });
}

/** Resolves when the process has printed a match. @throws Error with what it printed if it ends first */
export function said(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((found, failed) => {
    let text = '';
    const listen = (chunk: Buffer) => {
      text += chunk.toString();
      if (pattern.test(text)) found(text);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.on('close', (code) =>
      failed(new Error(`the process ended with ${code} before it said ${pattern}:\n${text}`)),
    );
  });
}

/** Resolves with the exit code. */
export function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.on('close', resolve));
}
