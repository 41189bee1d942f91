const cache = new Map<string, RegExp>();

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

/** Marks text as literal inside a pattern. */
export function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]!()|+@.^${}-]/g, '\\$&');
}

/** True when the pattern has an unescaped `*`, `?` or `[`. */
export function hasWildcard(pattern: string): boolean {
  return /(^|[^\\])(\\\\)*[*?[]/.test(pattern);
}

/** The text behind a pattern in which everything is literal. */
export function unescapePattern(pattern: string): string {
  return pattern.replace(/\\([\s\S])/g, '$1');
}

/** A shell pattern (fnmatch(3)) as the source of a regular expression. */
export function patternSource(pattern: string, star = '[\\s\\S]*'): string {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string;
    if (character === '\\') source += escapeRegExp(pattern[++at] ?? '\\');
    else if (character === '*') source += star;
    else if (character === '?') source += '[\\s\\S]';
    else if (character === '[') {
      const end = bracketEnd(pattern, at);
      if (end < 0) source += '\\[';
      else {
        source += bracketSource(pattern.slice(at + 1, end));
        at = end;
      }
    } else source += escapeRegExp(character);
  }
  return source;
}

function bracketEnd(pattern: string, start: number): number {
  let at = start + 1;
  if (pattern[at] === '!' || pattern[at] === '^') at++;
  if (pattern[at] === ']') at++;
  for (; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern.startsWith('[:', at)) at = Math.max(at, pattern.indexOf(':]', at) + 1);
    else if (pattern[at] === ']') return at;
  }
  return -1;
}

function bracketSource(inside: string): string {
  const negated = inside.startsWith('!') || inside.startsWith('^');
  const body = (negated ? inside.slice(1) : inside).replace(
    /\[:(\w+):\]|\\([\s\S])|[\]\\^[]/g,
    (whole, name: string | undefined, escaped: string | undefined) => {
      if (name !== undefined) return classes[name] ?? '';
      if (escaped !== undefined) return escaped === '-' ? '\\-' : escapeRegExp(escaped);
      return `\\${whole}`;
    },
  );
  return `[${negated ? '^' : ''}${body}]`;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** Matches a whole text. */
export function matches(pattern: string, text: string): boolean {
  return compiled(`^(?:${patternSource(pattern)})$`).test(text);
}

/** A compiled expression, remembered. */
export function compiled(source: string): RegExp {
  let expression = cache.get(source);
  if (expression === undefined) {
    if (cache.size > 500) cache.clear();
    expression = compile(source);
    cache.set(source, expression);
  }
  return expression;
}

function compile(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch {
    // An impossible range such as [z-a] matches nothing.
    return /(?!)/;
  }
}

/** `${text#pattern}` and its kin: what is left without the matching start or end. */
export function removeMatch(text: string, pattern: string, side: 'prefix' | 'suffix', longest: boolean): string {
  const source = patternSource(pattern);
  const whole = compiled(`^(?:${source})$`);
  const { length } = text;
  for (let step = 0; step <= length; step++) {
    const size = longest ? length - step : step;
    const piece = side === 'prefix' ? text.slice(0, size) : text.slice(length - size);
    if (whole.test(piece)) return side === 'prefix' ? text.slice(size) : text.slice(0, length - size);
  }
  return text;
}
