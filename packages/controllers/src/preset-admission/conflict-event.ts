import type { Conflict } from './merge.ts';

/** Longest message of an Event, in characters. */
const longest = 1024;

/**
 * What the Warning event on a Pod says when presets could not be applied: every conflicting field, and who disagrees on it.
 * Values are left out: a variable may hold a secret.
 */
export function conflictMessage(presets: readonly string[], conflicts: readonly Conflict[]): string {
  const lines = new Set(conflicts.map(sentence));
  const text = `conflict occurred while applying podpresets: ${presets.join(',')}: ${[...lines].join('; ')}`;
  return text.length <= longest ? text : `${text.slice(0, longest - 3)}...`;
}

function sentence({ field, preset, existing }: Conflict): string {
  if (existing.from === 'pod') return `${field} of podpreset "${preset}" differs from the Pod's own`;
  if (existing.name === preset) return `${field} of podpreset "${preset}" differs from another one of its own`;
  return `${field} of podpreset "${preset}" differs from that of podpreset "${existing.name}"`;
}
