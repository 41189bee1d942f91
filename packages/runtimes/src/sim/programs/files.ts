import { FileError } from '../files/file-error.ts';
import { baseName, parentPath, withoutTrailingSlashes } from '../files/path.ts';
import { copyContent, type TreeNode, truncate, usageOf } from '../files/tree.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { humanSize } from './listing.ts';
import { parseOptions } from './options.ts';
import { parseSize } from './streams.ts';
import { groupId, userId } from './users.ts';
import { cannot, complain, forEachPath, missingOperand } from './words.ts';

/** A mode as `chmod` accepts it: octal, or `u+x,go-w`. Undefined if it is neither. */
function parseMode(text: string, current: number, directory: boolean): number | undefined {
  if (/^[0-7]{1,4}$/.test(text)) return Number.parseInt(text, 8);
  let mode = current;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause);
    if (match === null) return undefined;
    const [, who = '', operator, letters = ''] = match;
    const everybody = who === '' || who.includes('a');
    let bits = 0;
    let scope = 0;
    for (const [user, shift] of [
      ['u', 6],
      ['g', 3],
      ['o', 0],
    ] as const) {
      if (!everybody && !who.includes(user)) continue;
      scope |= 7 << shift;
      if (letters.includes('r')) bits |= 4 << shift;
      if (letters.includes('w')) bits |= 2 << shift;
      if (letters.includes('x') || (letters.includes('X') && (directory || current & 0o111))) bits |= 1 << shift;
    }
    if (letters.includes('s')) bits |= (everybody || who.includes('u') ? 0o4000 : 0) | (who.includes('g') ? 0o2000 : 0);
    if (letters.includes('t')) bits |= 0o1000;
    mode = operator === '+' ? mode | bits : operator === '-' ? mode & ~bits : (mode & ~scope) | bits;
  }
  return mode;
}

export const mkdir: Program = async (process) => {
  const { flags, values, operands } = parseOptions(process.args, 'pvm:', { parents: 'p', mode: 'm:' });
  if (operands.length === 0) return missingOperand(process);
  const given = values.get('m');
  const mode = given === undefined ? 0o777 & ~process.umask : (parseMode(given, 0o777, true) ?? 0o777);
  return forEachPath(
    process,
    operands,
    (path) => {
      const absolute = withoutTrailingSlashes(process.path(path));
      if (flags.has('p')) process.files.mkdir(absolute, { mode });
      else process.files.makeDirectory(absolute, { mode });
    },
    (path, error) => cannot(process, 'create directory', path, error),
  );
};

export const rmdir: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'pv', { 'ignore-fail-on-non-empty': 'i' });
  return forEachPath(
    process,
    operands,
    (path) => {
      process.files.rmdir(process.path(path));
      if (flags.has('p'))
        for (let up = parentPath(path); up !== '.' && up !== '/'; up = parentPath(up))
          process.files.rmdir(process.path(up));
    },
    (path, error) =>
      process.realm.flavor === 'busybox' ? `'${path}': ${error.reason}` : `failed to remove '${path}': ${error.reason}`,
  );
};

export const rm: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'rRfivd', { recursive: 'r', force: 'f' });
  const recursive = flags.has('r') || flags.has('R');
  if (operands.length === 0 && !flags.has('f')) return missingOperand(process);
  return forEachPath(
    process,
    operands,
    async (path) => {
      const absolute = process.path(path);
      const node = process.files.find(absolute, false);
      if (node === undefined) {
        if (flags.has('f')) return;
        throw new FileError('ENOENT', path);
      }
      if (node.kind === 'directory' && !recursive) throw new FileError('EISDIR', path);
      if (node.kind === 'directory') await removeTree(process, absolute);
      else process.files.unlink(absolute);
    },
    (path, error) =>
      process.realm.flavor === 'busybox' && error.code === 'EISDIR'
        ? `'${path}' is a directory`
        : cannot(process, 'remove', path, error),
  );
};

/** Entry by entry, so that what is mounted below stays, as on a real system. */
async function removeTree(process: Process, path: string): Promise<void> {
  const { files } = process;
  await process.step();
  for (const name of files.readdir(path)) {
    const child = `${path === '/' ? '' : path}/${name}`;
    if (files.find(child, false)?.kind === 'directory') await removeTree(process, child);
    else {
      const pause = process.step();
      if (pause !== undefined) await pause;
      files.unlink(child);
    }
  }
  files.rmdir(path);
}

