import type { FileContent, IFileSystem } from 'just-bash';
import { bytesOf, textOf } from '../files/tree.ts';

/**
 * How the text of one run of a tool becomes bytes. The library reads what is no UTF-8 as one character for each byte, and so it is
 * written again: bytes pass unharmed.
 */
export class Encoding {
  #bytes = false;

  /** Whether some of what was read was no text. */
  get bytes(): boolean {
    return this.#bytes;
  }

  /** The tool reads this. */
  see(bytes: Uint8Array): void {
    this.#bytes ||= !isText(bytes);
  }

  encode(text: string): Uint8Array {
    if (!this.#bytes) return bytesOf(text);
    return /^[\0-\xff]*$/.test(text) ? fromLatin1(text) : bytesOf(text);
  }
}

/** Files whose texts are read and written in the encoding of a run. */
export function withEncoding(files: IFileSystem, encoding: Encoding): IFileSystem {
  const readFileBuffer = async (path: string) => {
    const bytes = await files.readFileBuffer(path);
    encoding.see(bytes);
    return bytes;
  };
  const encoded = (content: FileContent, options?: WriteOptions) => {
    if (typeof content !== 'string') return content;
    const name = typeof options === 'string' ? options : options?.encoding;
    return name === 'binary' || name === 'latin1' ? fromLatin1(content) : encoding.encode(content);
  };
  const own: Partial<IFileSystem> = {
    readFileBuffer,
    readFile: async (path) => {
      const bytes = await readFileBuffer(path);
      return isText(bytes) ? textOf(bytes) : latin1(bytes);
    },
    writeFile: (path, content, options) => files.writeFile(path, encoded(content, options)),
    appendFile: (path, content, options) => files.appendFile(path, encoded(content, options)),
  };
  return new Proxy(files, {
    get: (target, name: keyof IFileSystem) => {
      const value = own[name] ?? target[name];
      return typeof value === 'function' && own[name] === undefined ? value.bind(target) : value;
    },
  });
}

type WriteOptions = Parameters<IFileSystem['writeFile']>[2];

/** Bytes as characters. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/** Characters as the bytes that they stand for. */
export function fromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
