/** Command-line options taken apart, as getopt(3) does it. */
export interface Options {
  /** Letters and long names that were given. */
  readonly flags: ReadonlySet<string>;
  /** The last value of each option that accepts one. */
  readonly values: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
  /** The first option that is unknown. */
  readonly unknown: string | undefined;
}

/**
 * Parses `-abc`, `-n5`, `-n 5`, `--long`, `--long=value`. `letters` is getopt's: a colon follows letters with a value. `long`
 * maps long names to letters (or to themselves), with a colon behind those that take a value.
 */
export function parseOptions(
  args: readonly string[],
  letters: string,
  long: { readonly [name: string]: string } = {},
): Options {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const operands: string[] = [];
  let unknown: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === '--') {
      operands.push(...args.slice(at + 1));
      break;
    }
    if (arg === '-' || !arg.startsWith('-')) {
      operands.push(arg);
      continue;
    }
    if (arg.startsWith('--')) {
      const [name = '', ...rest] = arg.slice(2).split('=');
      const target = long[name];
      if (target === undefined) unknown ??= arg;
      else if (target.endsWith(':'))
        values.set(target.slice(0, -1), rest.length > 0 ? rest.join('=') : (args[++at] ?? ''));
      else flags.add(target);
      continue;
    }
    for (let position = 1; position < arg.length; position++) {
      const letter = arg[position] as string;
      const known = letters.indexOf(letter);
      if (known < 0 || letter === ':') {
        unknown ??= `-${letter}`;
        continue;
      }
      if (letters[known + 1] !== ':') {
        flags.add(letter);
        continue;
      }
      values.set(letter, arg.slice(position + 1) || (args[++at] ?? ''));
      break;
    }
  }
  return { flags, values, operands, unknown };
}
