import { type DirectoryNode, type Layer, newDirectory, newFile, newSymlink, type TreeNode } from '../files/tree.ts';
import type { Program } from '../process/program.ts';
import type { Flavor } from '../process/realm.ts';
import { digestOf } from './digest.ts';

/** A file of an image: its content, or more of it. */
export type ImageFile =
  | string
  | Uint8Array
  | {
      readonly content?: string | Uint8Array;
      /** Permission bits; default 0644, 0755 for directories and programs. */
      readonly mode?: number;
      readonly uid?: number;
      readonly gid?: number;
    }
  | { readonly link: string }
  | { readonly directory: true; readonly mode?: number; readonly uid?: number; readonly gid?: number };

/** What an image is made of. */
export interface ImageDefinition {
  /**
   * Names that it is found by, whatever the registry: `nginx`, `curlimages/curl`. With a registry (`quay.io/team/app`) only
   * there; with a tag (`app:v2`) only that one.
   */
  readonly name: string | readonly string[];
  /** Which tags exist. Default: all. */
  readonly tags?: (tag: string) => boolean;
  /** The image that this one is built from. */
  readonly base?: Image;
  /** Default: the base's. */
  readonly entrypoint?: readonly string[];
  /** Default: the base's, unless an entrypoint is given. */
  readonly command?: readonly string[];
  /** Added to the base's. */
  readonly env?: { readonly [name: string]: string };
  readonly workingDir?: string;
  /** Name or number, perhaps with a group: `nginx`, `101:101`. */
  readonly user?: string;
  /** By absolute path, added to the base's. */
  readonly files?: { readonly [path: string]: ImageFile };
  /** What runs, by absolute path; a plain name goes to /usr/local/bin. */
  readonly programs?: { readonly [path: string]: Program };
  /** Default: as large as its files, at least 1 MB. */
  readonly sizeBytes?: number;
  /** Default SIGTERM. */
  readonly stopSignal?: string;
  readonly ports?: readonly number[];
  /** Whose tools it has: BusyBox's or GNU's. Default: the base's, or GNU's. */
  readonly flavor?: Flavor;
  /** Pulling needs these credentials. */
  readonly private?: { readonly username: string; readonly password: string };
}

/** An image of the simulated runtime: a value, shared by all nodes and clusters. */
export interface Image {
  readonly definition: ImageDefinition;
  readonly names: readonly string[];
  /** `sha256:…` */
  readonly digest: string;
  /** Shared by all containers: never changed. */
  readonly root: DirectoryNode;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly workingDir: string;
  readonly user: string;
  readonly stopSignal: string;
  readonly sizeBytes: number;
  readonly flavor: Flavor;
}

/** Images were made some day before any cluster started. */
const built = Date.UTC(2025, 5, 1, 12);
const imageLayer: Layer = { now: () => built, changes: { count: 0 } };

/** Makes an image of programs written in TypeScript and files. */
export function defineImage(definition: ImageDefinition): Image {
  const names = typeof definition.name === 'string' ? [definition.name] : definition.name;
  const { base } = definition;
  const { entrypoint } = definition;
  let root: DirectoryNode | undefined;
  return {
    definition,
    names,
    digest: `sha256:${digestOf(names[0] ?? '')}`,
    get root() {
      root ??= build(definition);
      return root;
    },
    entrypoint: entrypoint ?? base?.entrypoint ?? [],
    command: definition.command ?? (entrypoint === undefined ? (base?.command ?? []) : []),
    env: { ...base?.env, ...definition.env },
    workingDir: definition.workingDir ?? base?.workingDir ?? '/',
    user: definition.user ?? base?.user ?? '',
    stopSignal: definition.stopSignal ?? base?.stopSignal ?? 'SIGTERM',
    sizeBytes: definition.sizeBytes ?? base?.sizeBytes ?? 1_000_000,
    flavor: definition.flavor ?? base?.flavor ?? 'gnu',
  };
}

function build(definition: ImageDefinition): DirectoryNode {
  const root = newDirectory(imageLayer);
  if (definition.base !== undefined) copyEntries(definition.base.root, root);
  for (const [path, file] of Object.entries(definition.files ?? {})) put(root, path, nodeOf(file));
  for (const [path, program] of Object.entries(definition.programs ?? {})) {
    // Something that looks like an ELF file to those who read it.
    const node = newFile(imageLayer, '\x7fELF', 0o755);
    node.program = program;
    put(root, path.startsWith('/') ? path : `/usr/local/bin/${path}`, node);
  }
  return root;
}

/** Directories are copied, what is in them is shared. */
function copyEntries(from: DirectoryNode, to: DirectoryNode): void {
  for (const [name, node] of from.entries) {
    if (node.kind !== 'directory') {
      to.entries.set(name, node);
      continue;
    }
    const copy = { ...node, entries: new Map<string, TreeNode>() };
    to.entries.set(name, copy);
    copyEntries(node, copy);
  }
}

function nodeOf(file: ImageFile): TreeNode {
  if (typeof file === 'string' || file instanceof Uint8Array) return newFile(imageLayer, file);
  if ('link' in file) return newSymlink(imageLayer, file.link);
  if ('directory' in file) return newDirectory(imageLayer, file.mode ?? 0o755, file.uid ?? 0, file.gid ?? 0);
  return newFile(imageLayer, file.content, file.mode ?? 0o644, file.uid ?? 0, file.gid ?? 0);
}

function put(root: DirectoryNode, path: string, node: TreeNode): void {
  const parts = path.split('/').filter((part) => part !== '');
  const name = parts.pop();
  if (name === undefined) return;
  let directory = root;
  for (const part of parts) {
    let next = directory.entries.get(part);
    if (next?.kind === 'symlink') next = directory.entries.get(next.target.replace(/^\//, ''));
    if (next?.kind !== 'directory') {
      next = newDirectory(imageLayer);
      directory.entries.set(part, next);
    }
    directory = next;
  }
  const existing = directory.entries.get(name);
  if (node.kind === 'directory' && existing?.kind === 'directory') {
    existing.mode = node.mode;
    existing.uid = node.uid;
    existing.gid = node.gid;
  } else directory.entries.set(name, node);
}

declare module '@orrery/core' {
  interface Plugin {
    /** Images that simulated machines can pull, beside the catalogue. */
    readonly images?: readonly Image[];
  }
}