/** Copies one node with all below it. @throws FileError */
async function copyTree(process: Process, from: string, to: string, keep: boolean, follow: boolean): Promise<void> {
  const { files } = process;
  const pause = process.step();
  if (pause !== undefined) await pause;
  const node = files.lookup(from, follow);
  if (node.kind === 'directory' || node.kind === 'dynamic') {
    if (!files.isDirectory(to)) files.makeDirectory(to, { mode: node.mode });
    for (const name of files.readdir(from)) await copyTree(process, `${from}/${name}`, `${to}/${name}`, keep, false);
  } else if (node.kind === 'symlink') {
    if (files.find(to, false) !== undefined) files.unlink(to);
    files.symlink(node.target, to);
    return;
  } else copyFile(process, node, from, to);
  const copy = files.find(to);
  if (!keep || copy === undefined) return;
  copy.mtime = node.mtime;
  copy.mode = node.mode;
  if (files.credentials.uid === 0) {
    copy.uid = node.uid;
    copy.gid = node.gid;
  }
}

function copyFile(process: Process, node: TreeNode, from: string, to: string): void {
  const { files } = process;
  if (node.kind !== 'file') throw new FileError('EINVAL', from);
  if (!files.allows(node, 4)) throw new FileError('EACCES', from);
  const existed = files.find(to) !== undefined;
  const file = files.openForWriting(to, true, node.mode & ~process.umask);
  if (file === node) return;
  const { program } = node;
  copyContent(node, file);
  // A copied program still runs.
  if (program !== undefined) file.program = program;
  if (!existed) file.mode = node.mode & ~process.umask;
}

/** Where `cp` and `mv` put things: into a directory, or at the path itself. */
function destinations(
  process: Process,
  operands: readonly string[],
  target: string | undefined,
): readonly (readonly [string, string])[] | string {
  const sources = target === undefined ? operands.slice(0, -1) : operands;
  const last = target ?? operands.at(-1) ?? '';
  const into = process.files.isDirectory(process.path(last));
  if (!into && sources.length > 1) return last;
  return sources.map((source) => [source, into ? `${withoutTrailingSlashes(last)}/${baseName(source)}` : last]);
}

export const cp: Program = async (process) => {
  const { flags, values, operands } = parseOptions(process.args, 'rRafpdLPinuvTHxst:', {
    recursive: 'r',
    archive: 'a',
    force: 'f',
    verbose: 'v',
    'no-clobber': 'n',
    'target-directory': 't:',
  });
  if (operands.length + values.size < 2) return missingOperand(process);
  const pairs = flags.has('T')
    ? [[operands[0], operands[1]] as [string, string]]
    : destinations(process, operands, values.get('t'));
  if (typeof pairs === 'string') {
    await complain(
      process,
      process.realm.flavor === 'busybox'
        ? `target '${pairs}' is not a directory`
        : `target '${pairs}': Not a directory`,
    );
    return 1;
  }
  const recursive = flags.has('r') || flags.has('R') || flags.has('a');
  let status = 0;
  for (const [source, target] of pairs) {
    const from = process.path(source);
    const to = process.path(target);
    try {
      const follow =
        !(flags.has('a') || flags.has('d') || flags.has('P')) && !(recursive && !flags.has('L') && !flags.has('H'));
      const node = process.files.lookup(from, follow || source.endsWith('/'));
      if (node.kind === 'directory' && !recursive) {
        await complain(
          process,
          process.realm.flavor === 'busybox'
            ? `omitting directory '${source}'`
            : `-r not specified; omitting directory '${source}'`,
        );
        status = 1;
        continue;
      }
      if (flags.has('n') && process.files.exists(to)) continue;
      if (node.kind === 'directory' && `${process.path(target)}/`.startsWith(`${from}/`))
        throw new FileError('EINVAL', target);
      await copyTree(process, from, to, flags.has('a') || flags.has('p'), follow || source.endsWith('/'));
      if (flags.has('v')) await process.stdout.write(`'${source}' -> '${target}'\n`);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const missing = !process.files.exists(from);
      await complain(
        process,
        missing
          ? cannot(process, 'stat', source, error)
          : cannot(process, process.realm.flavor === 'busybox' ? 'create' : 'create regular file', target, error),
      );
      status = 1;
    }
  }
  return status;
};

