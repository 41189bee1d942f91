import { wireType } from './wire-reader.ts';

const encoder = new TextEncoder();

/** Writes protobuf's wire format. */
export class WireWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** What was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  varintField(number: number, value: number): void {
    this.#tag(number, wireType.varint);
    this.#varint(BigInt.asUintN(64, BigInt(value)));
  }

  stringField(number: number, text: string): void {
    this.bytesField(number, encoder.encode(text));
  }

  bytesField(number: number, bytes: Uint8Array): void {
    this.#tag(number, wireType.bytes);
    this.#varint(BigInt(bytes.length));
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #tag(number: number, type: number): void {
    this.#varint(BigInt(number * 8 + type));
  }

  #varint(value: bigint): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
