/** Specs that are not run for now, and why. */
export interface NotYet {
  /** A regular expression of Go (RE2) that their names match. */
  readonly pattern: string;
  readonly reason: string;
}

/**
 * The list of specs that are not run: a line `# reason` stands before the patterns that it is the reason for.
 * @throws Error for a pattern without a reason
 */
export function parseNotYet(text: string): readonly NotYet[] {
  let reason = '';
  const found: NotYet[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) reason = line.slice(1).trim();
    else if (line.trim() === '') reason = '';
    else if (reason === '') throw new Error(`conformance/not-yet.txt gives no reason for: ${line}`);
    else found.push({ pattern: line, reason });
  }
  return found;
}

/** The list of specs that passed: a name per line. */
export function parsePassed(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

/** The text of that list: sorted, each name once. */
export function passedText(names: readonly string[]): string {
  const sorted = [...new Set(names)].sort();
  return `# Conformance specs that pass; written by \`pnpm conformance --update\`.\n${sorted.map((name) => `${name}\n`).join('')}`;
}
