import { isIpv4 } from './names.ts';

/** An IPv4 address as a number from 0 to 2^32 - 1; undefined if the text is not an address. */
export function parseIpv4(text: string): number | undefined {
  if (!isIpv4(text)) return undefined;
  return text.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** A number as an IPv4 address: `10.244.1.2`. */
export function ipv4Text(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** A range of IPv4 addresses in CIDR notation (RFC 4632): `10.244.0.0/16`. */
export class Ipv4Range {
  /** The first address, as a number. */
  readonly first: number;
  /** How many leading bits all addresses share, from 0 to 32. */
  readonly prefixLength: number;

  private constructor(first: number, prefixLength: number) {
    this.first = first;
    this.prefixLength = prefixLength;
  }

  /** Reads CIDR notation; bits beyond the prefix are ignored. Undefined if the text is not a range. */
  static parse(text: string): Ipv4Range | undefined {
    const [address = '', length = '', ...rest] = text.split('/');
    const value = parseIpv4(address);
    if (value === undefined || rest.length > 0 || !/^(\d|[12]\d|3[0-2])$/.test(length)) return undefined;
    const size = 2 ** (32 - Number(length));
    return new Ipv4Range(value - (value % size), Number(length));
  }

  /** The same for a text that must be a range. @throws Error if it is not */
  static of(text: string): Ipv4Range {
    const range = Ipv4Range.parse(text);
    if (range === undefined) throw new Error(`${JSON.stringify(text)} is no range of IPv4 addresses`);
    return range;
  }

  /** The number of addresses. */
  get size(): number {
    return 2 ** (32 - this.prefixLength);
  }

  /** Whether an address is in the range; a text that is not an IPv4 address never is. */
  contains(address: string): boolean {
    const value = parseIpv4(address);
    return value !== undefined && value >= this.first && value < this.first + this.size;
  }

  overlaps(other: Ipv4Range): boolean {
    return this.first < other.first + other.size && other.first < this.first + this.size;
  }

  /** The address at an offset from the first. @throws RangeError if it is outside the range */
  at(offset: number): string {
    if (!(offset >= 0 && offset < this.size)) throw new RangeError(`${this} has no address ${offset}`);
    return ipv4Text(this.first + offset);
  }

  /** How many parts of a longer prefix the range divides into. */
  count(prefixLength: number): number {
    return prefixLength < this.prefixLength ? 0 : 2 ** (prefixLength - this.prefixLength);
  }

  /** The n-th (from 0) of these parts. @throws RangeError if there are fewer */
  part(prefixLength: number, index: number): Ipv4Range {
    if (!(index >= 0 && index < this.count(prefixLength)))
      throw new RangeError(`${this} has no /${prefixLength} ${index}`);
    return new Ipv4Range(this.first + index * 2 ** (32 - prefixLength), prefixLength);
  }

  toString(): string {
    return `${ipv4Text(this.first)}/${this.prefixLength}`;
  }
}
