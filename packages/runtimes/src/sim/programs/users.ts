import { textOf } from '../files/tree.ts';
import type { Process } from '../process/process.ts';

function lookup(process: Process, file: string, column: number, value: string, result: number): string | undefined {
  const node = process.files.find(file);
  if (node?.kind !== 'file') return undefined;
  for (const line of textOf(process.files.readFile(file)).split('\n')) {
    const fields = line.split(':');
    if (fields[column] === value) return fields[result];
  }
  return undefined;
}

/** The name behind a user number, or the number. */
export function userName(process: Process, uid: number): string {
  return lookup(process, '/etc/passwd', 2, String(uid), 0) ?? (uid === 0 ? 'root' : String(uid));
}

/** The name behind a group number, or the number. */
export function groupName(process: Process, gid: number): string {
  return lookup(process, '/etc/group', 2, String(gid), 0) ?? (gid === 0 ? 'root' : String(gid));
}

/** Number of a user given by name or number; undefined where there is none. */
export function userId(process: Process, text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const found = lookup(process, '/etc/passwd', 0, text, 2) ?? (text === 'root' ? '0' : undefined);
  return found === undefined ? undefined : Number(found);
}

/** Number of a group given by name or number; undefined where there is none. */
export function groupId(process: Process, text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const found = lookup(process, '/etc/group', 0, text, 2) ?? (text === 'root' ? '0' : undefined);
  return found === undefined ? undefined : Number(found);
}
