import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { answers, serverOf } from '../cluster-answers.ts';
import { CommandError, oneLine } from '../command-error.ts';
import { defaultKubeconfig, toolsFolder, userFolder } from '../paths.ts';
import { stoppable } from '../stop-signals.ts';
import { type KubernetesTools, kubernetesTools, type ToolName } from '../tools/kubernetes-tools.ts';

/**
 * Runs the pinned kubectl or helm with the given arguments, against `.orrery/kubeconfig` unless KUBECONFIG says otherwise.
 * Resolves with its exit code.
 */
export async function runTool(tool: ToolName, args: readonly string[]): Promise<number> {
  const kubeconfig = process.env.KUBECONFIG ?? defaultKubeconfig;
  const given = args.some((arg) => arg === '--kubeconfig' || arg.startsWith('--kubeconfig='));
  if (process.env.KUBECONFIG === undefined && !given && needsCluster(args)) await checkRunning(kubeconfig);
  const paths = await tools();
  return new Promise((resolve, reject) => {
    const child = spawn(paths[tool], args, {
      stdio: 'inherit',
      cwd: userFolder(),
      env: { ...process.env, KUBECONFIG: kubeconfig },
    });
    // At a terminal, Ctrl-C goes to the whole process group: kubectl handles it, and this process waits.
    const forwarders = { SIGTERM: handler('SIGTERM'), SIGHUP: handler('SIGHUP'), SIGINT: handler('SIGINT') };
    function handler(signal: NodeJS.Signals): () => void {
      return () => {
        if (signal !== 'SIGINT' || process.stdin.isTTY !== true) child.kill(signal);
      };
    }
    for (const [signal, forward] of Object.entries(forwarders)) process.on(signal, forward);
    const over = () => {
      for (const [signal, forward] of Object.entries(forwarders)) process.off(signal, forward);
    };
    child.on('error', (error) => {
      over();
      reject(new CommandError(`cannot run ${tool}: ${oneLine(error)}`));
    });
    child.on('close', (code, signal) => {
      over();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** @throws CommandError if no cluster has been started here, or it no longer runs */
async function checkRunning(kubeconfig: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(kubeconfig, 'utf8');
  } catch {
    throw new CommandError('no cluster runs here: start one with pnpm start, or pnpm orrery up');
  }
  const server = serverOf(text);
  if (server !== undefined && !(await answers(server)))
    throw new CommandError(`no cluster answers at ${server}: start one with pnpm start, or pnpm orrery up`);
}

/** Fetches the tools if they are missing; Ctrl-C meanwhile leaves nothing behind. */
async function tools(): Promise<KubernetesTools> {
  let found: KubernetesTools | undefined;
  await stoppable(async (signal) => {
    try {
      found = await kubernetesTools(toolsFolder, (text) => process.stderr.write(`${text}\n`), signal);
    } catch (error) {
      throw new CommandError(oneLine(error));
    }
  });
  if (found === undefined) throw new CommandError('the tools were not fetched');
  return found;
}

/** `version --client`, `completion` and help work without a cluster. */
function needsCluster(args: readonly string[]): boolean {
  const [command] = args;
  if (command === undefined || args.includes('--help') || args.includes('-h') || args.includes('--client'))
    return false;
  return !['help', 'completion', 'config', 'options', 'plugin', 'kustomize'].includes(command);
}
