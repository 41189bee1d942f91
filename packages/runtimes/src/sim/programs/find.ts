import { errorText } from '@orrery/core';
import { FileError } from '../files/file-error.ts';
import { baseName } from '../files/path.ts';
import { sizeOf, type TreeNode } from '../files/tree.ts';
import { paced } from '../process/paced.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { matching } from '../shell/pattern.ts';
import { run } from './run.ts';
import { complain } from './words.ts';

interface Found {
  readonly path: string;
  readonly node: TreeNode;
  readonly depth: number;
}

type Test = (process: Process, found: Found) => boolean | Promise<boolean>;

/** What follows the starting points of `find`, compiled. */
class Expression {
  readonly test: Test;
  maxDepth = Number.POSITIVE_INFINITY;
  minDepth = 0;
  depthFirst = false;
  #acts = false;
  /** Paths collected for `-exec … +`. */
  readonly batches: { readonly command: readonly string[]; readonly paths: string[] }[] = [];
  readonly #args: readonly string[];
  #at = 0;

  constructor(args: readonly string[]) {
    this.#args = args;
    const test = args.length === 0 ? () => true : this.#or();
    if (this.#at < args.length) throw new Error(`unrecognized: ${args[this.#at]}`);
    this.test = this.#acts
      ? test
      : async (process, found) => (await test(process, found)) && print(process, found, '\n');
  }

  #or(): Test {
    let left = this.#and();
    while (this.#args[this.#at] === '-o' || this.#args[this.#at] === '-or') {
      this.#at++;
      const [one, other] = [left, this.#and()];
      left = async (process, found) => (await one(process, found)) || other(process, found);
    }
    return left;
  }

  #and(): Test {
    let left = this.#not();
    for (;;) {
      const next = this.#args[this.#at];
      if (next === undefined || next === '-o' || next === '-or' || next === ')') return left;
      if (next === '-a' || next === '-and') this.#at++;
      const [one, other] = [left, this.#not()];
      left = async (process, found) => (await one(process, found)) && other(process, found);
    }
  }

  #not(): Test {
    const next = this.#args[this.#at];
    if (next === '!' || next === '-not') {
      this.#at++;
      const test = this.#not();
      return async (process, found) => !(await test(process, found));
    }
    if (next === '(') {
      this.#at++;
      const test = this.#or();
      if (this.#args[this.#at++] !== ')') throw new Error('missing )');
      return test;
    }
    return this.#primary();
  }

  #value(): string {
    const value = this.#args[this.#at++];
    if (value === undefined) throw new Error(`${this.#args[this.#at - 2]} requires an argument`);
    return value;
  }

  #primary(): Test {
    const name = this.#value();
    switch (name) {
      case '-name':
      case '-iname':
      case '-path':
      case '-wholename': {
        const pattern = name === '-iname' ? this.#value().toLowerCase() : this.#value();
        return (process, { path }) => {
          const text = name.endsWith('name') && name !== '-wholename' ? baseName(path) : path;
          return paced(process, matching(pattern, name === '-iname' ? text.toLowerCase() : text));
        };
      }
      case '-type': {
        const wanted = this.#value().split(',');
        return (_process, { node }) => wanted.includes(typeLetters[node.kind] ?? '');
      }
      case '-maxdepth':
        this.maxDepth = Number(this.#value());
        return () => true;
      case '-mindepth':
        this.minDepth = Number(this.#value());
        return () => true;
      case '-depth':
        this.depthFirst = true;
        return () => true;
      case '-mtime':
        return this.#age(86_400_000);
      case '-mmin':
        return this.#age(60_000);
      case '-newer': {
        const other = this.#value();
        return (process, { node }) =>
          node.mtime > (process.files.find(process.path(other))?.mtime ?? Number.POSITIVE_INFINITY);
      }
      case '-size':
        return this.#size();
      case '-empty':
        return (process, { node, path }) =>
          node.kind === 'file'
            ? node.size === 0
            : node.kind === 'directory' && process.files.readdir(process.path(path)).length === 0;
      case '-user': {
        const user = this.#value();
        return (_process, { node }) => String(node.uid) === user || (user === 'root' && node.uid === 0);
      }
      case '-perm': {
        const mode = this.#value();
        const bits = Number.parseInt(mode.replace(/^[-/]/, ''), 8);
        return (_process, { node }) =>
          mode.startsWith('-')
            ? (node.mode & bits) === bits
            : mode.startsWith('/')
              ? (node.mode & bits) !== 0
              : node.mode === bits;
      }
      case '-print':
        this.#acts = true;
        return (process, found) => print(process, found, '\n');
      case '-print0':
        this.#acts = true;
        return (process, found) => print(process, found, '\0');
      case '-delete':
        this.#acts = true;
        this.depthFirst = true;
        return (process, { path, node }) => {
          if (node.kind === 'directory') process.files.rmdir(process.path(path));
          else process.files.unlink(process.path(path));
          return true;
        };
      case '-exec':
        this.#acts = true;
        return this.#exec();
      case '-prune':
      case '-follow':
      case '-xdev':
      case '-mount':
        return () => true;
      default:
        throw new Error(`unrecognized: ${name}`);
    }
  }

  #age(unit: number): Test {
    const text = this.#value();
    const wanted = Number(text.replace(/^[-+]/, ''));
    return (process, { node }) => {
      const age = Math.floor((process.clock.now() - node.mtime) / unit);
      return text.startsWith('+') ? age > wanted : text.startsWith('-') ? age < wanted : age === wanted;
    };
  }

