import { isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';

/**
 * Returns the line of a field, or of the deepest existing part of its path, in the object that begins at `objectLine`. Only used for
 * errors, so it parses the text again.
 * @param path as in errors: `spec.containers[0].image`, `metadata.labels[a.b/c]`, or without indexes
 */
export function fieldLine(text: string, objectLine: number, path: string): number {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, logLevel: 'silent', prettyErrors: false });
  const lineOf = (node: Node) => lines.linePos(node.range?.[0] ?? 0).line;
  for (const document of documents) {
    const object = document.contents === null ? undefined : objectAt(document.contents as Node, objectLine, lineOf);
    if (object !== undefined) return follow(object, pathSteps(path), lineOf) ?? objectLine;
  }
  return objectLine;
}

function objectAt(node: Node, line: number, lineOf: (node: Node) => number): Node | undefined {
  const items: unknown = isMap(node) ? node.get('items', true) : undefined;
  if (isSeq(items)) {
    for (const item of items.items) {
      const found = objectAt(item as Node, line, lineOf);
      if (found !== undefined) return found;
    }
  }
  return isMap(node) && lineOf(node) === line ? node : undefined;
}

/** The steps of a path: `a`, `b`, `0`, `c`, `x.y` for `a.b[0].c[x.y]`. */
function pathSteps(path: string): readonly string[] {
  return [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inside, name]) => inside ?? name ?? '');
}

function follow(from: Node, steps: readonly string[], lineOf: (node: Node) => number): number | undefined {
  let node: Node = from;
  let line: number | undefined;
  for (const step of steps) {
    if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (item === undefined) break;
      node = item;
      line = lineOf(node);
      continue;
    }
    if (!isMap(node)) break;
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
    if (pair === undefined) break;
    line = lineOf(pair.key as Node);
    node = pair.value as Node;
  }
  return line;
}
