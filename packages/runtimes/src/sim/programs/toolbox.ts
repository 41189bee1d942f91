import type { CommandName, FileContent, FsStat, IFileSystem } from 'just-bash';
import { FileError } from '../files/file-error.ts';
import { absolutePath, baseName, resolvePath } from '../files/path.ts';
import { bytesOf, sizeOf, type TreeNode, textOf } from '../files/tree.ts';
import type { Description } from '../process/description.ts';
import { openPath } from '../process/open.ts';
import { joined } from '../process/pipe.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';

type JustBash = typeof import('just-bash');

let loading: Promise<JustBash> | undefined;

/** Loaded when the first text tool runs: it costs tens of milliseconds and megabytes. */
function load(): Promise<JustBash> {
  loading ??= import('just-bash');
  return loading;
}

/** Options with which these tools can work line by line, so that `tail -f log | grep word` prints immediately. */
const lineByLine: { readonly [tool: string]: RegExp } = {
  grep: /^(-[vioxwEFGaeH]*|--line-buffered|--color(=\w+)?)$/,
  egrep: /^-[vioxwa]*$/,
  fgrep: /^-[vioxwa]*$/,
  sed: /^-[unrE]*$/,
  cut: /^-.*$/,
  rev: /^$/,
};

const limits = {
  maxExecDepth: Number.POSITIVE_INFINITY,
  maxCommandCount: Number.POSITIVE_INFINITY,
  maxWorkUnits: Number.POSITIVE_INFINITY,
  // Loops inside a tool cannot be interrupted: they end some day.
  maxAwkIterations: 1_000_000,
  maxSedIterations: 1_000_000,
  maxJqIterations: 1_000_000,
  maxTraversalEntries: Number.POSITIVE_INFINITY,
  maxExecutionTimeMs: Number.POSITIVE_INFINITY,
} as const;

/** A text tool of just-bash as a program: `grep`, `sed`, `awk`, `jq` … Counts as computing while the library loads. */
export function tool(command: CommandName): Program {
  return async (process) => {
    const { Bash } = await load();
    process.check();
    const environment = Object.fromEntries(process.environment);
    const run = async (stdin: Uint8Array): Promise<number> => {
      // `decodedText` of an instance's results is only right for text, so the result's kind distinguishes text from bytes.
      const bash = new Bash({
        fs: new ToolFiles(process),
        commands: [command],
        cwd: process.directory,
        env: environment,
        executionLimits: limits,
        defenseInDepth: false,
        sleep: async (span) => void (await process.sleep(span)),
      });
      const result = await bash.exec(command, {
        args: [...process.args],
        stdin: latin1(stdin),
        stdinKind: 'bytes',
        rawScript: true,
      });
      process.check();
      const binary = result.stdoutKind === 'bytes' || result.stdoutEncoding === 'binary';
      if (result.stdout !== '') await process.stdout.write(binary ? fromLatin1(result.stdout) : result.stdout);
      if (result.stderr !== '') await process.stderr.write(ownWords(process, command, result.stderr));
      return result.exitCode;
    };
    return streams(process, command)
      ? eachChunk(process, run)
      : run(needsInput(process) ? await process.stdin.readAll() : new Uint8Array());
  };
}

/** Messages begin with the name that the program was called by. */
function ownWords(process: Process, command: string, text: string): string {
  const name = baseName(process.argv[0] ?? command);
  return text.replace(/^bash: (line \d+: )?/gm, '').replace(new RegExp(`^${command}: `, 'gm'), `${name}: `);
}

/** A terminal or an unfinished pipe is read only where an operand does not name files. */
function needsInput(process: Process): boolean {
  return (
    process.descriptors[0]?.terminal === undefined || process.args.filter((arg) => !arg.startsWith('-')).length < 2
  );
}

function streams(process: Process, command: string): boolean {
  const options = lineByLine[command];
  if (options === undefined) return false;
  const flags = process.args.filter((arg) => /^-./.test(arg));
  const operands = process.args.filter((arg) => !/^-./.test(arg));
  if (!flags.every((flag) => options.test(flag))) return false;
  // A second operand is a file; line numbers in a sed script count from the start of the input.
  if (command === 'sed') return operands.length === 1 && /^(s(.).*|\/[^/]*\/[dp])$/.test(operands[0] as string);
  return operands.length <= (command === 'cut' || command === 'rev' ? 0 : 1);
}