export const mv: Program = async (process) => {
  const { flags, values, operands } = parseOptions(process.args, 'fintTuv', { force: 'f' });
  if (operands.length < 2) return missingOperand(process);
  const pairs = flags.has('T')
    ? [[operands[0], operands[1]] as [string, string]]
    : destinations(process, operands, values.get('t'));
  if (typeof pairs === 'string') {
    await complain(process, `target '${pairs}' is not a directory`);
    return 1;
  }
  const targets = new Map([...pairs].reverse());
  return forEachPath(
    process,
    pairs.map(([source]) => source),
    async (source) => {
      const target = targets.get(source) ?? '';
      if (flags.has('n') && process.files.exists(process.path(target))) return;
      await move(process, process.path(source), process.path(target));
    },
    (path, error) =>
      process.realm.flavor === 'busybox'
        ? `can't rename '${path}': ${error.reason}`
        : process.files.exists(process.path(path))
          ? `cannot move '${path}': ${error.reason}`
          : `cannot stat '${path}': ${error.reason}`,
  );
};

async function move(process: Process, from: string, to: string): Promise<void> {
  try {
    process.files.rename(from, to);
  } catch (error) {
    // Between two file systems a move is a copy and a removal.
    if (!(error instanceof FileError) || error.code !== 'EXDEV') throw error;
    if (process.files.find(to, false) !== undefined && !process.files.isDirectory(to)) process.files.unlink(to);
    await copyTree(process, from, to, true, false);
    process.files.remove(from);
  }
}

export const ln: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'sfnTvr', { symbolic: 's', force: 'f' });
  if (operands.length === 0) return missingOperand(process);
  const sources = operands.length === 1 ? operands : operands.slice(0, -1);
  const last = operands.length === 1 ? '.' : (operands.at(-1) as string);
  const node = process.files.find(process.path(last), !flags.has('n'));
  const into = node?.kind === 'directory' && !flags.has('T');
  return forEachPath(
    process,
    sources,
    (source) => {
      const target = process.path(into ? `${last}/${baseName(source)}` : last);
      if (flags.has('f') && process.files.find(target, false) !== undefined) process.files.unlink(target);
      if (flags.has('s')) process.files.symlink(source, target);
      else process.files.link(process.path(source), target);
    },
    (_path, error) => `${last}: ${error.reason}`,
  );
};

export const touch: Program = async (process) => {
  const { flags, values, operands } = parseOptions(process.args, 'amcd:t:r:', {
    'no-create': 'c',
    date: 'd:',
    reference: 'r:',
  });
  if (operands.length === 0) return missingOperand(process);
  const reference = values.get('r');
  const given = values.get('d');
  const from = reference === undefined ? undefined : process.files.find(process.path(reference))?.mtime;
  const parsed =
    given === undefined ? undefined : given.startsWith('@') ? Number(given.slice(1)) * 1000 : new Date(given).getTime();
  const time = from ?? parsed ?? process.clock.now();
  return forEachPath(
    process,
    operands,
    (path) => {
      const absolute = process.path(path);
      if (!process.files.exists(absolute)) {
        if (flags.has('c')) return;
        process.files.openForWriting(absolute, true, 0o666 & ~process.umask);
      }
      process.files.setModified(absolute, time);
    },
    (path, error) =>
      process.realm.flavor === 'busybox' ? `${path}: ${error.reason}` : `cannot touch '${path}': ${error.reason}`,
  );
};

async function walk(
  process: Process,
  path: string,
  recursive: boolean,
  change: (path: string, node: TreeNode) => void,
): Promise<void> {
  const pause = process.step();
  if (pause !== undefined) await pause;
  const node = process.files.lookup(process.path(path), !recursive);
  change(path, node);
  if (!recursive || node.kind !== 'directory') return;
  for (const name of process.files.readdir(process.path(path))) await walk(process, `${path}/${name}`, true, change);
}

export const chmod: Program = async (process) => {
  // `-x` is a mode, not an option.
  const args = process.args.map((arg) => (/^-[rwxXst]+$/.test(arg) ? `a${arg}` : arg));
  const { flags, operands } = parseOptions(args, 'Rvcf', { recursive: 'R' });
  const [mode, ...paths] = operands;
  if (mode === undefined || paths.length === 0) return missingOperand(process);
  if (parseMode(mode, 0, false) === undefined) {
    await complain(process, `invalid mode '${mode}'`);
    return 1;
  }
  return forEachPath(
    process,
    paths,
    (path) =>
      walk(process, path, flags.has('R'), (each, node) => {
        if (node.kind !== 'symlink')
          process.files.chmod(process.path(each), parseMode(mode, node.mode, node.kind === 'directory') ?? node.mode);
      }),
    (path, error) =>
      process.realm.flavor === 'busybox'
        ? `${path}: ${error.reason}`
        : `changing permissions of '${path}': ${error.reason}`,
  );
};

