import { fnv1a32, fromBase64url, toBase64url } from '@orrery/api';
import { ByteReader, ByteWriter } from './bytes.ts';
import { type Choice, ChoiceLog, readChoices } from './choice-log.ts';

/** The first byte of a path's text form; another one means another form. */
const version = 1;

/**
 * The choices that a run has made, from its first one on, and the seed that has decided everything else: names, uids,
 * jitter. A run that is given a path repeats it; what comes after its end is left to the seed. Its text
 * (`String(path)`, `Path.parse`) is base64url, about four characters for three choices.
 */
export class Path implements Iterable<Choice> {
  readonly seed: string;
  /** How many choices it has. */
  readonly length: number;
  readonly #bytes: Uint8Array;

  private constructor(seed: string, length: number, bytes: Uint8Array) {
    this.seed = seed;
    this.length = length;
    this.#bytes = bytes;
  }

  /** The path of these choices. @throws RangeError for a choice that is none: 2 of 2, say */
  static of(seed: number | string, choices: Iterable<Choice>): Path {
    const log = new ChoiceLog();
    for (const { what, count, chosen } of choices) {
      const fits = Number.isSafeInteger(count) && Number.isSafeInteger(chosen) && chosen >= 0 && chosen < count;
      if (count < 2 || !fits) throw new RangeError(`no choice: ${chosen} of ${count}`);
      log.add(what, count, chosen);
    }
    return Path.logged(seed, log);
  }

  /** The path that a log holds by now. */
  static logged(seed: number | string, log: ChoiceLog): Path {
    return new Path(String(seed), log.length, log.bytes());
  }

  /** The path whose text this is. @throws Error for a text that is cut off, mistyped, or no path at all */
  static parse(text: string): Path {
    try {
      return decode(text);
    } catch (error) {
      const shown = text.length > 40 ? `${text.slice(0, 40)}… (${text.length} characters)` : text;
      throw new Error(`not a path, or not all of one: ${JSON.stringify(shown)}`, { cause: error });
    }
  }

  [Symbol.iterator](): Iterator<Choice> {
    return readChoices(this.#bytes);
  }

  /** Its first choices. */
  prefix(length: number): Path {
    return Path.of(this.seed, this.#first(length));
  }

  /** As far as the given step, of which the choice is another; what follows is left to the seed. @throws RangeError for a choice that is none */
  choosing(step: number, chosen: number): Path {
    const other = [...this.#first(step + 1)][step];
    if (other === undefined) throw new RangeError(`the path has no step ${step}: it ends after ${this.length}`);
    return Path.of(this.seed, [...this.#first(step), { ...other, chosen }]);
  }

  /** The text that {@link parse} reads. */
  toString(): string {
    return encode(this.seed, this.length, this.#bytes);
  }

  toJSON(): string {
    return this.toString();
  }

  *#first(length: number): Generator<Choice, void> {
    let left = length;
    for (const choice of this) {
      if (left-- <= 0) return;
      yield choice;
    }
  }
}

function encode(seed: string, length: number, choices: Uint8Array): string {
  const writer = new ByteWriter();
  writer.byte(version);
  writer.text(seed);
  writer.integer(length);
  writer.bytes(choices);
  const checksum = fnv1a32(writer.copy());
  for (let shift = 0; shift < 32; shift += 8) writer.byte((checksum >>> shift) & 0xff);
  return toBase64url(writer.copy());
}

function decode(text: string): Path {
  const bytes = fromBase64url(text.trim());
  const content = bytes.subarray(0, -4);
  const checksum = new DataView(bytes.buffer, content.length).getUint32(0, true);
  if (checksum !== fnv1a32(content)) throw new RangeError('the checksum is not that of the content');
  const reader = new ByteReader(content);
  if (reader.byte() !== version) throw new RangeError('the text is of another version');
  const seed = reader.text();
  const length = reader.integer();
  const path = Path.of(seed, readChoices(reader.rest()));
  if (path.length !== length) throw new RangeError(`${path.length} choices, not ${length}`);
  return path;
}
