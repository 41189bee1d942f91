import type { Process } from '../process/process.ts';
import type { List } from './ast.ts';
import { parseIfComplete, parseScript, ShellSyntaxError } from './parser.ts';

/** Scripts are parsed once, however many containers run them. */
const parsed = new Map<string, List>();

/** Longer scripts, in characters, are parsed piece by piece, so that it takes no time that anybody feels. */
export const pieceSize = 16_384;

/** No command may be longer, in characters. */
export const longestCommand = 524_288;

/** @throws ShellSyntaxError */
export function parseCached(source: string): List {
  let list = parsed.get(source);
  if (list === undefined) {
    list = parseScript(source);
    if (source.length > pieceSize) return list;
    if (parsed.size >= 200) parsed.clear();
    parsed.set(source, list);
  }
  return list;
}

/** The commands of a script in pieces, each parsed once the one before has run. @throws ShellSyntaxError */
export async function* scriptPieces(process: Process, source: string): AsyncGenerator<List, void, void> {
  if (source.length <= pieceSize) {
    yield parseCached(source);
    return;
  }
  let firstLine = 1;
  let size = pieceSize;
  for (let start = 0; start < source.length; ) {
    const lineEnd = source.indexOf('\n', start + size);
    const end = lineEnd < 0 ? source.length : lineEnd + 1;
    if (end - start > longestCommand) throw new ShellSyntaxError('memory exhausted', firstLine);
    const piece = source.slice(start, end);
    await process.step(piece.length / 500);
    const list = end === source.length ? parseScript(piece, firstLine) : parseIfComplete(piece, firstLine);
    if (list === undefined) {
      size *= 2;
      continue;
    }
    for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', at + 1)) firstLine++;
    start = end;
    size = pieceSize;
    yield list;
  }
}
