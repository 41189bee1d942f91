import type { CommandName, IFileSystem } from 'just-bash';
import { Encoding, fromLatin1, latin1, withEncoding } from './encoding.ts';

/** One run of a text tool: everything that it depends on beside files. */
export interface ToolRequest {
  readonly command: CommandName;
  /** Without the tool's name. */
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: { readonly [name: string]: string };
  /** All of its standard input. */
  readonly input: Uint8Array;
}

export interface ToolResult {
  readonly exitCode: number;
  readonly output: Uint8Array;
  readonly errors: string;
}

type JustBash = typeof import('just-bash');

let loading: Promise<JustBash> | undefined;

/** Loaded when the first text tool runs: it costs tens of milliseconds and megabytes. */
function load(): Promise<JustBash> {
  loading ??= import('just-bash');
  return loading;
}

const mebibyte = 1024 ** 2;

const limits = {
  maxExecDepth: Number.POSITIVE_INFINITY,
  maxCommandCount: Number.POSITIVE_INFINITY,
  maxWorkUnits: Number.POSITIVE_INFINITY,
  // Loops inside a tool cannot be interrupted: they end some day.
  maxAwkIterations: 1_000_000,
  maxSedIterations: 100_000,
  maxJqIterations: 1_000_000,
  maxTraversalEntries: Number.POSITIVE_INFINITY,
  maxExecutionTimeMs: Number.POSITIVE_INFINITY,
  maxLiveBytes: 128 * mebibyte,
  maxOutputSize: 64 * mebibyte,
  maxStringLength: 64 * mebibyte,
} as const;

/** Runs a text tool of just-bash on all of its input. Computes without a pause. */
export async function runTool(request: ToolRequest, files: IFileSystem): Promise<ToolResult> {
  const { Bash } = await load();
  const { command, args, directory, environment, input } = request;
  const encoding = new Encoding();
  encoding.see(input);
  const bash = new Bash({
    fs: withEncoding(files, encoding),
    commands: [command],
    cwd: directory,
    env: { ...environment },
    executionLimits: limits,
    defenseInDepth: false,
    sleep: () => Promise.resolve(),
  });
  // `decodedText` of an instance's results is only right for text, so the result's kind distinguishes text from bytes.
  const { stdout, stdoutKind, stdoutEncoding, stderr, exitCode } = await bash.exec(command, {
    args: [...args],
    stdin: latin1(input),
    stdinKind: 'bytes',
    rawScript: true,
  });
  const binary = stdoutKind === 'bytes' || stdoutEncoding === 'binary';
  return { exitCode, output: binary ? fromLatin1(stdout) : encoding.encode(stdout), errors: stderr };
}
