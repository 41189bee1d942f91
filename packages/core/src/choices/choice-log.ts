import { ByteReader, ByteWriter } from './bytes.ts';

/** One decision of a run: which of how many. */
export interface Choice {
  /** What was decided: `turn`, for whose turn it was. */
  readonly what: string;
  /** How many there were to choose from, at least two. */
  readonly count: number;
  /** Which was chosen, from 0. */
  readonly chosen: number;
}

/**
 * Choices in the order in which they were made. One among fewer than 16, of the same sort as the one before, takes one byte:
 * the count in its upper half, the choice in its lower. Another sort takes a byte more.
 */
export class ChoiceLog {
  readonly #bytes = new ByteWriter();
  #length = 0;
  #what: string | undefined;
  readonly #names = new Map<string, number>();

  /** How many choices there are. */
  get length(): number {
    return this.#length;
  }

  /** How many bytes they take. */
  get size(): number {
    return this.#bytes.size;
  }

  /** A copy, as {@link readChoices} takes it. */
  bytes(): Uint8Array {
    return this.#bytes.copy();
  }

  add(what: string, count: number, chosen: number): void {
    if (what !== this.#what) this.#name(what);
    if (count < 16) {
      this.#bytes.byte((count << 4) | chosen);
    } else {
      this.#bytes.byte(opcode.large);
      this.#bytes.integer(count);
      this.#bytes.integer(chosen);
    }
    this.#length++;
  }

  /** Says of which sort the next choices are: by number, if there were some before. */
  #name(what: string): void {
    this.#what = what;
    const known = this.#names.get(what);
    if (known === undefined) {
      this.#names.set(what, this.#names.size);
      this.#bytes.byte(opcode.newName);
      this.#bytes.text(what);
    } else if (known < 16) {
      this.#bytes.byte(opcode.firstName + known);
    } else {
      this.#bytes.byte(opcode.name);
      this.#bytes.integer(known);
    }
  }
}

/**
 * The choices that a {@link ChoiceLog} wrote down.
 * @throws RangeError, while it is read, for bytes that no log has written
 */
export function* readChoices(bytes: Uint8Array): Generator<Choice, void> {
  const reader = new ByteReader(bytes);
  const names: string[] = [];
  let what: string | undefined;
  while (!reader.done) {
    const first = reader.byte();
    if (first === opcode.newName) {
      what = reader.text();
      names.push(what);
    } else if (first === opcode.name) {
      what = names[reader.integer()];
    } else if (first >> 4 === 1) {
      what = names[first - opcode.firstName];
    } else {
      const large = first === opcode.large;
      const count = large ? reader.integer() : first >> 4;
      const chosen = large ? reader.integer() : first & 0xf;
      if (what === undefined || count < 2 || chosen >= count) throw new RangeError(`no choice: ${chosen} of ${count}`);
      yield { what, count, chosen };
    }
  }
}

/** First bytes that are no small choice, whose count is at least two. */
const opcode = { large: 1, name: 2, newName: 3, firstName: 16 } as const;
