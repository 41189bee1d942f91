import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { commandWords, consoleSteps, outputMatches } from '../../scripts/console-document.ts';

/** Every example is run by its own README: the commands that it shows, with real kubectl, until they print what it says. */
const root = resolve(import.meta.dirname, '../..');
const examples = readdirSync(import.meta.dirname)
  .filter((name) => statSync(join(import.meta.dirname, name)).isDirectory())
  .sort();

/** Commands that only look: they are asked again until the answer is the one that is waited for. */
const looking = ['get', 'describe', 'logs', 'exec', 'events', 'rollout', 'auth'];
/** How often an answer is asked for before the test gives up. */
const tries = 240;
const pauseMs = 250;

const running = new Set<ChildProcess>();
const folders = new Set<string>();

afterEach(async () => {
  await Promise.all([...running].map(stop));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe.each(examples)('example %s', (example) => {
  test('does what its README says', async () => {
    const steps = consoleSteps(readFileSync(join(import.meta.dirname, example, 'README.md'), 'utf8'));
    const [first, ...rest] = steps;
    expect(first?.command).toMatch(/^pnpm orrery up /);
    const folder = mkdtempSync(join(tmpdir(), 'orrery-example-'));
    folders.add(folder);
    const kubeconfig = join(folder, 'kubeconfig');
    const args = [...commandWords(first?.command ?? '').slice(2), '--port', '0', '--kubeconfig', kubeconfig];
    await start(args);
    for (const { command, expected, line } of rest) {
      const where = `${example}/README.md:${line}: ${command}`;
      const words = commandWords(command);
      expect(words[0], where).toBe('pnpm');
      const repeat = words[1] === 'kubectl' && looking.includes(words[2] ?? '');
      let output = '';
      for (let attempt = 0; attempt < (repeat ? tries : 1); attempt++) {
        if (attempt > 0) await new Promise((wake) => setTimeout(wake, pauseMs));
        output = await orrery(words.slice(1), kubeconfig);
        if (expected.length === 0 || outputMatches(expected, output)) break;
      }
      if (expected.length > 0 && !outputMatches(expected, output)) expect(output, where).toBe(expected.join('\n'));
    }
  });
});

const main = join(root, 'packages/cli/bin/orrery.js');

/** Starts a cluster; resolves when it has applied its manifests and answers. */
async function start(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [main, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  await new Promise<void>((ready, failed) => {
    let said = '';
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      // The first line of progress comes when everything has been applied.
      if (/\n {2}\S+: /.test(said)) ready();
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.on('exit', (code) => failed(new Error(`orrery ${args.join(' ')} ended with ${code}:\n${said}`)));
  });
}

function stop(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((stopped) => {
    child.on('exit', () => stopped());
    child.kill('SIGTERM');
  });
}

/** Runs a command of the document against the example's cluster; gives what it printed on both streams. */
function orrery(args: readonly string[], kubeconfig: string): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [main, ...(args[0] === 'orrery' ? args.slice(1) : args)], {
      cwd: root,
      env: { ...process.env, KUBECONFIG: kubeconfig },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', failed);
    child.on('close', () => done(output));
  });
}
