/** Why bytes are no protobuf message. It never leaves this folder. */
export class WireError extends Error {}

/** Wire types of protobuf. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Reads protobuf's wire format from a part of a buffer, never beyond its end. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.#position >= this.#end;
  }

  /** The next field's number and wire type. */
  tag(): { number: number; type: number } {
    const tag = this.uint32();
    if (tag >>> 3 === 0) throw new WireError('illegal field number 0');
    return { number: tag >>> 3, type: tag & 7 };
  }

  /** The low 32 bits of a varint, unsigned: tags and lengths. */
  uint32(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new WireError('varint is too long');
  }

  /** A varint as a signed 64-bit integer. Numbers beyond 2^53 lose their last digits, as everywhere in JavaScript's JSON. */
  int64(): number {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return low;
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw new WireError('varint is too long');
  }

  /** A length-delimited part, as a separate reader. */
  part(): WireReader {
    const start = this.#length();
    return new WireReader(this.#bytes, start, this.#position);
  }

  /** A length-delimited part, as bytes that share the buffer. */
  bytes(): Uint8Array {
    const start = this.#length();
    return this.#bytes.subarray(start, this.#position);
  }

  string(): string {
    try {
      return decoder.decode(this.bytes());
    } catch (error) {
      if (error instanceof TypeError) throw new WireError('text is not UTF-8');
      throw error;
    }
  }

  /** Skips the value of an unknown field. */
  skip(type: number): void {
    if (type === wireType.varint) this.int64();
    else if (type === wireType.bytes) this.#length();
    else if (type === wireType.fixed64) this.#advance(8);
    else if (type === wireType.fixed32) this.#advance(4);
    else throw new WireError(`illegal wire type ${type}`);
  }

  /** Reads a length, skips that many bytes and returns where they begin. */
  #length(): number {
    const length = this.uint32();
    const start = this.#position;
    this.#advance(length);
    return start;
  }

  #advance(length: number): void {
    if (length > this.#end - this.#position) throw new WireError('unexpected EOF');
    this.#position += length;
  }

  #byte(): number {
    if (this.#position >= this.#end) throw new WireError('unexpected EOF');
    return this.#bytes[this.#position++] as number;
  }
}
