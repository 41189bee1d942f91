/** A set of small integers, one bit each. It grows as needed. */
export class BitSet {
  #words = new Uint32Array(4);

  has(index: number): boolean {
    return (((this.#words[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1;
  }

  set(index: number, value: boolean): void {
    const word = index >>> 5;
    if (word >= this.#words.length) {
      if (!value) return;
      const larger = new Uint32Array(Math.max(word + 1, this.#words.length * 2));
      larger.set(this.#words);
      this.#words = larger;
    }
    const bit = 1 << (index & 31);
    const before = this.#words[word] ?? 0;
    this.#words[word] = value ? before | bit : before & ~bit;
  }
}
