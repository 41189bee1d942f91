import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from './running-cluster.fixture.ts';

/** `kubectl create secret` and `kubectl create configmap` in all their forms, with real kubectl. */
let cluster: RunningCluster;
let files: string;

const binary = Buffer.from([0, 1, 0xfe, 0xff]);

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '1']);
  files = join(cluster.folder, 'config');
  await mkdir(join(files, 'inner'), { recursive: true });
  await writeFile(join(files, 'game.properties'), 'lives=3\nenemies=aliens\n');
  await writeFile(join(files, 'ui.properties'), 'color.good=purple\n');
  await writeFile(join(files, 'logo.bin'), binary);
  await writeFile(join(files, 'inner', 'below.txt'), 'not taken');
  await symlink(join(files, 'ui.properties'), join(files, 'link'));
  await writeFile(
    join(cluster.folder, 'vars.env'),
    '# a comment\n\nUSER=admin\nPASSWORD="with quotes"\nEMPTY=\nEQUALS=a=b\nFROM_HERE\n',
  );
});

afterAll(async () => {
  await cluster?.stop();
});

interface Data {
  readonly type?: string;
  readonly immutable?: boolean;
  readonly data?: { readonly [key: string]: string };
  readonly binaryData?: { readonly [key: string]: string };
}

const stored = async (kind: string, name: string): Promise<Data> =>
  JSON.parse(await cluster.kubectl(['get', kind, name, '-o', 'json'])) as Data;

/** A Secret's type and values, as text. */
async function secret(name: string): Promise<{ type: string | undefined; data: { [key: string]: string } }> {
  const { type, data = {} } = await stored('secret', name);
  const texts = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
  return { type, data: Object.fromEntries(texts) as { [key: string]: string } };
}

async function created(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const [kind, name] = args[0] === 'secret' ? ['secret', args[2]] : [args[0], args[1]];
  expect(await cluster.kubectl(['create', ...args], { env })).toBe(`${kind}/${name} created\n`);
}

describe('create secret generic', () => {
  test('from literals: everything after the first = is the value', async () => {
    await created(['secret', 'generic', 'literals', '--from-literal=user=admin', '--from-literal=password=S!B\\*d$=z']);
    expect(await secret('literals')).toEqual({ type: 'Opaque', data: { user: 'admin', password: 'S!B\\*d$=z' } });
  });

  test('from files: the key is the file name unless another one is given', async () => {
    const file = join(files, 'ui.properties');
    await created(['secret', 'generic', 'from-files', `--from-file=${file}`, `--from-file=other=${file}`]);
    expect((await secret('from-files')).data).toEqual({
      'ui.properties': 'color.good=purple\n',
      other: 'color.good=purple\n',
    });
  });

  test('from a directory: regular files only, no subdirectories or links', async () => {
    await created(['secret', 'generic', 'from-folder', `--from-file=${files}`]);
    const { data } = await stored('secret', 'from-folder');
    expect(Object.keys(data ?? {})).toEqual(['game.properties', 'logo.bin', 'ui.properties']);
    expect(Buffer.from(data?.['logo.bin'] ?? '', 'base64')).toEqual(binary);
  });

  test('from an env file: skips comments, keeps quotes, reads a bare name from the environment', async () => {
    const file = join(cluster.folder, 'vars.env');
    await created(['secret', 'generic', 'from-env', `--from-env-file=${file}`], { FROM_HERE: 'here' });
    expect((await secret('from-env')).data).toEqual({
      USER: 'admin',
      PASSWORD: '"with quotes"',
      EMPTY: '',
      EQUALS: 'a=b',
      FROM_HERE: 'here',
    });
  });

  test('with another type', async () => {
    await created(['secret', 'generic', 'ssh', '--type=kubernetes.io/ssh-auth', '--from-literal=ssh-privatekey=key']);
    expect((await secret('ssh')).type).toBe('kubernetes.io/ssh-auth');
  });

  test('described with sizes, never with values', async () => {
    await created(['secret', 'generic', 'described', '--from-literal=password=sesame']);
    const text = await cluster.kubectl(['describe', 'secret', 'described']);
    expect(text).toMatch(/Type: +Opaque/);
    expect(text).toMatch(/password: +6 bytes/);
    expect(text).not.toContain('sesame');
    expect(await cluster.kubectl(['get', 'secret', 'described', '--no-headers'])).toMatch(
      /^described +Opaque +1 +\d+s/,
    );
  });
});

