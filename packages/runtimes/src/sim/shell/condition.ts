import { FileError } from '../files/file-error.ts';
import { sizeOf, type TreeNode } from '../files/tree.ts';
import type { Process } from '../process/process.ts';

/** A test that makes no sense: `[` prints it and ends with 2. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
}

/** A unary test: `-e path`, `-n text` … */
export function testUnary(process: Process, operator: string, operand: string): boolean {
  if (operator === '-n') return operand !== '';
  if (operator === '-z') return operand === '';
  if (operator === '-t') return process.descriptors[Number(operand)]?.terminal !== undefined;
  const node = find(process, operand, operator !== '-h' && operator !== '-L');
  if (node === undefined) return false;
  switch (operator) {
    case '-e':
    case '-a':
      return true;
    case '-f':
      return node.kind === 'file';
    case '-d':
      return node.kind === 'directory' || node.kind === 'dynamic';
    case '-h':
    case '-L':
      return node.kind === 'symlink';
    case '-s':
      return sizeOf(node) > 0;
    case '-r':
      return process.files.allows(node, 4);
    case '-w':
      return process.files.allows(node, 2) && !process.files.locate(process.path(operand)).mount.readonly;
    case '-x':
      return node.kind === 'file' ? process.files.allows(node, 1) : process.files.allows(node, 1);
    case '-S':
      return node.kind === 'socket';
    case '-c':
      return node.kind === 'device';
    case '-b':
    case '-p':
      return false;
    case '-g':
      return (node.mode & 0o2000) !== 0;
    case '-u':
      return (node.mode & 0o4000) !== 0;
    case '-k':
      return (node.mode & 0o1000) !== 0;
    case '-O':
      return node.uid === process.files.credentials.uid;
    case '-G':
      return node.gid === process.files.credentials.gid;
    default:
      throw new ConditionError(`${operator}: unknown operand`);
  }
}

const unary = /^-[aefdhLsrwxScbpgukOGnzt]$/;
const binary = /^(=|==|!=|<|>|-eq|-ne|-lt|-le|-gt|-ge|-nt|-ot|-ef)$/;

function find(process: Process, path: string, follow: boolean): TreeNode | undefined {
  if (path === '') return undefined;
  try {
    return process.files.find(process.path(path), follow);
  } catch (error) {
    // What may not be looked at does not exist for a test.
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

/** A binary test on texts, numbers and files, without patterns. */
export function testBinary(process: Process, left: string, operator: string, right: string): boolean {
  switch (operator) {
    case '=':
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '-nt':
    case '-ot':
    case '-ef': {
      const one = find(process, left, true);
      const other = find(process, right, true);
      if (operator === '-ef') return one !== undefined && one === other;
      const newer = (one?.mtime ?? -1) - (other?.mtime ?? -1);
      return operator === '-nt' ? newer > 0 : newer < 0;
    }
    default:
      return compare(operator, number(left), number(right));
  }
}

function number(text: string): number {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new ConditionError(`${text}: bad number`);
  return Number(text);
}

export function compare(operator: string, left: number, right: number): boolean {
  switch (operator) {
    case '-eq':
      return left === right;
    case '-ne':
      return left !== right;
    case '-lt':
      return left < right;
    case '-le':
      return left <= right;
    case '-gt':
      return left > right;
    case '-ge':
      return left >= right;
    default:
      throw new ConditionError(`${operator}: unknown operand`);
  }
}

/** `test` and `[`: arguments without the closing bracket. @throws ConditionError */
export function testArguments(process: Process, args: readonly string[]): boolean {
  let at = 0;
  const or = (): boolean => {
    let value = and();
    while (args[at] === '-o') {
      at++;
      value = and() || value;
    }
    return value;
  };
  const and = (): boolean => {
    let value = not();
    while (args[at] === '-a') {
      at++;
      value = not() && value;
    }
    return value;
  };
  const not = (): boolean => {
    if (args[at] === '!' && at + 1 < args.length) {
      at++;
      return !not();
    }
    return primary();
  };
  const primary = (): boolean => {
    const first = args[at];
    if (first === undefined) throw new ConditionError('argument expected');
    const operator = args[at + 1];
    if (operator !== undefined && binary.test(operator) && at + 2 < args.length) {
      at += 3;
      return testBinary(process, first, operator, args[at - 1] as string);
    }
    if (first === '(' && args.length > at + 1) {
      at++;
      const value = or();
      if (args[at] !== ')') throw new ConditionError('closing paren expected');
      at++;
      return value;
    }
    if (unary.test(first) && operator !== undefined) {
      at += 2;
      return testUnary(process, first, operator);
    }
    at++;
    return first !== '';
  };
  if (args.length === 0) return false;
  if (args.length === 1) return args[0] !== '';
  const value = or();
  if (at < args.length) throw new ConditionError(`${args[at]}: unknown operand`);
  return value;
}
