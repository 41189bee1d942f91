import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { oldestNode, published, publishedDoors, root } from './manifests.ts';

/** The packages as the registry would get them, installed into an empty folder and used: by the oldest Node that they name too. */
const names = published.map(({ folder }) => folder.replace('packages/', ''));
let folder = '';
/** The programs to run them with. */
const nodes = { oldest: '', pinned: process.execPath };

function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orrery-packages-'));
  const tarballs = join(folder, 'tarballs');
  mkdirSync(tarballs);
  run(process.execPath, [join(root, 'scripts/build.ts')], root);
  for (const name of names)
    run('npx', ['--yes', 'pnpm@12', 'pack', '--pack-destination', tarballs], join(root, 'packages', name));
  const files = readdirSync(tarballs);
  expect(files).toHaveLength(names.length);
  const dependencies = Object.fromEntries(
    names.map((name) => [
      `@orrery/${name}`,
      `file:tarballs/${files.find((file) => file.startsWith(`orrery-${name}-`))}`,
    ]),
  );
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies, overrides: dependencies }),
  );
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], folder);
  const other = join(folder, 'oldest-node');
  mkdirSync(other);
  writeFileSync(join(other, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--no-audit', '--no-fund', `node@${oldestNode()}`], other);
  nodes.oldest = join(other, 'node_modules/node/bin/node');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(['oldest', 'pinned'] as const)('the %s Node', (which) => {
  const node = (...args: readonly string[]) => run(nodes[which], args, folder);

  test('is that one', () => {
    expect(node('--version')).toBe(which === 'oldest' ? `v${oldestNode()}\n` : `${process.version}\n`);
  });

  test('opens every door', () => {
    const doors = published.flatMap((manifest) =>
      publishedDoors(manifest).map(([door, source]) => ({
        name: door.replace('.', manifest.name),
        // A door for types alone has nothing at run time, and opens all the same.
        hasValues: /^export (?!type\b)/m.test(readFileSync(join(root, manifest.folder, source), 'utf8')),
      })),
    );
    writeFileSync(
      join(folder, 'doors.mjs'),
      `for (const door of ${JSON.stringify(doors.map(({ name }) => name))}) console.log(door, Object.keys(await import(door)).length > 0);`,
    );
    expect(node('doors.mjs')).toBe(doors.map(({ name, hasValues }) => `${name} ${hasValues}\n`).join(''));
  });

  test('starts a simulated cluster from a program', () => {
    writeFileSync(
      join(folder, 'program.mjs'),
      `import { Pod } from '@orrery/api';
       import { simulate } from '@orrery/testing';
       const cluster = await simulate();
       await cluster.apply('apiVersion: v1\\nkind: Pod\\nmetadata: { name: web, namespace: default }\\nspec: { containers: [{ name: web, image: nginx }] }');
       await cluster.settle();
       console.log((await cluster.client.get(Pod, { namespace: 'default', name: 'web' })).status.phase);
       await cluster.close();`,
    );
    expect(node('program.mjs')).toBe('Running\n');
  });

  test('serves a cluster over HTTPS, with certificates on both sides', () => {
    writeFileSync(
      join(folder, 'served.mjs'),
      `import { once } from 'node:events';
       import { get } from 'node:https';
       import { json } from 'node:stream/consumers';
       import { createCluster } from '@orrery/cluster';
       import { makeCertificates, serveCluster } from '@orrery/cluster/serve';
       const cluster = await createCluster({ nodes: 1 });
       const certificates = await makeCertificates(cluster.environment);
       const serving = await serveCluster({ cluster, certificates, port: 0 });
       const { authority, admin } = certificates;
       const [response] = await once(get(serving.url + '/api/v1/namespaces/default', {
         ca: authority.authority.certificate, cert: admin.certificate, key: admin.key, agent: false,
       }), 'response');
       console.log(response.statusCode, (await json(response)).metadata.name);
       await serving.close();
       await cluster.close();`,
    );
    expect(node('served.mjs')).toBe('200 default\n');
  });

  test('runs the command: a cluster comes up, and what it is given becomes ready', () => {
    const manifest = join(folder, 'web.yaml');
    writeFileSync(
      manifest,
      `{ apiVersion: apps/v1, kind: Deployment, metadata: { name: web }, spec: { selector: { matchLabels: { app: web } },
         template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: nginx }] } } } }`,
    );
    const command = 'node_modules/@orrery/cli/bin/orrery.js';
    expect(node(command, '--help')).toContain('Usage: orrery');
    const options = ['--wait', '--port', '0', '--kubeconfig', join(folder, `kubeconfig-${which}`)];
    expect(node(command, 'up', manifest, ...options)).toMatch(/control plane at https:[\s\S]*web/);
  });
});

test('the declarations tell a program its types', () => {
  writeFileSync(
    join(folder, 'typed.ts'),
    `import { Pod } from '@orrery/api';
     import { createCluster } from '@orrery/cluster';
     import { defineController, definePlugin } from '@orrery/core';
     const cluster = await createCluster({ nodes: 1 });
     const phase: string | undefined = (await cluster.client.get(Pod, { namespace: 'default', name: 'x' })).status?.phase;
     // @ts-expect-error: a Pod's phase is no number
     const wrong: number = (await cluster.client.get(Pod, { namespace: 'default', name: 'x' })).status?.phase;
     export const controller = defineController({ name: 'x', for: Pod, reconcile: (pod) => void pod.spec.containers });
     export const plugin = definePlugin({ name: 'x', admission: [{ name: 'X', matches: ({ kind }) => kind === Pod }] });
     // @ts-expect-error: an admission plugin has a name
     export const nameless = definePlugin({ name: 'x', admission: [{ matches: () => true }] });
     export { phase, wrong };`,
  );
  const options = [
    '--noEmit',
    '--strict',
    '--target',
    'esnext',
    '--module',
    'nodenext',
    '--moduleResolution',
    'nodenext',
    '--types',
    '',
  ];
  run(join(root, 'node_modules/.bin/tsc'), [...options, 'typed.ts'], folder);
});

test('nothing but what a package needs is in it', () => {
  for (const name of names) {
    const { exports } = JSON.parse(
      readFileSync(join(folder, 'node_modules/@orrery', name, 'package.json'), 'utf8'),
    ) as { exports: object };
    expect(JSON.stringify(exports)).not.toContain('/src/');
    const files = readdirSync(join(folder, 'node_modules/@orrery', name), { recursive: true }).map(String);
    expect(files.filter((file) => /\.test\.|fixture|(?<!\.d)\.ts$/.test(file))).toEqual([]);
  }
});
