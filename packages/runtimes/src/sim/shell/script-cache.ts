import type { List } from './ast.ts';
import { parseScript } from './parser.ts';

/** Scripts are parsed once, however many containers run them. */
const parsed = new Map<string, List>();

/** @throws ShellSyntaxError */
export function parseCached(source: string): List {
  let list = parsed.get(source);
  if (list === undefined) {
    list = parseScript(source);
    if (parsed.size >= 200) parsed.clear();
    parsed.set(source, list);
  }
  return list;
}