describe('create secret docker-registry', () => {
  test('from an account', async () => {
    await created([
      'secret',
      'docker-registry',
      'registry',
      '--docker-server=registry.example.com',
      '--docker-username=ann',
      '--docker-password=sesame',
      '--docker-email=ann@example.com',
    ]);
    const { type, data } = await secret('registry');
    expect(type).toBe('kubernetes.io/dockerconfigjson');
    expect(JSON.parse(data['.dockerconfigjson'] ?? '')).toEqual({
      auths: {
        'registry.example.com': {
          username: 'ann',
          password: 'sesame',
          email: 'ann@example.com',
          auth: Buffer.from('ann:sesame').toString('base64'),
        },
      },
    });
  });

  test('from Docker’s own file', async () => {
    const file = join(cluster.folder, 'docker.json');
    const config = { auths: { 'a.io': { auth: 'eDp5' } } };
    await writeFile(file, JSON.stringify(config));
    await created(['secret', 'docker-registry', 'docker', `--from-file=.dockerconfigjson=${file}`]);
    const { type, data } = await secret('docker');
    expect(type).toBe('kubernetes.io/dockerconfigjson');
    expect(JSON.parse(data['.dockerconfigjson'] ?? '')).toEqual(config);
  });
});

describe('create secret tls', () => {
  test('from a certificate and its key', async () => {
    const [cert, key] = [join(cluster.folder, 'tls.crt'), join(cluster.folder, 'tls.key')];
    // The administrator's own certificate is one that goes with its key.
    const kubeconfig = await readFile(cluster.kubeconfig, 'utf8');
    const part = (name: string) => Buffer.from(new RegExp(`${name}: (\\S+)`).exec(kubeconfig)?.[1] ?? '', 'base64');
    await writeFile(cert, part('client-certificate-data'));
    await writeFile(key, part('client-key-data'));
    await created(['secret', 'tls', 'certificate', `--cert=${cert}`, `--key=${key}`]);
    expect(await secret('certificate')).toEqual({
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': await readFile(cert, 'utf8'), 'tls.key': await readFile(key, 'utf8') },
    });
  });
});

describe('create configmap', () => {
  test('from literals', async () => {
    await created(['configmap', 'literals', '--from-literal=how=very', '--from-literal=type=charm=ing']);
    expect(await stored('configmap', 'literals')).toMatchObject({ data: { how: 'very', type: 'charm=ing' } });
  });

  test('from a directory: text is data, the rest is binaryData', async () => {
    await created(['configmap', 'from-folder', `--from-file=${files}`]);
    const { data, binaryData } = await stored('configmap', 'from-folder');
    expect(data).toEqual({
      'game.properties': 'lives=3\nenemies=aliens\n',
      'ui.properties': 'color.good=purple\n',
    });
    expect(binaryData).toEqual({ 'logo.bin': binary.toString('base64') });
    expect(await cluster.kubectl(['describe', 'configmap', 'from-folder'])).toMatch(
      /game.properties:\n----\nlives=3\nenemies=aliens\n/,
    );
  });

  test('from several files with custom keys', async () => {
    await created([
      'configmap',
      'keys',
      `--from-file=one=${join(files, 'game.properties')}`,
      `--from-file=${join(files, 'ui.properties')}`,
    ]);
    expect(Object.keys((await stored('configmap', 'keys')).data ?? {})).toEqual(['one', 'ui.properties']);
  });

  test('from several env files', async () => {
    const second = join(cluster.folder, 'second.env');
    await writeFile(second, 'MORE=1\n');
    await created(
      ['configmap', 'from-env', `--from-env-file=${join(cluster.folder, 'vars.env')}`, `--from-env-file=${second}`],
      { FROM_HERE: 'x' },
    );
    expect((await stored('configmap', 'from-env')).data).toMatchObject({ USER: 'admin', MORE: '1', EMPTY: '' });
  });

  test('with a hash of its content in its name', async () => {
    expect(await cluster.kubectl(['create', 'configmap', 'hashed', '--append-hash', '--from-literal=a=b'])).toMatch(
      /^configmap\/hashed-[a-z0-9]{10} created\n$/,
    );
  });

  test('--dry-run only prints it, on the client or on the server', async () => {
    for (const where of ['client', 'server']) {
      const text = await cluster.kubectl([
        'create',
        'configmap',
        'shown',
        '--from-literal=a=b',
        `--dry-run=${where}`,
        '-o',
        'yaml',
      ]);
      expect(text).toContain('data:\n  a: b\n');
    }
    expect((await cluster.tryKubectl(['get', 'configmap', 'shown'])).stderr).toContain('configmaps "shown" not found');
  });
});

