import { completer } from './completion.ts';
import { Jump, ShellError } from './control-flow.ts';
import { LineEditor } from './line-editor.ts';
import { syntaxText } from './messages.ts';
import { parseIfComplete, ShellSyntaxError } from './parser.ts';
import type { Shell } from './shell.ts';

/** A shell at a prompt: reads lines with editing and history, and continues after errors. */
export async function runInteractively(shell: Shell): Promise<number> {
  const { process } = shell;
  const terminal = process.descriptors[0]?.terminal;
  const editor = new LineEditor({ process, terminal, complete: completer(shell) });
  const measure = () => {
    if (terminal === undefined || shell.dialect !== 'bash') return;
    shell.variables.set('COLUMNS', String(terminal.columns));
    shell.variables.set('LINES', String(terminal.rows));
  };
  if (terminal !== undefined) terminal.foreground = process.group;
  measure();
  const unwatch = terminal?.watchSize(measure);
  if (unwatch !== undefined) process.whenEnded(unwatch);
  process.handle('SIGINT', () => {
    shell.interruptAsked = true;
  });
  process.handle('SIGTERM', 'ignore');
  process.handle('SIGQUIT', 'ignore');
  process.handle('SIGWINCH', () => {});
  let text = '';
  for (;;) {
    const line = await editor.read(text === '' ? prompt(shell) : (shell.variables.get('PS2') ?? '> '));
    shell.interruptAsked = false;
    if (line === 'interrupted') {
      text = '';
      shell.status = 130;
      continue;
    }
    if (line === undefined) {
      if (text === '') break;
      await shell.complain('syntax error: unexpected end of file');
      text = '';
      continue;
    }
    editor.remember(line);
    text += `${line}\n`;
    try {
      const list = parseIfComplete(text);
      if (list === undefined) continue;
      text = '';
      await shell.boundary();
      await shell.execution.list(list, false);
    } catch (error) {
      text = '';
      await recover(shell, error);
    }
  }
  if (shell.dialect === 'bash') await process.stderr.write('exit\n');
  return shell.finish();
}

/** At a prompt, an error ends only the line. */
async function recover(shell: Shell, error: unknown): Promise<void> {
  if (error instanceof ShellSyntaxError) {
    await shell.complain(syntaxText(shell, error));
    shell.status = 2;
  } else if (error instanceof ShellError) {
    await shell.complain(error.message);
    shell.status = error.exitCode;
  } else if (error instanceof Jump) {
    shell.status = error.kind === 'return' ? error.count : 130;
    shell.interruptAsked = false;
    if (error.kind === 'interrupt') await shell.process.stderr.write('\n');
  } else throw error;
}

/** The prompt: `/ # ` in BusyBox, `root@host:/# ` in Bash, `# ` in dash. */
function prompt(shell: Shell): string {
  const { process, variables, dialect } = shell;
  const format =
    variables.get('PS1') ?? (dialect === 'ash' ? '\\w \\$ ' : dialect === 'dash' ? '\\$ ' : '\\u@\\h:\\w\\$ ');
  const home = variables.get('HOME');
  const { directory } = process;
  const root = process.files.credentials.uid === 0;
  const short =
    home !== undefined && home !== '/' && (directory === home || directory.startsWith(`${home}/`))
      ? `~${directory.slice(home.length)}`
      : directory;
  const parts: { readonly [code: string]: string } = {
    w: short,
    W: short === '/' ? '/' : short.slice(short.lastIndexOf('/') + 1),
    h: process.realm.hostname.split('.')[0] ?? '',
    H: process.realm.hostname,
    u: variables.get('USER') ?? (root ? 'root' : 'I have no name!'),
    $: root ? '#' : '$',
    n: '\n',
    e: '\x1b',
    '[': '',
    ']': '',
    s: shell.name,
  };
  return format.replace(/\\([wWhHu$nes[\]])/g, (_whole, code: string) => parts[code] ?? '');
}
