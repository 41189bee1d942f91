import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { constants } from 'node:os';
import { CommandError, oneLine } from '../command-error.ts';
import { defaultKubeconfig, toolsFolder, userFolder } from '../paths.ts';
import { kubernetesTools, type ToolName } from '../tools/kubernetes-tools.ts';

/**
 * Runs the pinned kubectl or helm with the given arguments, against `.orrery/kubeconfig` unless KUBECONFIG says otherwise.
 * Resolves with its exit code.
 */
export async function runTool(tool: ToolName, args: readonly string[]): Promise<number> {
  const paths = await tools();
  const kubeconfig = process.env.KUBECONFIG ?? defaultKubeconfig;
  if (process.env.KUBECONFIG === undefined && !args.includes('--kubeconfig') && needsCluster(args)) {
    await access(kubeconfig).catch(() => {
      throw new CommandError('no cluster has been started here yet: run pnpm start, or pnpm orrery up');
    });
  }
  return new Promise((resolve, reject) => {
    const child = spawn(paths[tool], args, {
      stdio: 'inherit',
      cwd: userFolder(),
      env: { ...process.env, KUBECONFIG: kubeconfig },
    });
    // Ctrl-C goes to the whole process group: kubectl decides what it means, and this waits for it.
    const ignore = () => undefined;
    process.on('SIGINT', ignore);
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.on('error', (error) => reject(new CommandError(`cannot run ${tool}: ${oneLine(error)}`)));
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

async function tools() {
  try {
    return await kubernetesTools(toolsFolder, (text) => process.stderr.write(`${text}\n`));
  } catch (error) {
    throw new CommandError(oneLine(error));
  }
}

/** `version --client`, `completion` and help work without a cluster. */
function needsCluster(args: readonly string[]): boolean {
  const [command] = args;
  if (command === undefined || args.includes('--help') || args.includes('-h') || args.includes('--client'))
    return false;
  return !['help', 'completion', 'config', 'options', 'plugin', 'kustomize'].includes(command);
}
