import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { expect } from 'vitest';
import { commandWords, consoleSteps, outputMatches } from './console-document.ts';

/** The workspace's root: where a reader of a document stands. */
export const root = resolve(import.meta.dirname, '..');

const main = join(root, 'packages/cli/bin/orrery.js');
/** Commands of `pnpm` that are scripts of the workspace; all others are `orrery`'s. */
const scripts = new Map(['bench', 'conformance'].map((name) => [name, join(root, name, 'run.ts')]));

/** Commands that only look: they are asked again until the answer is the one that is waited for. */
const looking = ['get', 'describe', 'logs', 'exec', 'events', 'rollout', 'auth', 'explain', 'top'];
/** How often an answer is asked for before the test gives up. */
const tries = 240;
const pauseMs = 250;

/**
 * Runs a document: the commands of its `console` blocks one after the other, until they print what it says. `pnpm orrery up`
 * starts a cluster that runs until the next one or the document's end; every other command is asked of the cluster that runs.
 * @throws AssertionError with file, line and what was printed instead
 */
export async function runDocument(path: string): Promise<void> {
  const name = relative(root, path);
  const folder = mkdtempSync(join(tmpdir(), 'orrery-document-'));
  const kubeconfig = join(folder, 'kubeconfig');
  let cluster: ChildProcess | undefined;
  try {
    for (const { command, expected, line } of consoleSteps(readFileSync(path, 'utf8'))) {
      const where = `${name}:${line}: ${command}`;
      const [program, ...words] = commandWords(command);
      expect(program, where).toBe('pnpm');
      if (words[0] === 'orrery' && words[1] === 'up') {
        if (cluster !== undefined) await stop(cluster);
        cluster = undefined;
        const args = [...words.slice(1), '--port', '0', '--kubeconfig', kubeconfig];
        if (words.includes('--wait')) expectOutput(expected, await run(args, kubeconfig), where);
        else cluster = await start(args, where);
      } else {
        const args = words[0] === 'orrery' ? words.slice(1) : words;
        const repeat = words[0] === 'kubectl' && looking.includes(words[1] ?? '') && !words.includes('--dry-run');
        let output = '';
        for (let attempt = 0; attempt < (repeat ? tries : 1); attempt++) {
          if (attempt > 0) await new Promise((wake) => setTimeout(wake, pauseMs));
          output = await run(args, kubeconfig);
          if (expected.length === 0 || outputMatches(expected, output)) break;
        }
        expectOutput(expected, output, where);
      }
    }
  } finally {
    if (cluster !== undefined) await stop(cluster);
    rmSync(folder, { recursive: true, force: true });
  }
}

function expectOutput(expected: readonly string[], output: string, where: string): void {
  if (expected.length > 0 && !outputMatches(expected, output)) expect(output, where).toBe(expected.join('\n'));
}

/** Starts a cluster; resolves when it has applied its manifests and answers. */
async function start(args: readonly string[], where: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [main, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((ready, failed) => {
    let said = '';
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      // The first line of progress, or what to try next, comes when everything has been applied.
      if (/\n {2}\S+: |\nTry, in another terminal:/.test(said)) ready();
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.on('exit', (code) => failed(new Error(`${where}: ended with ${code}:\n${said}`)));
  });
  return child;
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((stopped) => {
    child.on('exit', () => stopped());
    child.kill('SIGTERM');
  });
}

/** Runs a command of the document against its cluster; gives what it printed on both streams. */
function run(args: readonly string[], kubeconfig: string): Promise<string> {
  return new Promise((done, failed) => {
    const script = scripts.get(args[0] ?? '');
    const program = script === undefined ? [main, ...args] : [script, ...args.slice(1)];
    const child = spawn(process.execPath, program, {
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
