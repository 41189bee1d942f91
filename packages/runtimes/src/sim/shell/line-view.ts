import { textWidth } from '../text-width.ts';

const escapeCodes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[@-~]`, 'g');

/** A place on the screen, counted from where the prompt's last line begins. */
interface Place {
  readonly row: number;
  readonly column: number;
}

/** A line being edited, as a terminal shows it behind its prompt: over as many rows as it needs. */
export class LineView {
  columns: number;
  readonly #prompt: string;
  #line: readonly string[] = [];
  #cursor = 0;

  /** The prompt has been shown already. `columns` is the terminal's width in cells. */
  constructor(prompt: string, columns: number) {
    this.#prompt = prompt.slice(prompt.lastIndexOf('\n') + 1);
    this.columns = columns;
  }

  /** What to print when the line is now this, changed from that character on, and the cursor is to be there. */
  show(line: readonly string[], changedFrom: number, cursor: number): string {
    const from = Math.min(changedFrom, this.#line.length);
    const old = this.#place(this.#line, this.#line.length);
    const added = line.slice(from);
    const changed = added.length > 0 || line.length < this.#line.length;
    let text = '';
    let at = this.#place(this.#line, this.#cursor);
    if (changed) {
      text += travel(at, this.#place(this.#line, from)) + added.join('');
      at = this.#place(line, line.length);
      // A terminal goes to the next row only with the next character: the cursor must be where it is thought to be.
      if (at.column === 0 && at.row > 0 && added.length > 0) text += '\r\n';
      if (old.row > at.row || (old.row === at.row && old.column > at.column)) text += '\x1b[J';
    }
    text += travel(at, this.#place(line, cursor));
    this.#line = [...line];
    this.#cursor = cursor;
    return text;
  }

  /** The whole line with its prompt, for a cursor at the beginning of an empty row. */
  again(line: readonly string[], cursor: number): string {
    this.#line = [];
    this.#cursor = 0;
    return this.#prompt + this.show(line, 0, cursor);
  }

  #place(line: readonly string[], index: number): Place {
    let row = 0;
    let column = textWidth(this.#prompt.replace(escapeCodes, ''));
    row += Math.floor(column / this.columns);
    column %= this.columns;
    for (let at = 0; at < index; at++) {
      const width = textWidth(line[at] as string);
      if (column + width > this.columns) {
        row++;
        column = 0;
      }
      column += width;
      if (column === this.columns) {
        row++;
        column = 0;
      }
    }
    return { row, column };
  }
}

/** Moves the cursor. */
function travel(from: Place, to: Place): string {
  if (from.row === to.row) {
    const steps = to.column - from.column;
    if (steps === 0) return '';
    return steps < 0 ? '\b'.repeat(-steps) : `\x1b[${steps}C`;
  }
  const rows = to.row - from.row;
  const vertical = rows < 0 ? `\x1b[${-rows}A` : `\x1b[${rows}B`;
  return `${vertical}\r${to.column === 0 ? '' : `\x1b[${to.column}C`}`;
}
