import type { NodeFiles } from '@orrery/runtimes';

/** Types of a hostPath volume (Kubernetes "hostPath volume types"). */
type FileType = 'Directory' | 'File' | 'Socket' | 'CharDevice' | 'BlockDevice';

const expected: { readonly [type in FileType]: readonly [string, string] } = {
  Directory: ['directory', 'a directory'],
  File: ['file', 'a file'],
  Socket: ['socket', 'a socket file'],
  CharDevice: ['charDevice', 'a character device'],
  BlockDevice: ['blockDevice', 'a block device'],
};

/**
 * Checks that the path is what the volume's type says, and makes it where the type says so. Without a type there is no check.
 * @throws Error `hostPath type check failed: /x is not a directory`.
 */
export function prepareHostPath(files: NodeFiles, path: string, type: string | undefined): void {
  if (type === undefined || type === '') return;
  const stat = files.stat(path);
  if (type === 'DirectoryOrCreate') {
    if (stat === undefined) files.mkdir(path, { mode: 0o755 });
    else check(path, 'Directory', stat.type);
  } else if (type === 'FileOrCreate') {
    if (stat === undefined) {
      const parent = path.slice(0, path.lastIndexOf('/')) || '/';
      if (files.stat(parent)?.type !== 'directory') throw new Error(`open ${path}: no such file or directory`);
      files.writeFile(path, '', { mode: 0o644 });
    } else check(path, 'File', stat.type);
  } else if (type in expected) check(path, type as FileType, stat?.type);
  else throw new Error(`${type} is an invalid volume type`);
}

function check(path: string, type: FileType, found: string | undefined): void {
  const [kind, text] = expected[type];
  if (found !== kind) throw new Error(`hostPath type check failed: ${path} is not ${text}`);
}
