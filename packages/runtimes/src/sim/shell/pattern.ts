import type { Parts } from '../process/paced.ts';
import { Brackets, bracketTest } from './bracket.ts';

/** One element of a pattern: a literal character, `*`, or a test of one character. */
type Token = string | typeof star | ((character: string) => boolean);

const star = Symbol('*');
const any = () => true;

/** How many single comparisons are one part of a long match. */
const partSize = 20_000;

const cache = new Map<string, readonly Token[]>();
const longestCached = 1000;

/** Marks text as literal inside a pattern. */
export function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]!()|+@.^${}-]/g, '\\$&');
}

/** True when the pattern has an unescaped `*`, `?` or `[`. */
export function hasWildcard(pattern: string): boolean {
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '\\') at++;
    else if (character === '*' || character === '?' || character === '[') return true;
  }
  return false;
}

/** The text behind a pattern in which everything is literal. */
export function unescapePattern(pattern: string): string {
  return pattern.replace(/\\([\s\S])/g, '$1');
}

/** Whether a shell pattern (fnmatch(3)) matches a whole text. Its time is that of the text times the pattern, whatever they are. */
export function* matching(pattern: string, text: string): Parts<boolean> {
  let matched = false;
  yield* scan(compiled(pattern), text, false, (end) => {
    matched = end === text.length;
    return false;
  });
  return matched;
}

/** `${text#pattern}` and its kin: what is left without the matching start or end. */
export function* removing(text: string, pattern: string, side: 'prefix' | 'suffix', longest: boolean): Parts<string> {
  const size = yield* extent(compiled(pattern), text, side === 'suffix', longest);
  if (size === undefined) return text;
  return side === 'prefix' ? text.slice(size) : text.slice(0, text.length - size);
}

/** `${text/pattern/replacement}`: the first (`/`), all (`//`), or one at the start (`/#`) or the end (`/%`); always the longest. */
export function* replacing(text: string, operator: string, pattern: string, replacement: string): Parts<string> {
  if (pattern === '') return text;
  const tokens = compiled(pattern);
  if (operator === '/#' || operator === '/%') {
    const size = yield* extent(tokens, text, operator === '/%', true);
    if (size === undefined) return text;
    return operator === '/#' ? replacement + text.slice(size) : text.slice(0, text.length - size) + replacement;
  }
  const pieces: string[] = [];
  let at = 0;
  for (;;) {
    const found = yield* firstMatch(tokens, text, at);
    if (found === undefined) break;
    pieces.push(text.slice(at, found.start));
    if (found.end > found.start) pieces.push(replacement);
    at = found.end;
    if (operator !== '//' || at >= text.length || found.end === found.start) break;
    if (pieces.length % 2000 === 0) yield;
  }
  pieces.push(text.slice(at));
  return pieces.join('');
}

/** Whether a pattern matches a text of one character. */
export function singleCharacter(pattern: string): (character: string) => boolean {
  const tokens = compiled(pattern);
  const plain = tokens.filter((token) => token !== star);
  if (plain.length > 1) return () => false;
  const [only] = plain;
  return only === undefined ? () => tokens.length > 0 : (character) => accepts(only, character);
}

/** The size of the longest or shortest match at the start of the text, or at its end. */
function* extent(tokens: readonly Token[], text: string, atEnd: boolean, longest: boolean): Parts<number | undefined> {
  let size: number | undefined;
  yield* scan(atEnd ? [...tokens].reverse() : tokens, text, atEnd, (end) => {
    size = end;
    return !longest;
  });
  return size;
}

interface Match {
  readonly start: number;
  readonly end: number;
}

/**
 * The leftmost match from a position on, the longest of those that start there. All that stands before the first `*` has a fixed length;
 * where it fits first is where the leftmost match starts, if there is one.
 */
function* firstMatch(tokens: readonly Token[], text: string, from: number): Parts<Match | undefined> {
  const firstStar = tokens.indexOf(star);
  const fixed = firstStar < 0 ? tokens.length : firstStar;
  let work = 0;
  for (let start = from; start + fixed <= text.length; start++) {
    let matched = 0;
    while (matched < fixed && accepts(tokens[matched] as Token, text[start + matched] as string)) matched++;
    work += matched + 1;
    if (work > partSize) {
      work = 0;
      yield;
    }
    if (matched < fixed) continue;
    if (firstStar < 0) return { start, end: start + fixed };
    const size = yield* extent(tokens, text.slice(start), false, true);
    return size === undefined ? undefined : { start, end: start + size };
  }
  return undefined;
}

/**
 * Follows all ways to match at once, from the start of the text on or backwards from its end, and reports after how many characters
 * the pattern has matched; `accepted` says whether that is enough. Once a later `*` is reached, the ways that have not come so far
 * can be dropped: it takes whatever they would take.
 */
function* scan(
  tokens: readonly Token[],
  text: string,
  backwards: boolean,
  accepted: (size: number) => boolean,
): Parts<void> {
  const { length } = tokens;
  let states: number[] = [];
  let next: number[] = [];
  const reach = (list: number[], state: number): number[] => {
    let at = state;
    let reached = list;
    if (tokens[at] === star) {
      reached = [at];
      at++;
    }
    if (reached[reached.length - 1] !== at) reached.push(at);
    return reached;
  };
  states = reach(states, 0);
  let work = 0;
  for (let size = 0; ; size++) {
    if (states[states.length - 1] === length && accepted(size)) return;
    if (size === text.length || states.length === 0) return;
    const character = text[backwards ? text.length - 1 - size : size] as string;
    next = [];
    for (const state of states) {
      const token = tokens[state];
      if (token === star) next = reach(next, state);
      else if (token !== undefined && accepts(token, character)) next = reach(next, state + 1);
    }
    work += states.length + 1;
    states = next;
    if (work > partSize) {
      work = 0;
      yield;
    }
  }
}

function accepts(token: Token, character: string): boolean {
  return typeof token === 'string' ? token === character : token !== star && token(character);
}

function compiled(pattern: string): readonly Token[] {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const tokens = tokensOf(pattern);
  if (pattern.length <= longestCached) {
    if (cache.size > 500) cache.clear();
    cache.set(pattern, tokens);
  }
  return tokens;
}

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  const brackets = new Brackets(pattern);
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string;
    if (character === '\\') tokens.push(pattern[++at] ?? '\\');
    else if (character === '?') tokens.push(any);
    else if (character === '*') {
      if (tokens[tokens.length - 1] !== star) tokens.push(star);
    } else {
      const end = character === '[' ? brackets.end(at) : -1;
      if (end < 0) tokens.push(character);
      else {
        tokens.push(bracketTest(pattern.slice(at + 1, end)));
        at = end;
      }
    }
  }
  return tokens;
}
