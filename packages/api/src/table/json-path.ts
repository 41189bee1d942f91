/** One step of a path: it turns each value into the values that it leads to. */
type Step = (values: readonly unknown[]) => unknown[];

/** A path that is ready to be used on objects. */
export type JsonPath = (root: unknown) => readonly unknown[];

/**
 * Compiles the JSONPath that printer columns use (Kubernetes' "JSONPath support", without ranges over text): fields by dot
 * or by bracket, `\.` for a dot in a name, indexes, slices, `*`, and filters such as `[?(@.type=="Ready")]`.
 *
 * @throws SyntaxError for anything else.
 */
export function compileJsonPath(text: string): JsonPath {
  const path = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text;
  const steps: Step[] = [];
  let position = path.startsWith('$') || path.startsWith('@') ? 1 : 0;
  while (position < path.length) {
    const bracket = path[position] === '[';
    const end = bracket ? closingBracket(path, position) : endOfName(path, position);
    steps.push(bracket ? bracketStep(path.slice(position + 1, end).trim()) : nameStep(path.slice(position, end)));
    position = bracket ? end + 1 : end;
  }
  return (root) => steps.reduce<readonly unknown[]>((values, step) => step(values), [root]);
}

function closingBracket(path: string, open: number): number {
  let depth = 0;
  let quote = '';
  for (let index = open; index < path.length; index++) {
    const character = path[index] as string;
    if (quote !== '') {
      if (character === '\\') index++;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '[') depth++;
    else if (character === ']' && --depth === 0) return index;
  }
  throw new SyntaxError(`JSONPath ${path} lacks a closing bracket`);
}

function endOfName(path: string, start: number): number {
  let index = path[start] === '.' ? start + 1 : start;
  for (; index < path.length; index++) {
    if (path[index] === '\\') index++;
    else if (path[index] === '.' || path[index] === '[') break;
  }
  return index;
}

function nameStep(text: string): Step {
  const name = (text.startsWith('.') ? text.slice(1) : text).replaceAll(/\\(.)/g, '$1');
  if (name === '*') return everyChild;
  if (name === '') {
    if (text === '.') return (values) => [...values];
    throw new SyntaxError(`JSONPath with an empty name at ${text}`);
  }
  return field(name);
}

function bracketStep(text: string): Step {
  if (text === '*') return everyChild;
  if (text.startsWith('?')) return filter(text.slice(1).trim());
  if (/^-?\d+$/.test(text)) {
    const index = Number(text);
    return (values) => values.flatMap((value) => (Array.isArray(value) ? value.slice(index).slice(0, 1) : []));
  }
  const slice = /^(-?\d*):(-?\d*)$/.exec(text);
  if (slice !== null) {
    const [from, to] = [slice[1], slice[2]].map((bound) => (bound === '' ? undefined : Number(bound)));
    return (values) => values.flatMap((value) => (Array.isArray(value) ? value.slice(from, to) : []));
  }
  const name = unquote(text);
  if (name === undefined) throw new SyntaxError(`JSONPath [${text}] is not supported`);
  return field(name);
}

function field(name: string): Step {
  return (values) => {
    const found: unknown[] = [];
    for (const value of values) {
      if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)) {
        found.push((value as { [name: string]: unknown })[name]);
      }
    }
    return found;
  };
}

function everyChild(values: readonly unknown[]): unknown[] {
  return values.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
}

const comparisons: { readonly [operator: string]: (left: unknown, right: unknown) => boolean } = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<=': (left, right) => order(left, right) <= 0,
  '>=': (left, right) => order(left, right) >= 0,
  '<': (left, right) => order(left, right) < 0,
  '>': (left, right) => order(left, right) > 0,
};

function filter(text: string): Step {
  if (!text.startsWith('(') || !text.endsWith(')')) throw new SyntaxError(`JSONPath filter ${text} is not supported`);
  const condition = text.slice(1, -1).trim();
  const comparison = comparisonIn(condition);
  if (comparison === undefined) {
    if (!condition.startsWith('@')) throw new SyntaxError(`JSONPath filter ${text} is not supported`);
    const path = compileJsonPath(condition);
    return keep((value) => path(value).length > 0);
  }
  const { left, operator, right } = comparison;
  const path = compileJsonPath(left);
  const wanted = literal(right);
  const compare = comparisons[operator] ?? comparisons['=='];
  return keep((value) => path(value).some((found) => compare?.(found, wanted) === true));
}

/** The sides of a comparison whose left side is a path: `@.type=="Ready"`. Names in brackets can contain operators. */
function comparisonIn(
  condition: string,
): { readonly left: string; readonly operator: string; readonly right: string } | undefined {
  if (!condition.startsWith('@')) return undefined;
  for (let at = 1; at < condition.length; at++) {
    const quote = condition[at + 1];
    if (condition[at] === '[' && (quote === '"' || quote === "'")) {
      const close = condition.indexOf(`${quote}]`, at + 2);
      if (close < 0) return undefined;
      at = close + 1;
      continue;
    }
    const operator = ['==', '!=', '<=', '>=', '<', '>'].find((one) => condition.startsWith(one, at));
    if (operator !== undefined) {
      const right = condition.slice(at + operator.length).trim();
      return right === '' ? undefined : { left: condition.slice(0, at).trimEnd(), operator, right };
    }
    if ('=!"\''.includes(condition[at] ?? '')) return undefined;
  }
  return undefined;
}

function keep(test: (value: unknown) => boolean): Step {
  return (values) =>
    values.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value).filter(test) : []));
}

function literal(text: string): unknown {
  const quoted = unquote(text);
  if (quoted !== undefined) return quoted;
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  if (Number.isNaN(number))
    throw new SyntaxError(`JSONPath value ${text} is neither a text, a number nor a truth value`);
  return number;
}

function unquote(text: string): string | undefined {
  const quote = text[0];
  if ((quote !== '"' && quote !== "'") || text.length < 2 || !text.endsWith(quote)) return undefined;
  return text.slice(1, -1).replaceAll(/\\(.)/g, '$1');
}

/** NaN, which satisfies no comparison, for values that have no common order. */
function order(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  return Number.NaN;
}
