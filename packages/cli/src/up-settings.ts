import type { PodRangeOptions } from '@orrery/cluster';
import { milliseconds } from '@orrery/core';
import type { RequestLimits } from '@orrery/server';
import { CommandError, oneLine } from './command-error.ts';
import { defaultKubeconfig, userPath } from './paths.ts';

/** The options of `orrery up` as on the command line. */
export interface UpOptions {
  readonly port?: string;
  readonly kubeconfig?: string;
  readonly nodes?: string;
  readonly clusterCidr?: string;
  readonly nodeCidrMaskSize?: string;
  readonly maxRequestsInflight: string;
  readonly maxMutatingRequestsInflight: string;
  readonly runtime: string;
  readonly store: string;
  readonly clock: string;
  readonly plugin: readonly string[];
  readonly wait?: boolean;
  readonly timeout: string;
  readonly examples: boolean;
  readonly seed?: string;
  readonly verbose?: boolean;
}

/** The same options, parsed. */
export interface UpSettings {
  /** undefined: the first free one from 6443. */
  readonly port: number | undefined;
  readonly kubeconfig: string;
  readonly nodes: number | undefined;
  readonly podRanges: PodRangeOptions;
  readonly requestLimits: RequestLimits;
  readonly clock: string;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Parses the options. @throws CommandError that names the invalid option */
export function upSettings(options: UpOptions): UpSettings {
  if (options.runtime !== 'sim') throw new CommandError(`--runtime ${options.runtime}: there is only sim`);
  if (options.store !== 'memory') throw new CommandError(`--store ${options.store}: there is only memory`);
  if (!isClock(options.clock))
    throw new CommandError(`--clock ${options.clock}: write real, virtual, or x10 for ten times as fast`);
  let timeout: number;
  try {
    timeout = milliseconds(options.timeout);
  } catch (error) {
    throw new CommandError(`--timeout: ${oneLine(error)}`);
  }
  return {
    port: options.port === undefined ? undefined : wholeNumber('--port', options.port, 0, 65_535),
    nodes: options.nodes === undefined ? undefined : wholeNumber('--nodes', options.nodes, 0, 5000),
    podRanges: podRanges(options),
    requestLimits: {
      readOnly: wholeNumber('--max-requests-inflight', options.maxRequestsInflight, 1, 100_000),
      mutating: wholeNumber('--max-mutating-requests-inflight', options.maxMutatingRequestsInflight, 1, 100_000),
    },
    kubeconfig: options.kubeconfig === undefined ? defaultKubeconfig : userPath(options.kubeconfig),
    clock: options.clock,
    timeout,
  };
}

function podRanges({ clusterCidr, nodeCidrMaskSize }: UpOptions): PodRangeOptions {
  return {
    ...(clusterCidr === undefined ? {} : { clusterCidr }),
    ...(nodeCidrMaskSize === undefined
      ? {}
      : { nodeCidrMaskSize: wholeNumber('--node-cidr-mask-size', nodeCidrMaskSize, 0, 32) }),
  };
}

function isClock(text: string): boolean {
  if (text === 'real' || text === 'virtual') return true;
  const factor = Number(/^x(\d+(?:\.\d+)?)$/.exec(text)?.[1]);
  return factor > 0 && Number.isFinite(factor);
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new CommandError(`${name} ${text}: must be a whole number from ${least} to ${most}`);
  return value;
}
