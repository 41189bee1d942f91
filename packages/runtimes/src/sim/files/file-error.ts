import { errorText } from '@orrery/core';

const reasons = {
  ENOENT: 'No such file or directory',
  EEXIST: 'File exists',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  ENOTEMPTY: 'Directory not empty',
  EROFS: 'Read-only file system',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  ELOOP: 'Too many levels of symbolic links',
  EINVAL: 'Invalid argument',
  EXDEV: 'Invalid cross-device link',
  EBUSY: 'Device or resource busy',
  ENXIO: 'No such device or address',
  ENOSPC: 'No space left on device',
  EBADF: 'Bad file descriptor',
  EMFILE: 'Too many open files',
  ENAMETOOLONG: 'File name too long',
  E2BIG: 'Argument list too long',
  EFBIG: 'File too large',
  ENOMEM: 'Cannot allocate memory',
} as const;

export type FileErrorCode = keyof typeof reasons;

/** A file operation that failed, with Linux's error code and its usual words (strerror). */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly code: FileErrorCode;
  readonly path: string;

  constructor(code: FileErrorCode, path: string) {
    super(`${code}: ${reasons[code].toLowerCase()}, '${path}'`);
    this.code = code;
    this.path = path;
  }

  /** `No such file or directory` */
  get reason(): string {
    return reasons[this.code];
  }
}

/** What a program prints behind its own name when something went wrong. */
export function reasonOf(error: unknown): string {
  if (error instanceof FileError) return error.reason;
  return errorText(error);
}
