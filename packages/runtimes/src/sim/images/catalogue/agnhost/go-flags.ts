import { milliseconds } from '@orrery/core';

/** Flags as Go's programs take them: `--name=value`, `--name value`, and `--name` alone, which is `true`. */
export function goFlags(args: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const [, name, value] = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(args[at] ?? '') ?? [];
    if (name === undefined) continue;
    const next = args[at + 1];
    if (value !== undefined) flags.set(name, value);
    else if (next === undefined || next.startsWith('-')) flags.set(name, 'true');
    else {
      flags.set(name, next);
      at++;
    }
  }
  return flags;
}

/** A duration of Go in milliseconds: `300ms`, `1m30s`; 0 for an empty text, undefined for what is none. */
export function goDuration(text: string): number | undefined {
  if (text === '' || text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.match(/\d+(\.\d+)?(ms|s|m|h)/g) ?? [];
  return parts.reduce((sum, part) => sum + milliseconds(part), 0);
}