export const chown: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'RhvcfLHP', { recursive: 'R' });
  const [owner = '', ...paths] = operands;
  if (paths.length === 0) return missingOperand(process);
  const onlyGroup = process.argv[0]?.endsWith('chgrp') ?? false;
  const [userText = '', groupText = ''] = onlyGroup ? ['', owner] : owner.split(/[:.]/);
  const uid = userText === '' ? undefined : userId(process, userText);
  const gid = groupText === '' ? undefined : groupId(process, groupText);
  if ((userText !== '' && uid === undefined) || (groupText !== '' && gid === undefined)) {
    await complain(
      process,
      uid === undefined && userText !== '' ? `unknown user ${userText}` : `unknown group ${groupText}`,
    );
    return 1;
  }
  return forEachPath(
    process,
    paths,
    (path) =>
      walk(process, path, flags.has('R'), (each, node) => {
        if (node.kind !== 'symlink') process.files.chown(process.path(each), uid ?? node.uid, gid ?? node.gid);
      }),
    (path, error) => `${path}: ${error.reason}`,
  );
};

export const readlink: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'femnqsv');
  let status = 0;
  for (const path of operands) {
    try {
      const absolute = process.path(path);
      const canonical = flags.has('f') || flags.has('e') || flags.has('m');
      const text = canonical ? process.files.locate(absolute).path : process.files.readlink(absolute);
      await process.stdout.write(flags.has('n') ? text : `${text}\n`);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      status = 1;
    }
  }
  return status;
};

export const realpath: Program = (process) =>
  forEachPath(
    process,
    parseOptions(process.args, 'emqsz').operands,
    async (path) => process.stdout.write(`${process.files.realpath(process.path(path))}\n`),
    (path, error) => `${path}: ${error.reason}`,
  );

export const mktemp: Program = async (process) => {
  const { flags, values, operands } = parseOptions(process.args, 'dtuqp:', { directory: 'd', tmpdir: 'p:' });
  const template = operands[0] ?? 'tmp.XXXXXX';
  let wild = 0;
  while (template[template.length - 1 - wild] === 'X') wild++;
  const suffix = process.random.nameSuffix(Math.min(255, wild) || 6);
  const name = template.slice(0, template.length - wild) + (wild > 0 ? suffix : '');
  const path = template.includes('/')
    ? name
    : operands[0] !== undefined && !flags.has('t') && !values.has('p')
      ? name
      : `${values.get('p') ?? process.environment.get('TMPDIR') ?? '/tmp'}/${name}`;
  try {
    if (flags.has('d')) process.files.makeDirectory(process.path(path), { mode: 0o700 });
    else process.files.openForWriting(process.path(path), true, 0o600);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await complain(process, `${path}: ${error.reason}`);
    return 1;
  }
  await process.stdout.write(`${path}\n`);
  return 0;
};

export const du: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'ahksmcxLd:b', { 'max-depth': 'd:' });
  return forEachPath(
    process,
    operands.length === 0 ? ['.'] : operands,
    async (path) => {
      const size = (bytes: number) =>
        flags.has('h')
          ? humanSize(bytes)
          : flags.has('b')
            ? String(bytes)
            : flags.has('m')
              ? String(Math.ceil(bytes / 1_048_576))
              : String(Math.ceil(bytes / 1024));
      const visit = async (each: string): Promise<void> => {
        const pause = process.step();
        if (pause !== undefined) await pause;
        const node = process.files.lookup(process.path(each), false);
        if (node.kind === 'directory' && !flags.has('s')) {
          for (const name of process.files.readdir(process.path(each))) {
            const child = `${each}/${name}`;
            if (process.files.lookup(process.path(child), false).kind === 'directory') await visit(child);
          }
        }
        await process.stdout.write(`${size(usageOf(node) + (node.kind === 'directory' ? 4096 : 0))}\t${each}\n`);
      };
      await visit(path);
    },
    (path, error) => `${path}: ${error.reason}`,
  );
};

export const truncateProgram: Program = async (process) => {
  const { values, operands } = parseOptions(process.args, 's:cl:', { size: 's:', length: 'l:' });
  const size = parseSize(values.get('s') ?? values.get('l') ?? '0');
  return forEachPath(
    process,
    operands,
    (path) => {
      const file = process.files.openForWriting(process.path(path), true, 0o666 & ~process.umask);
      truncate(file, size);
    },
    (path, error) => `${path}: ${error.reason}`,
  );
};
