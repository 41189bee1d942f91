import type { Random } from './random.ts';
import { RandomOver } from './random-over.ts';

/**
 * A generator whose numbers are decided by the seed alone (xoshiro128** by Blackman and Vigna). Not for secrets.
 * Forks with the same label give the same numbers, no matter how many this one has drawn.
 */
export function createSeededRandom(seed: number | string): Random {
  return new SeededRandom(hash(String(seed), [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667]));
}

type State = readonly [number, number, number, number];

class SeededRandom extends RandomOver {
  readonly #seed: State;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: State) {
    super();
    this.#seed = seed;
    [this.#a, this.#b, this.#c, this.#d] = seed;
  }

  fork(label: string): Random {
    return new SeededRandom(hash(label, this.#seed));
  }

  protected word(): number {
    const b = this.#b;
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    this.#c ^= this.#a;
    this.#d ^= b;
    this.#b = b ^ this.#c;
    this.#a ^= this.#d;
    this.#c ^= b << 9;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }
}

/** Four words that depend on every character and on the state; never all zero. */
function hash(text: string, [a, b, c, d]: State): State {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x85ebca6b) ^ (b >>> 15);
    b = Math.imul(b ^ code, 0xc2b2ae35) ^ (c >>> 13);
    c = Math.imul(c ^ code, 0x27d4eb2f) ^ (d >>> 16);
    d = Math.imul(d ^ code, 0x165667b1) ^ (a >>> 14);
  }
  // The length keeps a fork of a fork apart from a fork with the joined label.
  const length = text.length + 1;
  const words: [number, number, number, number] = [
    mix(a ^ Math.imul(length, 0x9e3779b1)),
    mix(b ^ a),
    mix(c ^ b),
    mix(d ^ c ^ length),
  ];
  return words.every((word) => word === 0) ? [1, 2, 3, 4] : words;
}

function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
