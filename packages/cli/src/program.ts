import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { CommandError, oneLine } from './command-error.ts';
import { defaultKubeconfig, userPath } from './paths.ts';
import { Stopped, stoppable } from './stop-signals.ts';
import type { UpOptions } from './up-settings.ts';

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** Runs a command line; resolves with the exit code. Commands load their modules when they are called, for a fast start. */
export async function main(args: readonly string[]): Promise<number> {
  // kubectl and helm get all arguments after their name, even --help.
  const [first, ...rest] = args;
  let exitCode = 0;
  process.stdout.on('error', endWithoutOutput);
  try {
    if (first === 'kubectl' || first === 'helm') {
      const { runTool } = await import('./commands/tool.ts');
      return await runTool(first, rest);
    }
    const program = buildProgram();
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      exitCode = error.exitCode;
      if (error.message.startsWith('error: ')) process.stderr.write(`orrery: ${usageError(error.message, args)}\n`);
    } else if (error instanceof Stopped) exitCode = error.exitCode;
    else if (error instanceof CommandError) {
      process.stderr.write(`orrery: ${error.message}\n`);
      exitCode = 1;
    } else throw error;
  }
  return exitCode;
}

/** Ends a command whose output cannot be written, unless it ends itself in order. A closed pipe has read enough: it needs no words. */
function endWithoutOutput(error: NodeJS.ErrnoException): void {
  if (process.stdout.listenerCount('error') > 1) return;
  if (error.code === 'EPIPE') process.exit(new Stopped('SIGPIPE').exitCode);
  process.stderr.write(`orrery: cannot write the output: ${oneLine(error)}\n`);
  process.exit(1);
}

/** The one-line message for a mistake in the command line, with a pointer to --help. */
function usageError(message: string, [first, second]: readonly string[]): string {
  const text = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
  const words = ['orrery', ...(first === 'up' || first === 'node' ? [first] : [])];
  if (first === 'node' && ['stop', 'start', 'list'].includes(second ?? '')) words.push(second ?? '');
  return `${text} (see ${words.join(' ')} --help)`;
}

function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
  return (manifest as { readonly version: string }).version;
}

function buildProgram(): Command {
  const program = new Command('orrery')
    .description('A Kubernetes control plane in one process: start clusters, use them with kubectl, watch them move.')
    .version(`orrery ${ownVersion()}, Kubernetes v1.35`, '--version', 'print the version')
    .exitOverride()
    // Printed by main, in one line.
    .configureOutput({ outputError: () => undefined });

  program
    .command('up')
    .description('start a cluster, apply manifests, show them becoming ready, and keep it running until Ctrl-C')
    .argument(
      '[paths...]',
      'manifest files, folders of them, or - for standard input; an orrery.yaml among them describes the nodes',
    )
    .option('--port <number>', 'port on 127.0.0.1; 0 picks any free one (default: 6443, or the next free one)')
    .option(
      '--kubeconfig <path>',
      'where to write the kubeconfig (default: .orrery/kubeconfig; removed when the cluster stops)',
    )
    .option('--nodes <number>', 'how many nodes, 0 for none (default: 3, or what orrery.yaml says)')
    .option('--cluster-cidr <range>', 'the IPv4 range of Pod addresses (default: 10.224.0.0/11)')
    .option(
      '--node-cidr-mask-size <number>',
      "the prefix length of each node's part of that range, in bits (default: 24)",
    )
    .option('--max-requests-inflight <number>', 'how many requests that read are carried out at once', '400')
    .option('--max-mutating-requests-inflight <number>', 'how many requests that write', '200')
    .option('--runtime <name>', 'what runs containers: sim', 'sim')
    .option('--store <name>', 'where objects are kept: memory', 'memory')
    .option('--clock <clock>', 'real, virtual, or xN for N times as fast', 'real')
    .option('--seed <seed>', 'make random numbers repeatable')
    .option(
      '--plugin <path>',
      'load a plugin: a module or folder whose default export comes from definePlugin (repeatable)',
      collect,
      [],
    )
    .option('--wait', 'end when everything applied is ready: exit code 0, or 1 with the reasons after --timeout')
    .option('--timeout <duration>', 'how long --wait waits: 90s, 5m', '2m')
    .option('--verbose', 'log to standard error what the loops of the cluster do and what fails')
    .option('--no-examples', 'when no paths are given, start empty instead of with the quickstart example')
    .action(async (paths: string[], options: UpOptions) => {
      const { up } = await import('./commands/up.ts');
      const { quickstart } = await import('./quickstart.ts');
      const chosen = paths.length > 0 || !options.examples ? paths : [quickstart];
      await stoppable((signal) => up(chosen, options, signal));
    });

  const node = program.command('node').description('list, stop and start the machines of a running cluster');
  for (const [verb, power, what] of [
    ['stop', 'off', 'cut the power: kubelet and containers are gone without notice'],
    ['start', 'on', 'switch a stopped machine on again'],
  ] as const) {
    const command = node.command(verb).description(what).argument('<name>', 'name of the node');
    if (verb === 'stop') command.option('--graceful', 'shut it down gracefully instead: its Pods have 30 s to end');
    command
      .option('--kubeconfig <path>', 'the cluster (default: .orrery/kubeconfig, or KUBECONFIG)')
      .action(async (name: string, options: { kubeconfig?: string; graceful?: boolean }) => {
        const { powerNode } = await import('./commands/node.ts');
        const path = kubeconfigOf(options);
        const graceful = options.graceful === true;
        await powerNode(name, graceful ? 'shutdown' : power, path);
        process.stdout.write(`${name} ${graceful ? 'is shutting down' : verb === 'stop' ? 'stopped' : 'started'}\n`);
      });
  }

  node
    .command('list')
    .description('list the machines, whether they run, and their status in the cluster')
    .option('--kubeconfig <path>', 'the cluster (default: .orrery/kubeconfig, or KUBECONFIG)')
    .action(async (options: { kubeconfig?: string }) => {
      const { listNodes } = await import('./commands/node.ts');
      process.stdout.write(await listNodes(kubeconfigOf(options)));
    });

  program
    .command('kubectl')
    .description('run the pinned kubectl 1.35 against the cluster (all arguments are passed to it)')
    .argument('[args...]');
  program
    .command('helm')
    .description('run the pinned helm 4 against the cluster (all arguments are passed to it)')
    .argument('[args...]');
  return program;
}

function kubeconfigOf({ kubeconfig }: { readonly kubeconfig?: string }): string {
  return kubeconfig === undefined ? (process.env.KUBECONFIG ?? defaultKubeconfig) : userPath(kubeconfig);
}
