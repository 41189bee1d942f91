import { RE2JS, RE2JSException } from 're2js';

/** The expression is wrong, or asks for more than is done for one: back-references, or too much work. */
export class RegularExpressionError extends Error {
  override readonly name = 'RegularExpressionError';
}

/** Characters of an expression. */
const longestExpression = 8192;

/** Characters of the text times instructions of the expression: some 100 ms. */
const mostWork = 1_500_000;

const cache = new Map<string, RE2JS>();

/**
 * The leftmost match of an extended regular expression, the longest of those that start there (regex(7)): the whole and its groups.
 * It takes time in proportion to the text (RE2), so that there are no back-references.
 * @throws RegularExpressionError
 */
export function matchExtended(expression: string, text: string): readonly (string | undefined)[] | undefined {
  return match(expression, text, false);
}

/** The same for a basic regular expression at the start of the text, as `expr` has it. @throws RegularExpressionError */
export function matchBasicAtStart(expression: string, text: string): readonly (string | undefined)[] | undefined {
  return match(extended(expression), text, true);
}

function match(expression: string, text: string, atStart: boolean): readonly (string | undefined)[] | undefined {
  const compiled = compile(expression);
  if (compiled.programSize() * text.length > mostWork) throw new RegularExpressionError('Memory exhausted');
  const matcher = compiled.matcher(text);
  if (!(atStart ? matcher.lookingAt() : matcher.find())) return undefined;
  return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? undefined);
}

function compile(expression: string): RE2JS {
  const known = cache.get(expression);
  if (known !== undefined) return known;
  if (expression.length > longestExpression) throw new RegularExpressionError('Regular expression too big');
  if (/^(?:[^\\]|\\[^1-9])*\\[1-9]/.test(expression)) throw new RegularExpressionError('Invalid back reference');
  try {
    const compiled = RE2JS.compile(expression, RE2JS.LONGEST_MATCH | RE2JS.DOTALL);
    if (cache.size > 200) cache.clear();
    cache.set(expression, compiled);
    return compiled;
  } catch (error) {
    if (error instanceof RE2JSException || error instanceof RangeError) {
      throw new RegularExpressionError('Invalid regular expression');
    }
    throw error;
  }
}

/** A basic expression as an extended one: what is escaped there is plain here, and the other way round. */
function extended(basic: string): string {
  return basic.replace(
    /\\([(){}|+?])|([(){}|+?])/g,
    (_whole, escaped: string | undefined, plain: string) => escaped ?? `\\${plain}`,
  );
}
