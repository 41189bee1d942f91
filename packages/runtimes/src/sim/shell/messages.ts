import type { Shell } from './shell.ts';
import type { ShellSyntaxError } from './word-parser.ts';

/** A syntax error in the words of the dialect, without the shell's name. */
export function syntaxText(shell: Shell, error: ShellSyntaxError): string {
  shell.line = error.line;
  const token = error.incomplete ? 'end of file' : error.message;
  if (shell.dialect === 'bash') {
    return error.incomplete ? 'syntax error: unexpected end of file' : `syntax error near unexpected token \`${token}'`;
  }
  if (error.message.includes(' ')) return `syntax error: ${error.message}`;
  if (shell.dialect === 'dash') return `Syntax error: ${error.incomplete ? 'end of file' : `"${token}"`} unexpected`;
  return `syntax error: unexpected ${error.incomplete ? token : `"${token}"`}`;
}

/** What `time` prints. `elapsed` in milliseconds. */
export function timeText(elapsed: number): string {
  const minutes = Math.floor(elapsed / 60_000);
  const seconds = ((elapsed % 60_000) / 1000).toFixed(2);
  return `real\t${minutes}m ${seconds}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n`;
}
