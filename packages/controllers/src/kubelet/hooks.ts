import type { Container, LifecycleHandler } from '@orrery/api';
import type { Clock, Milliseconds } from '@orrery/core';
import type { ContainerRuntime } from '@orrery/runtimes';
import { errorText, httpRequest } from './probe-handler.ts';

/** What a hook runs against. */
export interface HookTarget {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly signal: AbortSignal;
  /** Hears of what deserves a Warning event although the hook goes on. */
  readonly warn: (reason: string, message: string) => void;
}

/** How long an httpGet hook may take where nothing else bounds it (milliseconds). */
const httpTimeout: Milliseconds = 30_000;

/**
 * Runs a postStart or preStop handler (Kubernetes "Container Lifecycle Hooks"). `timeout` 0 is none.
 * @throws Error with the text for the waiting message or the event.
 */
export async function runHook(handler: LifecycleHandler, target: HookTarget, timeout: Milliseconds): Promise<void> {
  if (handler.exec !== undefined) {
    const command = handler.exec.command ?? [];
    const { exitCode, stdout, stderr } = await target.runtime.execSync(target.containerId, command, timeout);
    if (exitCode === 0) return;
    throw new Error(
      `Exec lifecycle hook ([${command.join(' ')}]) for Container "${target.container.name}" failed - error: command '${command.join(' ')}' exited with ${exitCode}: ${stderr}, message: ${JSON.stringify(stdout + stderr)}`,
    );
  }
  if (handler.httpGet !== undefined) {
    const request = httpRequest(handler.httpGet, target.container, target.podIp, timeout === 0 ? httpTimeout : timeout);
    if (typeof request === 'string') throw new Error(request);
    try {
      // Any answer is a success; its status is not looked at.
      await target.runtime.network.httpGet(request);
    } catch (error) {
      if (request.scheme === 'https' && errorText(error).includes('server gave HTTP response to HTTPS client')) {
        await target.runtime.network.httpGet({ ...request, scheme: 'http' });
        target.warn(
          'LifecycleHTTPFallback',
          `request to HTTPS lifecycle hook ${request.host}:${request.port} got HTTP response, retry with HTTP succeeded`,
        );
        return;
      }
      throw error;
    }
    return;
  }
  if (handler.sleep !== undefined) {
    await target.clock.sleep(handler.sleep.seconds * 1000, target.signal);
    return;
  }
  // A tcpSocket handler is accepted and does nothing, as in Kubernetes.
  if (handler.tcpSocket === undefined) throw new Error('invalid handler: no handler is given');
}
