import { isIpv4 } from './names.ts';

/** The number that an IPv4 address is, from 0 to 2^32 - 1; undefined for a text that is none. */
export function parseIpv4(text: string): number | undefined {
  if (!isIpv4(text)) return undefined;
  return text.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** The address that a number stands for: `10.244.1.2`. */
export function ipv4Text(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** A range of IPv4 addresses, as CIDR notation writes it (RFC 4632): `10.244.0.0/16`. */
export class Ipv4Range {
  /** Its first address, as a number. */
  readonly first: number;
  /** How many leading bits all of its addresses share, from 0 to 32. */
  readonly prefixLength: number;

  private constructor(first: number, prefixLength: number) {
    this.first = first;
    this.prefixLength = prefixLength;
  }

  /** The range that a text names, whichever of its addresses the text begins with; undefined for a text that names none. */
  static parse(text: string): Ipv4Range | undefined {
    const [address = '', length = '', ...rest] = text.split('/');
    const value = parseIpv4(address);
    if (value === undefined || rest.length > 0 || !/^(\d|[12]\d|3[0-2])$/.test(length)) return undefined;
    const size = 2 ** (32 - Number(length));
    return new Ipv4Range(value - (value % size), Number(length));
  }

  /** The same for a text that is known to name one. @throws Error if it does not */
  static of(text: string): Ipv4Range {
    const range = Ipv4Range.parse(text);
    if (range === undefined) throw new Error(`${JSON.stringify(text)} is no range of IPv4 addresses`);
    return range;
  }

  /** How many addresses it has. */
  get size(): number {
    return 2 ** (32 - this.prefixLength);
  }

  /** Whether an address lies in it; a text that is no IPv4 address does not. */
  contains(address: string): boolean {
    const value = parseIpv4(address);
    return value !== undefined && value >= this.first && value < this.first + this.size;
  }

  overlaps(other: Ipv4Range): boolean {
    return this.first < other.first + other.size && other.first < this.first + this.size;
  }

  /** Its address so many places after the first. @throws RangeError for an offset outside of it */
  at(offset: number): string {
    if (!(offset >= 0 && offset < this.size)) throw new RangeError(`${this} has no address ${offset}`);
    return ipv4Text(this.first + offset);
  }

  /** How many ranges of a longer prefix it divides into. */
  count(prefixLength: number): number {
    return prefixLength < this.prefixLength ? 0 : 2 ** (prefixLength - this.prefixLength);
  }

  /** The n-th (from 0) of the ranges of a longer prefix that it divides into. @throws RangeError if there is no such one */
  part(prefixLength: number, index: number): Ipv4Range {
    if (!(index >= 0 && index < this.count(prefixLength)))
      throw new RangeError(`${this} has no /${prefixLength} ${index}`);
    return new Ipv4Range(this.first + index * 2 ** (32 - prefixLength), prefixLength);
  }

  toString(): string {
    return `${ipv4Text(this.first)}/${this.prefixLength}`;
  }
}
