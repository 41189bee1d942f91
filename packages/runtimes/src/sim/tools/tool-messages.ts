import type { ToolRequest, ToolResult } from './tool-run.ts';

/** What the thread of a tool is told, and what it tells. Calls go to the files of the process for which it runs. */
export type ToThread =
  | { readonly type: 'run'; readonly request: ToolRequest }
  | { readonly type: 'answer'; readonly call: number; readonly value: unknown }
  | { readonly type: 'refusal'; readonly call: number; readonly message: string; readonly code: string | undefined };

export type FromThread =
  | { readonly type: 'result'; readonly result: ToolResult }
  | { readonly type: 'failure'; readonly message: string }
  | { readonly type: 'call'; readonly call: number; readonly method: FileMethod; readonly args: readonly unknown[] };

/** The file operations that tools can ask for. */
export const fileMethods = [
  'readFileBuffer',
  'writeFile',
  'appendFile',
  'exists',
  'stat',
  'lstat',
  'mkdir',
  'readdir',
  'rm',
  'cp',
  'mv',
  'chmod',
  'symlink',
  'link',
  'readlink',
  'realpath',
  'utimes',
] as const;

export type FileMethod = (typeof fileMethods)[number];
