import type { Parts } from '../process/paced.ts';
import type { Word } from './ast.ts';

/** A group in braces that is being expanded: what is around it, and the items still to come. */
interface Frame {
  readonly word: Word;
  /** Index of the part that has the group. */
  readonly at: number;
  readonly before: string;
  readonly after: string;
  readonly items: Iterator<string>;
}

/** Characters that are looked at in one part. */
const partSize = 20_000;

/** `{a,b}` and `{1..3}` in unquoted text: gives each word to `emit`, one by one, however many there are. */
export function* expandBraces(word: Word, emit: (word: Word) => void): Parts<void> {
  const frames: Frame[] = [];
  let next: Word | undefined = word;
  let work = 0;
  while (next !== undefined || frames.length > 0) {
    if (next === undefined) {
      const frame = frames[frames.length - 1] as Frame;
      const { done, value } = frame.items.next();
      if (done) {
        frames.pop();
        continue;
      }
      const text = frame.before + value + frame.after;
      work += text.length;
      next = [
        ...frame.word.slice(0, frame.at),
        { type: 'text', text, quoted: false },
        ...frame.word.slice(frame.at + 1),
      ];
    }
    const group = firstGroup(next);
    if (group === undefined) emit(next);
    else frames.push(group);
    next = undefined;
    work += 200;
    if (work > partSize) {
      work = 0;
      yield;
    }
  }
}

/** The first group that has no other inside. */
function firstGroup(word: Word): Frame | undefined {
  for (const [at, part] of word.entries()) {
    if (part.type !== 'text' || part.quoted || !part.text.includes('{')) continue;
    const { text } = part;
    let open = -1;
    for (let end = 0; end < text.length; end++) {
      const character = text[end];
      if (character === '{') open = end;
      else if (character === '}' && open >= 0) {
        const items = braceItems(text.slice(open + 1, end));
        if (items !== undefined)
          return { word, at, before: text.slice(0, open), after: text.slice(end + 1), items: items[Symbol.iterator]() };
        open = -1;
      }
    }
  }
  return undefined;
}

function braceItems(inside: string): Iterable<string> | undefined {
  if (inside.includes(',')) return inside.split(',');
  const range = /^(-?\d+|[a-zA-Z])\.\.(-?\d+|[a-zA-Z])(?:\.\.(-?\d+))?$/.exec(inside);
  if (range === null) return undefined;
  const [, first = '', last = '', step = '1'] = range;
  return rangeItems(first, last, Math.max(1, Math.abs(Number(step))));
}

function* rangeItems(first: string, last: string, step: number): Generator<string> {
  const numeric = /\d/.test(first) && /\d/.test(last);
  const from = numeric ? Number(first) : first.charCodeAt(0);
  const to = numeric ? Number(last) : last.charCodeAt(0);
  const width = /^-?0\d/.test(first) || /^-?0\d/.test(last) ? Math.max(first.length, last.length) : 0;
  const direction = from <= to ? step : -step;
  for (let count = 0; from <= to ? from + count * direction <= to : from + count * direction >= to; count++) {
    const value = from + count * direction;
    yield numeric ? String(value).padStart(width, '0') : String.fromCharCode(value);
  }
}
