import type { Container, LifecycleHandler, Pod } from '@orrery/api';
import { type Clock, errorText, type Milliseconds } from '@orrery/core';
import type { ContainerRuntime } from '@orrery/runtimes';
import { httpRequest } from '../probes/probe-handler.ts';
import { podText } from './pod-containers.ts';

/** What a hook runs against. */
export interface HookTarget {
  readonly pod: Pod;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly signal: AbortSignal;
  /** Called with a message for a Warning event while the hook continues. */
  readonly warn: (reason: string, message: string) => void;
}

/** How long an httpGet hook may take where nothing else bounds it (milliseconds). */
const httpTimeout: Milliseconds = 30_000;

/**
 * Runs a postStart or preStop handler (Kubernetes "Container Lifecycle Hooks"). `timeout` 0 is none.
 * @throws Error with the text for the waiting message or the event.
 */
export async function runHook(handler: LifecycleHandler, target: HookTarget, timeout: Milliseconds): Promise<void> {
  const whose = `for Container "${target.container.name}" in Pod "${podText(target.pod)}" failed - error: `;
  if (handler.exec !== undefined) {
    const { command = [] } = handler.exec;
    const { error, output } = await runCommand(command, target, timeout);
    if (error === undefined) return;
    throw new Error(
      `Exec lifecycle hook ([${command.join(' ')}]) ${whose}${error}, message: ${JSON.stringify(output)}`,
    );
  }
  if (handler.httpGet !== undefined) {
    try {
      await runHttpGet(handler.httpGet, target, timeout);
    } catch (error) {
      throw new Error(`HTTP lifecycle hook (${handler.httpGet.path ?? ''}) ${whose}${errorText(error)}`);
    }
    return;
  }
  if (handler.sleep !== undefined) {
    await target.clock.sleep(handler.sleep.seconds * 1000, target.signal);
    return;
  }
  // A tcpSocket handler is taken by the API, and fails when it should run.
  throw new Error(`Cannot run handler: invalid handler: ${handlerText(handler)}`);
}

/** Why the command failed, undefined if it did not, and what it wrote. */
async function runCommand(
  command: readonly string[],
  { runtime, containerId }: HookTarget,
  timeout: Milliseconds,
): Promise<{ readonly error: string | undefined; readonly output: string }> {
  try {
    const { exitCode, stdout, stderr } = await runtime.execSync(containerId, command, timeout);
    const error = exitCode === 0 ? undefined : `command '${command.join(' ')}' exited with ${exitCode}: ${stderr}`;
    return { error, output: stdout + stderr };
  } catch (error) {
    return { error: errorText(error), output: '' };
  }
}

/** Any answer is a success; its status is not looked at. */
async function runHttpGet(
  action: NonNullable<LifecycleHandler['httpGet']>,
  { runtime, container, podIp, warn }: HookTarget,
  timeout: Milliseconds,
): Promise<void> {
  const request = httpRequest(action, container, podIp, timeout === 0 ? httpTimeout : timeout);
  if (typeof request === 'string') throw new Error(request);
  try {
    await runtime.network.httpGet(request);
  } catch (error) {
    const plain = errorText(error).includes('server gave HTTP response to HTTPS client');
    if (request.scheme !== 'https' || !plain) throw error;
    await runtime.network.httpGet({ ...request, scheme: 'http' });
    const host = `${request.host}:${request.port}`;
    const message = `request to HTTPS lifecycle hook ${host} got HTTP response, retry with HTTP succeeded`;
    warn('LifecycleHTTPFallback', message);
  }
}

/** A handler that is none, as Go prints it. */
function handlerText({ tcpSocket }: LifecycleHandler): string {
  const port = typeof tcpSocket?.port === 'string' ? `{1 0 ${tcpSocket.port}}` : `{0 ${tcpSocket?.port} }`;
  const socket = tcpSocket === undefined ? 'nil' : `&TCPSocketAction{Port:${port},Host:${tcpSocket.host ?? ''},}`;
  return `&LifecycleHandler{Exec:nil,HTTPGet:nil,TCPSocket:${socket},Sleep:nil,}`;
}
