import { FileError } from '../../../files/file-error.ts';
import { type TreeNode, textOf } from '../../../files/tree.ts';
import type { Process } from '../../../process/process.ts';
import type { Program } from '../../../process/program.ts';
import { goFlags } from './go-flags.ts';

/** What a new file contains, and what a file in a loop is expected to. */
const newContent = 'mount-tester new file\n';
/** How long a file is read again and again (in seconds), and how often (in milliseconds). */
const retrySeconds = 180;
const retryMs = 2000;
/** Linux's magic number of ext4 (statfs(2)). */
const ext4 = 61_267;

type Report = (process: Process, path: string) => Promise<void>;

/** What each flag reports about the path that it names, in the order in which it is done. */
const reports: readonly (readonly [flag: string, report: Report])[] = [
  ['fs_type', reportFileSystem],
  ['new_file_0644', newFile(0o644)],
  ['new_file_0666', newFile(0o666)],
  ['new_file_0660', newFile(0o660)],
  ['new_file_0777', newFile(0o777)],
  [
    'file_mode',
    async (process, path) => say(process, `mode of file ${quoted(path)}: ${modeText(found(process, path))}`),
  ],
  [
    'file_perm',
    async (process, path) => say(process, `perms of file ${quoted(path)}: ${permText(found(process, path).mode)}`),
  ],
  ['file_owner', reportOwner],
  ['file_content', reportContent],
];

/** `agnhost mounttest`: prints file system, mode, owner and content of files, and makes new ones; 1 if any of it failed. */
export const mountTest: Program = async (process) => {
  const flags = goFlags(process.args.slice(1));
  process.umask = 0;
  let status = 0;
  for (const [flag, report] of reports) {
    const path = flags.get(flag);
    if (path !== undefined && !(await succeeds(process, path, report))) status = 1;
  }
  const inLoop = flags.get('file_content_in_loop');
  if (inLoop !== undefined && !(await readInLoop(process, inLoop, flags))) status = 1;
  return status;
};

async function succeeds(process: Process, path: string, report: Report): Promise<boolean> {
  try {
    await report(process, path);
    return true;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await say(process, `error of ${quoted(path)}: ${error.reason.toLowerCase()}`);
    return false;
  }
}

/** Whether the last read succeeded. */
async function readInLoop(process: Process, path: string, flags: ReadonlyMap<string, string>): Promise<boolean> {
  const end = process.clock.now() + Number(flags.get('retry_time') ?? retrySeconds) * 1000;
  const untilExpected = flags.get('break_on_expected_content') !== 'false';
  let read = true;
  for (; process.clock.now() < end; await process.sleep(retryMs)) {
    try {
      await reportContent(process, path);
      read = true;
      if (untilExpected && textOf(process.files.readFile(process.path(path))) === newContent) break;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      read = false;
      await say(process, `Error reading file ${path}: open ${path}: ${error.reason.toLowerCase()}, retrying`);
    }
  }
  return read;
}

async function reportContent(process: Process, path: string): Promise<void> {
  await say(process, `content of file ${quoted(path)}: ${textOf(process.files.readFile(process.path(path)))}`);
}

function newFile(mode: number): Report {
  return async (process, path) => {
    const absolute = process.path(path);
    process.files.writeFile(absolute, newContent, process.files.exists(absolute) ? {} : { mode });
    await reportContent(process, path);
  };
}

/** A directory in memory is a file system of its own, with a size. */
async function reportFileSystem(process: Process, path: string): Promise<void> {
  const inMemory = found(process, path).layer.quota !== undefined;
  await say(process, `mount type of ${quoted(path)}: ${inMemory ? 'tmpfs' : ext4}`);
}

async function reportOwner(process: Process, path: string): Promise<void> {
  const { uid, gid } = found(process, path);
  await say(process, `owner UID of ${quoted(path)}: ${uid}\nowner GID of ${quoted(path)}: ${gid}`);
}

function found(process: Process, path: string): TreeNode {
  return process.files.lookup(process.path(path));
}

async function say(process: Process, text: string): Promise<void> {
  await process.stdout.write(`${text}\n`);
}

function quoted(path: string): string {
  return JSON.stringify(path);
}

/** A mode as Go prints it: `dgtrwxrwxrwx`, `-rw-r--r--`. */
export function modeText({ kind, mode }: Pick<TreeNode, 'kind' | 'mode'>): string {
  const kinds = { directory: 'd', dynamic: 'd', symlink: 'L', device: 'Dc', socket: 'S', file: '' } as const;
  const bits = `${mode & 0o4000 ? 'u' : ''}${mode & 0o2000 ? 'g' : ''}${mode & 0o1000 ? 't' : ''}`;
  return `${`${kinds[kind]}${bits}` || '-'}${permText(mode).slice(1)}`;
}

/** The permission bits alone: `-rwxr-xr-x`. */
function permText(mode: number): string {
  const letters = [...'rwxrwxrwx'].map((letter, at) => ((mode >> (8 - at)) & 1 ? letter : '-'));
  return `-${letters.join('')}`;
}