  #size(): Test {
    const match = /^([-+]?)(\d+)([bckMG]?)$/.exec(this.#value());
    if (match === null) throw new Error('invalid size');
    const units: { readonly [unit: string]: number } = {
      '': 512,
      b: 512,
      c: 1,
      k: 1024,
      M: 1_048_576,
      G: 1_073_741_824,
    };
    const [, sign, count, unit = ''] = match;
    return (_process, { node }) => {
      const size = Math.ceil(sizeOf(node) / (units[unit] ?? 512));
      return sign === '+' ? size > Number(count) : sign === '-' ? size < Number(count) : size === Number(count);
    };
  }

  #exec(): Test {
    const command: string[] = [];
    for (;;) {
      const word = this.#value();
      if (word === ';')
        return async (process, { path }) =>
          (await run(
            process,
            command.map((each) => each.replaceAll('{}', path)),
          )) === 0;
      if (word === '+' && command.at(-1) === '{}') {
        const batch = { command: command.slice(0, -1), paths: [] as string[] };
        this.batches.push(batch);
        return (_process, { path }) => {
          batch.paths.push(path);
          return true;
        };
      }
      command.push(word);
    }
  }
}

const typeLetters: { readonly [kind: string]: string } = {
  file: 'f',
  directory: 'd',
  dynamic: 'd',
  symlink: 'l',
  device: 'c',
  socket: 's',
};

async function print(process: Process, { path }: Found, end: string): Promise<boolean> {
  await process.stdout.write(`${path}${end}`);
  return true;
}

export const find: Program = async (process) => {
  const first = process.args.findIndex((arg) => /^[-(!]/.test(arg) && !/^-[HLP]$/.test(arg));
  const starts = process.args.slice(0, first < 0 ? undefined : first).filter((arg) => !/^-[HLP]$/.test(arg));
  let expression: Expression;
  try {
    expression = new Expression(first < 0 ? [] : process.args.slice(first));
  } catch (error) {
    await complain(process, errorText(error));
    return 1;
  }
  let status = 0;
  const follows = process.args.includes('-L') || process.args.includes('-follow');
  const visit = async (path: string, depth: number, within: readonly TreeNode[] = []): Promise<void> => {
    const pause = process.step();
    if (pause !== undefined) await pause;
    try {
      const target = follows ? process.files.find(process.path(path)) : undefined;
      const node = target ?? process.files.lookup(process.path(path), false);
      if (within.includes(node)) return;
      const visitSelf = async () => {
        if (depth >= expression.minDepth) await expression.test(process, { path, node, depth });
      };
      if (!expression.depthFirst) await visitSelf();
      if (node.kind === 'directory' && depth < expression.maxDepth) {
        for (const name of process.files.readdir(process.path(path)))
          await visit(
            path.endsWith('/') ? path + name : `${path}/${name}`,
            depth + 1,
            follows ? [...within, node] : within,
          );
      }
      if (expression.depthFirst) await visitSelf();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await complain(
        process,
        process.realm.flavor === 'busybox' ? `${path}: ${error.reason}` : `'${path}': ${error.reason}`,
      );
      status = 1;
    }
  };
  for (const start of starts.length === 0 ? ['.'] : starts) await visit(start, 0);
  for (const { command, paths } of expression.batches) {
    if (paths.length > 0 && (await run(process, [...command, ...paths])) !== 0) status = 1;
  }
  return status;
};
