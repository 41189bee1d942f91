import { textOf } from '../files/tree.ts';
import type { Program } from '../process/program.ts';
import { parseOptions } from './options.ts';
import { openInput, openWords, readAll } from './streams.ts';
import { complain, forEachPath } from './words.ts';

export const wc: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'lwcmL', { lines: 'l', words: 'w', bytes: 'c', chars: 'm' });
  const wanted = ['l', 'w', 'm', 'c', 'L'].filter((flag) => flags.has(flag));
  const columns = wanted.length === 0 ? ['l', 'w', 'c'] : wanted;
  const rows: { readonly values: readonly number[]; readonly name: string }[] = [];
  const status = await forEachPath(
    process,
    operands.length === 0 ? ['-'] : operands,
    async (path) => {
      const bytes = await readAll(process, openInput(process, path));
      const text = textOf(bytes);
      const count: { readonly [column: string]: number } = {
        l: text.split('\n').length - 1,
        w: text.split(/\s+/).filter((word) => word !== '').length,
        m: [...text].length,
        c: bytes.length,
        L: Math.max(...text.split('\n').map((line) => line.length)),
      };
      rows.push({ values: columns.map((column) => count[column] ?? 0), name: operands.length === 0 ? '' : path });
    },
    openWords(process),
  );
  if (rows.length > 1) {
    rows.push({
      values: columns.map((_, at) => rows.reduce((sum, row) => sum + (row.values[at] ?? 0), 0)),
      name: 'total',
    });
  }
  const busybox = process.realm.flavor === 'busybox';
  const digits = Math.max(...rows.flatMap((row) => row.values.map((value) => String(value).length)));
  const width =
    columns.length === 1 && rows.length === 1 ? 0 : busybox || operands.length === 0 ? (busybox ? 9 : 7) : digits;
  for (const { values, name } of rows) {
    await process.stdout.write(
      `${values.map((value) => String(value).padStart(width)).join(busybox ? '' : ' ')}${name === '' ? '' : ` ${name}`}\n`,
    );
  }
  return status;
};

/** The value of an `expr` expression. @throws Error `syntax error` */
function evaluateExpr(args: readonly string[]): string {
  let at = 0;
  const levels = [['|'], ['&'], ['<', '<=', '=', '==', '!=', '>=', '>'], ['+', '-'], ['*', '/', '%'], [':']];
  const truth = (value: string) => value !== '' && value !== '0';
  const number = (text: string): number => {
    if (!/^-?\d+$/.test(text)) throw new Error('non-integer argument');
    return Number(text);
  };
  const binary = (level: number): string => {
    const operators = levels[level];
    if (operators === undefined) return primary();
    let left = binary(level + 1);
    while (operators.includes(args[at] ?? '')) {
      const operator = args[at++] as string;
      left = apply(operator, left, binary(level + 1));
    }
    return left;
  };
  const apply = (operator: string, left: string, right: string): string => {
    const flag = (value: boolean) => (value ? '1' : '0');
    switch (operator) {
      case '|':
        return truth(left) ? left : truth(right) ? right : '0';
      case '&':
        return truth(left) && truth(right) ? left : '0';
      case '+':
        return String(number(left) + number(right));
      case '-':
        return String(number(left) - number(right));
      case '*':
        return String(number(left) * number(right));
      case '/':
      case '%':
        if (number(right) === 0) throw new Error('division by zero');
        return String(operator === '/' ? Math.trunc(number(left) / number(right)) : number(left) % number(right));
      case ':':
        return match(left, right);
      default: {
        const numeric = /^-?\d+$/.test(left) && /^-?\d+$/.test(right);
        const order = numeric ? Number(left) - Number(right) : left < right ? -1 : left > right ? 1 : 0;
        if (operator === '=' || operator === '==') return flag(order === 0);
        if (operator === '!=') return flag(order !== 0);
        return flag(
          operator === '<' ? order < 0 : operator === '<=' ? order <= 0 : operator === '>' ? order > 0 : order >= 0,
        );
      }
    }
  };
  const match = (text: string, pattern: string): string => {
    const source = pattern.replace(
      /\\([(){}|+?])|([(){}|+?])/g,
      (_whole, escaped: string | undefined, plain: string) => escaped ?? `\\${plain}`,
    );
    const found = new RegExp(`^(?:${source})`).exec(text);
    const groups = /\\\(/.test(pattern);
    if (found === null) return groups ? '' : '0';
    return groups ? (found[1] ?? '') : String(found[0].length);
  };
  const primary = (): string => {
    const word = args[at++];
    if (word === undefined) throw new Error('syntax error');
    if (word === '(') {
      const value = binary(0);
      if (args[at++] !== ')') throw new Error('syntax error');
      return value;
    }
    if (word === 'length' && at < args.length) return String(primary().length);
    if (word === 'match' && at + 1 < args.length) return match(primary(), primary());
    if (word === 'substr' && at + 2 < args.length) {
      const text = primary();
      const start = number(primary());
      return text.substr(start - 1, number(primary()));
    }
    if (word === 'index' && at + 1 < args.length) {
      const text = primary();
      const characters = primary();
      return String([...text].findIndex((character) => characters.includes(character)) + 1);
    }
    return word;
  };
  const value = binary(0);
  if (at < args.length) throw new Error('syntax error');
  return value;
}

export const expr: Program = async (process) => {
  try {
    const value = evaluateExpr(process.args);
    await process.stdout.write(`${value}\n`);
    return value === '' || value === '0' ? 1 : 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    await complain(process, error.message);
    return 2;
  }
};