/** Runs the tool on complete lines as they come. The exit code is the best of all runs, as grep's. */
async function eachChunk(process: Process, run: (stdin: Uint8Array) => Promise<number>): Promise<number> {
  let rest: Uint8Array = new Uint8Array();
  let status: number | undefined;
  for (;;) {
    const chunk = await process.stdin.read();
    const all = chunk === undefined ? rest : joined([rest, chunk]);
    const end = chunk === undefined ? all.length : all.lastIndexOf(10) + 1;
    rest = all.slice(end);
    if (end > 0 || (chunk === undefined && status === undefined)) {
      const code = await run(all.slice(0, end));
      status = status === undefined ? code : Math.min(status, code);
    }
    if (chunk === undefined) return status ?? 0;
  }
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

function fromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** A process's files in just-bash's terms. Devices and the process's own streams work too. */
class ToolFiles implements IFileSystem {
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  #run<T>(path: string, work: (path: string) => T): Promise<T> {
    try {
      return Promise.resolve(work(this.#process.path(path)));
    } catch (error) {
      if (!(error instanceof FileError)) return Promise.reject(error);
      return Promise.reject(Object.assign(new Error(error.message), { code: error.code }));
    }
  }

  async #bytes(path: string): Promise<Uint8Array> {
    const node = this.#process.files.find(path);
    if (node?.kind === 'file') return this.#process.files.readFile(path);
    const description: Description = openPath(this.#process, path, 'read');
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = await description.read(this.#process, 65_536);
      if (chunk === undefined) return joined(chunks);
      chunks.push(chunk);
    }
  }

  async readFile(path: string): Promise<string> {
    return textOf(await this.readFileBuffer(path));
  }

  async readFileBuffer(path: string): Promise<Uint8Array> {
    return this.#run(path, (absolute) => this.#bytes(absolute)).then((bytes) => bytes);
  }

  writeFile(path: string, content: FileContent): Promise<void> {
    return this.#write(path, content, 'write');
  }

  appendFile(path: string, content: FileContent): Promise<void> {
    return this.#write(path, content, 'append');
  }

  #write(path: string, content: FileContent, mode: 'write' | 'append'): Promise<void> {
    return this.#run(path, async (absolute) => {
      await openPath(this.#process, absolute, mode).write(this.#process, bytesOf(content));
    }).then((done) => done);
  }

  exists(path: string): Promise<boolean> {
    return this.#run(path, (absolute) => this.#process.files.exists(absolute));
  }

  stat(path: string): Promise<FsStat> {
    return this.#run(path, (absolute) => statOf(this.#process.files.lookup(absolute)));
  }

  lstat(path: string): Promise<FsStat> {
    return this.#run(path, (absolute) => statOf(this.#process.files.lookup(absolute, false)));
  }

  mkdir(path: string, options?: { recursive?: boolean }): Promise<void> {
    return this.#run(path, (absolute) =>
      options?.recursive ? this.#process.files.mkdir(absolute) : this.#process.files.makeDirectory(absolute),
    );
  }

  readdir(path: string): Promise<string[]> {
    return this.#run(path, (absolute) => [...this.#process.files.readdir(absolute)]);
  }

  rm(path: string, options?: { recursive?: boolean; force?: boolean }): Promise<void> {
    return this.#run(path, (absolute) => {
      if (this.#process.files.find(absolute, false) === undefined && !options?.force)
        throw new FileError('ENOENT', path);
      this.#process.files.remove(absolute);
    });
  }

  cp(from: string, to: string): Promise<void> {
    return this.#run(from, (absolute) =>
      this.#process.files.writeFile(this.#process.path(to), this.#process.files.readFile(absolute)),
    );
  }

  mv(from: string, to: string): Promise<void> {
    return this.#run(from, (absolute) => this.#process.files.rename(absolute, this.#process.path(to)));
  }

  resolvePath(base: string, path: string): string {
    return resolvePath('/', absolutePath(base, path));
  }

  getAllPaths(): string[] {
    return [];
  }

  chmod(path: string, mode: number): Promise<void> {
    return this.#run(path, (absolute) => this.#process.files.chmod(absolute, mode));
  }

  symlink(target: string, path: string): Promise<void> {
    return this.#run(path, (absolute) => this.#process.files.symlink(target, absolute));
  }

  link(existing: string, path: string): Promise<void> {
    return this.#run(path, (absolute) => this.#process.files.link(this.#process.path(existing), absolute));
  }

  readlink(path: string): Promise<string> {
    return this.#run(path, (absolute) => this.#process.files.readlink(absolute));
  }

  realpath(path: string): Promise<string> {
    return this.#run(path, (absolute) => this.#process.files.realpath(absolute));
  }

  utimes(path: string, _accessed: Date, modified: Date): Promise<void> {
    return this.#run(path, (absolute) => this.#process.files.setModified(absolute, modified.getTime()));
  }
}

function statOf(node: TreeNode): FsStat {
  return {
    isFile: node.kind === 'file' || node.kind === 'device',
    isDirectory: node.kind === 'directory' || node.kind === 'dynamic',
    isSymbolicLink: node.kind === 'symlink',
    mode: node.mode,
    size: sizeOf(node),
    mtime: new Date(node.mtime),
  };
}
