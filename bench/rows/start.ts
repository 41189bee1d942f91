import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { orrery, residentMegabytesOf } from '../orrery-process.ts';
import { atMost, defineRow } from '../row.ts';

/** As a client sees it, which asks again and again from the moment at which the command is started. */
export default defineRow({
  what: 'orrery up with three nodes and no Pods',
  full: { idleSeconds: 20 },
  quick: { idleSeconds: 0 },
  warmUp: { idleSeconds: 0 },
  figures: {
    ready: {
      what: 'start to the first answer of /readyz',
      unit: 's',
      goal: atMost(0.21),
      anchor: { value: 3.2, source: 'Kubernetes 1.35.4: kube-apiserver, etcd, controller manager, scheduler' },
    },
    memory: {
      what: 'memory after 20 s at rest',
      unit: 'MB',
      goal: atMost(78),
      anchor: { value: 468, source: 'the same four processes of Kubernetes 1.35.4' },
    },
  },
  async measure({ idleSeconds }) {
    const folder = mkdtempSync(join(tmpdir(), 'orrery-bench-'));
    const manifest = join(folder, 'namespace.yaml');
    writeFileSync(manifest, 'apiVersion: v1\nkind: Namespace\nmetadata: { name: bench }\n');
    const port = await freePort();
    const began = performance.now();
    const args = ['up', manifest, '--port', String(port), '--kubeconfig', join(folder, 'kubeconfig')];
    const child = spawn(process.execPath, [orrery, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(child, 'exit');
    try {
      await readyz(port, child);
      const ready = (performance.now() - began) / 1000;
      await sleep(idleSeconds * 1000);
      const memory = residentMegabytesOf(child.pid ?? 0);
      return { ready: { value: ready }, memory: { value: memory } };
    } finally {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true });
    }
  },
});

/** Resolves when `/readyz` answers 200. @throws Error if the command ends */
async function readyz(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    if (await answersReady(port)) return;
    await sleep(2);
  }
  throw new Error(`orrery up ended with ${child.exitCode}`);
}

function answersReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // The certificate authority is made while we ask; this measures, and trusts nobody.
    const outgoing = request({ host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, agent: false });
    outgoing.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    outgoing.on('error', () => resolve(false));
    outgoing.end();
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return address.port;
}
