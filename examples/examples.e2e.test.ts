import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { consoleSteps } from '../scripts/console-document.ts';
import { runDocument } from '../scripts/console-runner.ts';

/** Every example is run by its own README: the commands that it shows, with real kubectl, until they print what it says. */
const examples = globSync('{clusters,controllers,plugins}/*/', { cwd: import.meta.dirname })
  .map((folder) => folder.replace(/\/$/, ''))
  .sort();

describe.each(examples)('example %s', (example) => {
  const readme = join(import.meta.dirname, example, 'README.md');

  test('begins with the command that starts it', () => {
    expect(consoleSteps(readFileSync(readme, 'utf8'))[0]?.command).toMatch(
      new RegExp(`^pnpm orrery up .*\\bexamples/${example}\\b`),
    );
  });

  test('does what its README says', async () => {
    await runDocument(readme);
  });
});
