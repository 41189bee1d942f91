const classes: { readonly [name: string]: string } = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  print: ' -~',
  cntrl: '\\x00-\\x1f\\x7f',
};

/** Finds the ends of bracket expressions in one pattern, each in the time of its own length. */
export class Brackets {
  readonly #pattern: string;
  readonly #last: number;
  readonly #lastClass: number;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#last = pattern.lastIndexOf(']');
    this.#lastClass = pattern.lastIndexOf(':]');
  }

  /** Where the bracket expression that starts at `start` ends; -1 where it does not. */
  end(start: number): number {
    const pattern = this.#pattern;
    let at = start + 1;
    if (pattern[at] === '!' || pattern[at] === '^') at++;
    if (pattern[at] === ']') at++;
    for (; at <= this.#last; at++) {
      if (pattern[at] === '\\') at++;
      else if (at < this.#lastClass && pattern.startsWith('[:', at)) at = Math.max(at, pattern.indexOf(':]', at) + 1);
      else if (pattern[at] === ']') return at;
    }
    return -1;
  }
}

/** Whether one character is in a bracket expression, given what is between its brackets. */
export function bracketTest(inside: string): (character: string) => boolean {
  const negated = inside.startsWith('!') || inside.startsWith('^');
  const body = (negated ? inside.slice(1) : inside).replace(
    /\[:(\w+):\]|\\([\s\S])|[\]\\^[]/g,
    (whole, name: string | undefined, escaped: string | undefined) => {
      if (name !== undefined) return classes[name] ?? '';
      if (escaped !== undefined) return escaped.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
      return `\\${whole}`;
    },
  );
  const expression = compile(`^[${negated ? '^' : ''}${body}]$`);
  return expression === undefined ? () => false : (character) => expression.test(character);
}

/** Undefined for an impossible range such as [z-a], which matches nothing. */
function compile(source: string): RegExp | undefined {
  try {
    return new RegExp(source);
  } catch {
    return undefined;
  }
}