describe('created objects reach a container', () => {
  test('as variables and files', async () => {
    await created(['secret', 'generic', 'used', '--from-literal=password=sesame']);
    await created(['configmap', 'used', `--from-file=${files}`]);
    const manifest = `
apiVersion: v1
kind: Pod
metadata: { name: reader }
spec:
  restartPolicy: Never
  containers:
    - name: main
      image: busybox
      command: [sh, -c, 'echo $password; cat /etc/game/game.properties; wc -c < /etc/game/logo.bin']
      envFrom: [{ secretRef: { name: used } }]
      volumeMounts: [{ name: game, mountPath: /etc/game }]
  volumes: [{ name: game, configMap: { name: used } }]
`;
    await cluster.kubectl(['apply', '-f', '-'], { stdin: manifest });
    await cluster.kubectl(['wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/reader', '--timeout=30s']);
    expect(await cluster.kubectl(['logs', 'reader'])).toBe('sesame\nlives=3\nenemies=aliens\n4\n');
  });
});

describe('reports errors', () => {
  test.each<[rule: string, args: readonly string[], message: string]>([
    ['an invalid key', ['secret', 'generic', 'x', '--from-literal=a b=c'], '"a b" is not valid key name'],
    [
      'a duplicate key',
      ['secret', 'generic', 'x', '--from-literal=a=1', '--from-literal=a=2'],
      'cannot add key a, another key by that name already exists',
    ],
    ['a file that does not exist', ['configmap', 'x', '--from-file=/no/such/file'], 'no such file or directory'],
    [
      'literals combined with an env file',
      ['secret', 'generic', 'x', '--from-literal=a=1', '--from-env-file=/dev/null'],
      'from-env-file cannot be combined with from-file or from-literal',
    ],
    ['an invalid name', ['configmap', 'A_b'], 'metadata.name: Invalid value: "A_b"'],
    [
      'a type without its required key',
      ['secret', 'generic', 'x', '--type=kubernetes.io/ssh-auth', '--from-literal=a=b'],
      'data[ssh-privatekey]: Required value',
    ],
    [
      'a Docker config that is not JSON',
      ['secret', 'generic', 'x', '--type=kubernetes.io/dockerconfigjson', '--from-literal=.dockerconfigjson={'],
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>"',
    ],
    ['an invalid certificate', ['secret', 'tls', 'x', '--cert=/dev/null', '--key=/dev/null'], 'tls: failed to find'],
  ])('%s', async (_rule, args, message) => {
    const { code, stderr } = await cluster.tryKubectl(['create', ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });

  test('an object that already exists', async () => {
    await created(['configmap', 'twice']);
    const { stderr } = await cluster.tryKubectl(['create', 'configmap', 'twice']);
    expect(stderr).toBe('error: failed to create configmap: configmaps "twice" already exists\n');
  });

  test('more than 1 MiB', async () => {
    const file = join(cluster.folder, 'large');
    await writeFile(file, 'x'.repeat(1024 * 1024 + 1));
    const { stderr } = await cluster.tryKubectl(['create', 'secret', 'generic', 'large', `--from-file=${file}`]);
    expect(stderr).toContain('data: Too long: may not be more than 1048576 bytes');
  });
});
