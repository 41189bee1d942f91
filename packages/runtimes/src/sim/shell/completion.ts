import { builtins } from './builtins.ts';
import type { Completer } from './line-editor.ts';
import type { Shell } from './shell.ts';

/** Completes names of commands at the beginning of a command, and of files elsewhere. */
export function completer(shell: Shell): Completer {
  return (before) => {
    const word = /[^\s|&;<>()$`"'=]*$/.exec(before)?.[0] ?? '';
    const first = /(^|[|&;(]|\b(?:do|then|else|if|while)\s)\s*$/.test(before.slice(0, before.length - word.length));
    return first && !word.includes('/') ? commands(shell, word) : files(shell, word);
  };
}

function commands(shell: Shell, word: string): readonly string[] {
  if (word === '') return [];
  const { expansion, variables, functions } = shell;
  const names = new Set([...builtins.keys(), ...functions.keys()]);
  for (const directory of (variables.get('PATH') ?? '').split(':')) {
    for (const name of expansion.list(directory || '.')) names.add(name);
  }
  return [...names].filter((name) => name.startsWith(word)).sort();
}

function files({ expansion }: Shell, word: string): readonly string[] {
  const slash = word.lastIndexOf('/') + 1;
  const [directory, start] = [word.slice(0, slash), word.slice(slash)];
  return [...expansion.list(directory || '.')]
    .filter((name) => name.startsWith(start) && (start !== '' || !name.startsWith('.')))
    .sort()
    .map((name) => `${directory}${name}${expansion.isDirectory(`${directory}${name}`) ? '/' : ''}`);
}
