/** One command of a document, and what the document says that it prints. */
export interface ConsoleStep {
  /** As typed, without the prompt. */
  readonly command: string;
  /** Lines of output; `...` alone stands for any lines, within a line for any text, or none. Empty: nothing is said of the output. */
  readonly expected: readonly string[];
  /** Line of the document. */
  readonly line: number;
}

/**
 * The commands of a document's `console` blocks: lines that begin with `$ `, each followed by its output. Such blocks are run by
 * tests, so what a document shows is what happens.
 */
export function consoleSteps(markdown: string): readonly ConsoleStep[] {
  const steps: { command: string; expected: string[]; line: number }[] = [];
  let inside = false;
  markdown.split('\n').forEach((text, index) => {
    if (text.startsWith('```')) {
      inside = !inside && text.trim() === '```console';
      return;
    }
    if (!inside) return;
    if (text.startsWith('$ ')) steps.push({ command: text.slice(2), expected: [], line: index + 1 });
    else steps.at(-1)?.expected.push(text);
  });
  return steps;
}

/** A command line as a list of arguments. Words are separated by spaces; a whole word may stand in single quotes. */
export function commandWords(command: string): readonly string[] {
  return [...command.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

/** Whether output is what the document says. Runs of spaces and tabs are alike, for columns are as wide as their widest cell. */
export function outputMatches(expected: readonly string[], output: string): boolean {
  const pattern = expected.map(linePattern).join('');
  return new RegExp(`^${pattern}$`).test(`${output.trimEnd().split('\n').map(fold).join('\n')}\n`);
}

function fold(line: string): string {
  return line.replaceAll(/[ \t]+/g, ' ').trim();
}

function linePattern(line: string): string {
  if (line.trim() === '...') return '(?:[^\\n]*\\n)*';
  // Between spaces, and at the ends, any text may also be none.
  const pieces = fold(line)
    .split(/((?:^| )\.\.\.(?: |$)|\.\.\.)/)
    .map((piece) => anyText[piece] ?? RegExp.escape(piece));
  return `${pieces.join('')}\\n`;
}

const anyText: { readonly [dots: string]: string } = {
  '...': '[^\\n]*',
  ' ... ': ' (?:[^\\n]* )?',
  '... ': '(?:[^\\n]* )?',
  ' ...': '(?: [^\\n]*)?',
};
