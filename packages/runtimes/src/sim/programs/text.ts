import type { Description } from '../process/description.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { matchBasicAtStart } from '../shell/regular-expression.ts';
import { parseOptions } from './options.ts';
import { openInput, openWords } from './streams.ts';
import { complain, forEachPath } from './words.ts';

export const wc: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'lwcmL', { lines: 'l', words: 'w', bytes: 'c', chars: 'm' });
  const wanted = allColumns.filter((flag) => flags.has(flag));
  const columns: readonly Column[] = wanted.length === 0 ? ['l', 'w', 'c'] : wanted;
  const rows: { readonly values: readonly number[]; readonly name: string }[] = [];
  const status = await forEachPath(
    process,
    operands.length === 0 ? ['-'] : operands,
    async (path) => {
      const count = await counted(process, openInput(process, path));
      rows.push({ values: columns.map((column) => count[column]), name: operands.length === 0 ? '' : path });
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

const allColumns = ['l', 'w', 'm', 'c', 'L'] as const;
type Column = (typeof allColumns)[number];

/** How many characters are one step ({@link Process.step}). */
const charactersPerStep = 512;

/** Lines, words, characters, bytes, and the longest line, counted as they come. */
async function counted(process: Process, input: Description): Promise<{ readonly [column in Column]: number }> {
  const count = { l: 0, w: 0, m: 0, c: 0, L: 0 };
  const decoder = new TextDecoder();
  let [inWord, line] = [false, 0];
  for (let more = true; more; ) {
    const chunk = await input.read(process, 65_536);
    more = chunk !== undefined;
    count.c += chunk?.length ?? 0;
    const pause = process.step((chunk?.length ?? 0) / charactersPerStep);
    if (pause !== undefined) await pause;
    for (const character of decoder.decode(chunk, { stream: more })) {
      count.m++;
      const blank = /\s/.test(character);
      if (!blank && !inWord) count.w++;
      inWord = !blank;
      line += character.length;
      if (character !== '\n') continue;
      count.l++;
      count.L = Math.max(count.L, line - 1);
      line = 0;
    }
  }
  count.L = Math.max(count.L, line);
  return count;
}

/** Words of one expression. */
const deepestExpr = 500;

/** The value of an `expr` expression. @throws Error `syntax error` */
function evaluateExpr(args: readonly string[]): string {
  let at = 0;
  const levels = [['|'], ['&'], ['<', '<=', '=', '==', '!=', '>=', '>'], ['+', '-'], ['*', '/', '%'], [':']];
  const truth = (value: string) => value !== '' && value !== '0';
  const number = (text: string): number => {
    if (!/^-?\d+$/.test(text)) throw new Error('non-integer argument');
    return Number(text);
  };
  let depth = 0;
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
    const found = matchBasicAtStart(pattern, text);
    const groups = /\\\(/.test(pattern);
    if (found === undefined) return groups ? '' : '0';
    return groups ? (found[1] ?? '') : String(found[0]?.length);
  };
  const primary = (): string => {
    const word = args[at++];
    if (++depth > deepestExpr) throw new Error('syntax error');
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
