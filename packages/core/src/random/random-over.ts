import { customRandom } from 'nanoid';
import type { Random } from './random.ts';

/** The characters of generated names: no vowels and no look-alikes, so that no words appear (Kubernetes `util/rand`). */
const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** All of {@link Random}, derived from one source of 32-bit words. A cluster has dozens for each node: they share their functions. */
export abstract class RandomOver implements Random {
  /** The next 32 random bits, as an unsigned integer. */
  protected abstract word(): number;

  abstract fork(label: string): Random;

  /** 53 random bits, as many as a number holds. */
  next(): number {
    return ((this.word() >>> 5) * 0x4000000 + (this.word() >>> 6)) / 0x20000000000000;
  }

  integer(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound < 1)
      throw new RangeError(`the bound must be a positive integer: ${bound}`);
    if (bound > 0x100000000) return Math.floor(this.next() * bound);
    for (;;) {
      const drawn = this.word();
      // Words above the greatest multiple of the bound would favour small results; most are clearly below.
      if (drawn <= 0x100000000 - bound || drawn < 0x100000000 - (0x100000000 % bound)) {
        // The same as `drawn % bound`, which is slow for numbers above 2^31.
        return drawn - Math.floor(drawn / bound) * bound;
      }
    }
  }

  bytes(length: number): Uint8Array {
    const result = new Uint8Array(length);
    let bits = 0;
    for (let i = 0; i < length; i++) {
      if ((i & 3) === 0) bits = this.word();
      result[i] = bits & 0xff;
      bits >>>= 8;
    }
    return result;
  }

  uuid(): string {
    return uuid(this.bytes(16));
  }

  nameSuffix(length: number): string {
    return customRandom(nameAlphabet, 5, (count) => this.bytes(count))(length);
  }
}

/** RFC 9562, version 4. Made of its characters at once: joined piece by piece, it would stay a chain of its pieces in memory. */
function uuid(bytes: Uint8Array): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const characters: number[] = [];
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) characters.push(dash);
    const byte = bytes[i] ?? 0;
    characters.push(hex.charCodeAt(byte >> 4), hex.charCodeAt(byte & 0x0f));
  }
  return String.fromCharCode(...characters);
}

const hex = '0123456789abcdef';
const dash = '-'.charCodeAt(0);
