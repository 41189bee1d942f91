/** A fenced block of a document. */
export interface CodeBlock {
  readonly language: string;
  /** The file that the block shows a part of (`file=PATH` after the language), if it does. */
  readonly file: string | undefined;
  readonly text: string;
  /** Line of the document at which the text begins. */
  readonly line: number;
}

/** The fenced blocks of a document, in their order. */
export function codeBlocks(markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { language: string; file: string | undefined; lines: string[]; line: number } | undefined;
  markdown.split('\n').forEach((text, index) => {
    if (!text.startsWith('```')) {
      open?.lines.push(text);
      return;
    }
    if (open === undefined) {
      const [language = '', ...rest] = text.slice(3).trim().split(/\s+/);
      const file = rest.find((word) => word.startsWith('file='))?.slice('file='.length);
      open = { language, file, lines: [], line: index + 2 };
      return;
    }
    const { lines, ...block } = open;
    blocks.push({ ...block, text: lines.join('\n') });
    open = undefined;
  });
  return blocks;
}

/** Where a document's links lead to within the repository: paths relative to the document, without anchors. */
export function relativeLinks(markdown: string): readonly string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((found) => found[1] ?? '')
    .filter((target) => !/^([a-z]+:|#)/.test(target))
    .map((target) => target.replace(/#.*$/, ''));
}

/** The rows of a document's table whose first column is headed `heading`: each a list of cells, without the head. */
export function tableRows(markdown: string, heading: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n');
  const head = lines.findIndex((line) => cells(line)[0] === heading);
  if (head < 0) throw new Error(`the document has no table headed ${heading}`);
  const rest = lines.slice(head + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end < 0 ? rest.length : end).map(cells);
}

function cells(line: string): readonly string[] {
  if (!line.startsWith('|')) return [];
  return line
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}
