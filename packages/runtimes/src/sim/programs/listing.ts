import { FileError } from '../files/file-error.ts';
import { sizeOf, type TreeNode } from '../files/tree.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { parseOptions } from './options.ts';
import { groupName, userName } from './users.ts';
import { complain } from './words.ts';

const types: { readonly [kind: string]: string } = {
  file: '-',
  directory: 'd',
  dynamic: 'd',
  symlink: 'l',
  device: 'c',
  socket: 's',
};

/** `drwxr-xr-x` */
export function modeText(node: TreeNode): string {
  const bits = 'rwxrwxrwx';
  let text = types[node.kind] ?? '?';
  for (let bit = 0; bit < 9; bit++) text += node.mode & (1 << (8 - bit)) ? bits[bit] : '-';
  const special = (at: number, flag: number, letter: string) => {
    if (!(node.mode & flag)) return;
    const replacement = text[at] === 'x' ? letter : letter.toUpperCase();
    text = text.slice(0, at) + replacement + text.slice(at + 1);
  };
  special(3, 0o4000, 's');
  special(6, 0o2000, 's');
  special(9, 0o1000, 't');
  return text;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const halfYear = 182 * 86_400_000;

/** `Jan  1 12:00`, or with the year where it is long ago. */
function timeText(process: Process, mtime: number): string {
  const date = new Date(mtime);
  const day = `${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
  if (Math.abs(process.clock.now() - mtime) > halfYear) return `${day}  ${date.getUTCFullYear()}`;
  return `${day} ${String(date.getUTCHours()).padStart(2, '0')}:${String(date.getUTCMinutes()).padStart(2, '0')}`;
}

interface Entry {
  readonly name: string;
  readonly node: TreeNode;
}

export const ls: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'AaCdFhilLnopRrSst1xcu', {
    all: 'a',
    color: 'C',
    recursive: 'R',
  });
  let status = 0;
  const files: Entry[] = [];
  const directories: string[] = [];
  for (const path of operands.length === 0 ? ['.'] : operands) {
    try {
      const located = process.files.lookup(process.path(path), !(flags.has('l') || flags.has('d')) || flags.has('L'));
      const target = located.kind === 'symlink' ? located : located;
      if (!flags.has('d') && (target.kind === 'directory' || target.kind === 'dynamic')) directories.push(path);
      else files.push({ name: path, node: target });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const busybox = process.realm.flavor === 'busybox';
      await complain(process, busybox ? `${path}: ${error.reason}` : `cannot access '${path}': ${error.reason}`);
      status = busybox ? 1 : 2;
    }
  }
  await show(process, files, flags, false);
  let first = files.length === 0;
  const titles = directories.length + files.length > 1 || flags.has('R');
  for (let path = directories.shift(); path !== undefined; path = directories.shift()) {
    if (titles) await process.stdout.write(`${first ? '' : '\n'}${path}:\n`);
    first = false;
    const entries = await entriesOf(process, path, flags);
    await show(process, entries, flags, true);
    if (!flags.has('R')) continue;
    const below = entries.filter(({ name, node }) => node.kind === 'directory' && name !== '.' && name !== '..');
    directories.unshift(...below.map(({ name }) => `${path === '/' ? '' : path}/${name}`));
  }
  return status;
};

async function entriesOf(process: Process, path: string, flags: ReadonlySet<string>): Promise<readonly Entry[]> {
  await process.step();
  const base = process.path(path);
  const names = [...process.files.readdir(base)].filter(
    (name) => flags.has('a') || flags.has('A') || !name.startsWith('.'),
  );
  if (flags.has('a')) names.unshift('.', '..');
  const entries: Entry[] = [];
  for (const name of names) {
    if (entries.length % 200 === 199) await process.step();
    const node = process.files.find(`${base}/${name}`, flags.has('L'));
    if (node !== undefined) entries.push({ name, node });
  }
  return entries;
}

async function show(
  process: Process,
  unsorted: readonly Entry[],
  flags: ReadonlySet<string>,
  total: boolean,
): Promise<void> {
  const entries = [...unsorted];
  if (flags.has('t')) entries.sort((one, other) => other.node.mtime - one.node.mtime);
  if (flags.has('S')) entries.sort((one, other) => sizeOf(other.node) - sizeOf(one.node));
  if (flags.has('r')) entries.reverse();
  if (flags.has('l') || flags.has('n') || flags.has('o')) return long(process, entries, flags, total);
  const names = entries.map((entry) => nameText(entry, flags));
  if (names.length === 0) return;
  const terminal = process.descriptors[1]?.terminal;
  if (terminal === undefined || flags.has('1')) return process.stdout.write(`${names.join('\n')}\n`);
  await process.stdout.write(columns(names, terminal.columns));
}

/** Names in columns, top to bottom, as wide as the terminal. */
function columns(names: readonly string[], width: number): string {
  const cell = Math.max(...names.map((name) => name.length)) + 2;
  const across = Math.max(1, Math.floor((width + 2) / cell));
  const rows = Math.ceil(names.length / across);
  let text = '';
  for (let row = 0; row < rows; row++) {
    let line = '';
    for (let column = row; column < names.length; column += rows) {
      const name = names[column] as string;
      line += column + rows < names.length ? name.padEnd(cell) : name;
    }
    text += `${line.trimEnd()}\n`;
  }
  return text;
}

function nameText({ name, node }: Entry, flags: ReadonlySet<string>): string {
  const isDirectory = node.kind === 'directory' || node.kind === 'dynamic';
  if (flags.has('F'))
    return (
      name + (isDirectory ? '/' : node.kind === 'symlink' ? '@' : node.kind === 'file' && node.mode & 0o111 ? '*' : '')
    );
  return flags.has('p') && isDirectory ? `${name}/` : name;
}

interface Row {
  readonly mode: string;
  readonly links: string;
  readonly user: string;
  readonly group: string;
  readonly size: string;
  readonly time: string;
  readonly name: string;
}

/** Names of users and groups, each looked up once. */
function namesOnce(process: Process, numeric: boolean): { user(id: number): string; group(id: number): string } {
  const once = (look: (id: number) => string) => {
    const known = new Map<number, string>();
    return (id: number) => {
      const name = known.get(id) ?? (numeric ? String(id) : look(id));
      known.set(id, name);
      return name;
    };
  };
  return { user: once((id) => userName(process, id)), group: once((id) => groupName(process, id)) };
}

async function long(
  process: Process,
  entries: readonly Entry[],
  flags: ReadonlySet<string>,
  total: boolean,
): Promise<void> {
  const names = namesOnce(process, flags.has('n'));
  const rows: Row[] = [];
  for (const { name, node } of entries) {
    if (rows.length % 200 === 199) await process.step();
    rows.push({
      mode: modeText(node),
      links: node.kind === 'directory' ? '2' : '1',
      user: names.user(node.uid),
      group: names.group(node.gid),
      size: flags.has('h') ? humanSize(sizeOf(node)) : String(sizeOf(node)),
      time: timeText(process, node.mtime),
      name: nameText({ name, node }, flags) + (node.kind === 'symlink' ? ` -> ${node.target}` : ''),
    });
  }
  const wide = (key: 'links' | 'user' | 'group' | 'size') =>
    rows.reduce((widest, row) => Math.max(widest, row[key].length), 0);
  const [links, user, group, size] = [wide('links'), wide('user'), wide('group'), wide('size')];
  const busybox = process.realm.flavor === 'busybox';
  const lines = rows.map((row) =>
    busybox
      ? `${row.mode} ${row.links.padStart(4)} ${row.user.padEnd(8)} ${row.group.padEnd(8)} ${row.size.padStart(9)} ${row.time} ${row.name}`
      : `${row.mode} ${row.links.padStart(links)} ${row.user.padEnd(user)} ${row.group.padEnd(group)} ${row.size.padStart(size)} ${row.time} ${row.name}`,
  );
  if (total) {
    const blocks = entries.reduce((sum, { node }) => sum + Math.ceil(sizeOf(node) / 4096) * 4, 0);
    lines.unshift(`total ${blocks}`);
  }
  if (lines.length > 0) await process.stdout.write(`${lines.join('\n')}\n`);
}

/** `4.0K`, `1.5M` */
export function humanSize(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T'];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? String(bytes) : `${value < 10 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}

export const stat: Program = async (process) => {
  const { flags, values, operands } = parseOptions(process.args, 'Lc:t', { format: 'c:', dereference: 'L' });
  let status = 0;
  for (const path of operands) {
    try {
      const node = process.files.lookup(process.path(path), flags.has('L'));
      await process.stdout.write(`${statText(process, path, node, values.get('c'))}\n`);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await complain(
        process,
        process.realm.flavor === 'busybox'
          ? `can't stat '${path}': ${error.reason}`
          : `cannot statx '${path}': ${error.reason}`,
      );
      status = 1;
    }
  }
  return status;
};

const typeNames: { readonly [kind: string]: string } = {
  file: 'regular file',
  directory: 'directory',
  dynamic: 'directory',
  symlink: 'symbolic link',
  device: 'character special file',
  socket: 'socket',
};

function statText(process: Process, path: string, node: TreeNode, format: string | undefined): string {
  const type = node.kind === 'file' && node.size === 0 ? 'regular empty file' : (typeNames[node.kind] ?? '');
  const time = new Date(node.mtime).toISOString().replace('T', ' ').replace('Z', '000000 +0000');
  const octal = node.mode.toString(8);
  if (format === undefined) {
    const name = node.kind === 'symlink' ? `${path} -> ${node.target}` : path;
    return [
      `  File: ${name}`,
      `  Size: ${String(sizeOf(node)).padEnd(10)}\tBlocks: ${String(Math.ceil(sizeOf(node) / 512)).padEnd(10)} IO Block: 4096   ${type}`,
      `Access: (${octal.padStart(4, '0')}/${modeText(node)})  Uid: (${String(node.uid).padStart(5)}/${userName(process, node.uid).padStart(8)})   Gid: (${String(node.gid).padStart(5)}/${groupName(process, node.gid).padStart(8)})`,
      `Access: ${time}`,
      `Modify: ${time}`,
      `Change: ${time}`,
    ].join('\n');
  }
  const values: { readonly [letter: string]: string } = {
    a: octal,
    A: modeText(node),
    F: type,
    g: String(node.gid),
    G: groupName(process, node.gid),
    h: '1',
    n: path,
    N: node.kind === 'symlink' ? `'${path}' -> '${node.target}'` : `'${path}'`,
    s: String(sizeOf(node)),
    u: String(node.uid),
    U: userName(process, node.uid),
    y: time,
    Y: String(Math.floor(node.mtime / 1000)),
    Z: String(Math.floor(node.mtime / 1000)),
    X: String(Math.floor(node.mtime / 1000)),
    '%': '%',
  };
  return format.replace(/%([a-zA-Z%])/g, (whole, letter: string) => values[letter] ?? whole);
}
