import type { Volume } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** emptyDir and hostPath volumes, and how volumes are mounted (Kubernetes "Volumes"). */

type PodContainer = Parameters<typeof service>[0];

const nodeFiles = (cluster: PodScenario) => {
  const runtime = cluster.nodes.runtime('node1');
  if (runtime === undefined) throw new Error('node1 does not run');
  return runtime.files;
};
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const sh = async (cluster: PodScenario, command: string, container = 'main') => {
  const { stdout, stderr } = await cluster.exec('default/web', ['sh', '-c', command], { container });
  return stdout + stderr;
};
const data = { name: 'data', mountPath: '/data' };

describe('emptyDir', () => {
  test('is shared by all containers of the Pod, survives their restarts, and is deleted with the Pod', async () => {
    const cluster = await podScenario();
    const { metadata } = await cluster.start({
      containers: [
        script('echo begun >> /data/log; sleep 5; exit 1', { volumeMounts: [data] }),
        service({ name: 'other', volumeMounts: [{ name: 'data', mountPath: '/elsewhere' }] }),
      ],
      volumes: [{ name: 'data', emptyDir: {} }],
    });
    await cluster.advance('12s');
    expect(await sh(cluster, 'cat /elsewhere/log', 'other')).toBe('begun\nbegun\n');
    const path = `/var/lib/kubelet/pods/${metadata.uid}/volumes/kubernetes.io~empty-dir/data`;
    expect(nodeFiles(cluster).stat(path)?.type).toBe('directory');
    await cluster.remove();
    await cluster.advance('1m');
    expect(nodeFiles(cluster).stat(path)).toBeUndefined();
  });

  test('is empty, open to every user, and each Pod has its own', async () => {
    const cluster = await podScenario();
    const spec = {
      containers: [service({ volumeMounts: [data], securityContext: { runAsUser: 1000 } })],
      volumes: [{ name: 'data', emptyDir: {} }],
    };
    await cluster.start(spec);
    await cluster.start(spec, { name: 'second' });
    expect(await sh(cluster, 'touch /data/mine && ls -ld /data | cut -c1-10; ls /data')).toBe('drwxrwxrwx\nmine\n');
    expect((await cluster.exec('default/second', ['ls', '/data'])).stdout).toBe('');
  });

  test('a volume without a source is an emptyDir', async () => {
    const cluster = await podScenario();
    await cluster.start({ containers: [service({ volumeMounts: [data] })], volumes: [{ name: 'data' }] });
    expect((await cluster.pod()).spec.volumes?.[0]).toEqual({ name: 'data', emptyDir: {} });
    expect(await sh(cluster, 'echo a > /data/a && cat /data/a')).toBe('a\n');
  });

  test('over its sizeLimit: the Pod is evicted, and the message names volume and limit', async () => {
    const cluster = await podScenario();
    await cluster.start({
      containers: [script('head -c 2000000 /dev/zero > /data/big; sleep 1000', { volumeMounts: [data] })],
      volumes: [{ name: 'data', emptyDir: { sizeLimit: '1Mi' } }],
    });
    await cluster.advance('1m');
    expect((await cluster.pod()).status).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'Usage of EmptyDir volume "data" exceeds the limit "1Mi". ',
    });
    expect(await cluster.events()).toContain(
      'Warning Evicted: Usage of EmptyDir volume "data" exceeds the limit "1Mi". ',
    );
  });

  test.each([
    ['Memory', 'tmpfs'],
    ['', '61267'],
  ] as const)('of medium %j is of the file system %s, also without a limit', async (medium, type) => {
    const cluster = await podScenario();
    const agnhost = { name: 'main', image: 'registry.k8s.io/e2e-test-images/agnhost', volumeMounts: [data] };
    await cluster.start({ containers: [agnhost], volumes: [{ name: 'data', emptyDir: { medium } }] });
    const { stdout } = await cluster.exec('default/web', ['/agnhost', 'mounttest', '--fs_type=/data']);
    expect(stdout).toBe(`mount type of "/data": ${type}\n`);
  });

  test('of medium Memory is limited to its sizeLimit: further writes fail, and no Pod is evicted', async () => {
    const cluster = await podScenario();
    await cluster.start({
      containers: [
        service({ volumeMounts: [data] }),
        service({ name: 'other', volumeMounts: [{ ...data, mountPath: '/elsewhere' }] }),
      ],
      volumes: [{ name: 'data', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }],
    });
    expect(await sh(cluster, 'head -c 900000 /dev/zero > /data/a && echo fits')).toBe('fits\n');
    expect(await sh(cluster, 'head -c 200000 /dev/zero > /elsewhere/b || echo full', 'other')).toBe(
      'full\nhead: write error: No space left on device\n',
    );
    expect(await sh(cluster, 'echo $(head -c 150000 /dev/zero | tr "\\0" x) > /data/d')).toContain(
      'No space left on device',
    );
    expect(await sh(cluster, 'rm /elsewhere/*; head -c 1048576 /dev/zero > /elsewhere/c && echo fits', 'other')).toBe(
      'fits\n',
    );
    expect(await sh(cluster, 'ls /data')).toBe('c\n');
    await cluster.advance('2m');
    expect(await cluster.row()).toMatchObject({ ready: '2/2', status: 'Running' });
  });

  test('within its sizeLimit nothing happens', async () => {
    const cluster = await podScenario();
    await cluster.start({
      containers: [script('head -c 900000 /dev/zero > /data/big; sleep 1000', { volumeMounts: [data] })],
      volumes: [{ name: 'data', emptyDir: { sizeLimit: '1Mi' } }],
    });
    await cluster.advance('2m');
    expect(await cluster.row()).toMatchObject({ status: 'Running' });
  });
});

describe('hostPath', () => {
  test('belongs to the node: other Pods on the node read what one Pod writes, and the data persists', async () => {
    const cluster = await podScenario();
    const volumes: Volume[] = [{ name: 'data', hostPath: { path: '/srv/shared' } }];
    await cluster.start({ containers: [script('echo one > /data/a; sleep 1000', { volumeMounts: [data] })], volumes });
    await cluster.start({ containers: [service({ volumeMounts: [data] })], volumes }, { name: 'second' });
    expect((await cluster.exec('default/second', ['cat', '/data/a'])).stdout).toBe('one\n');
    await cluster.remove('web', 0);
    await cluster.settle();
    expect(text(nodeFiles(cluster).readFile('/srv/shared/a'))).toBe('one\n');
  });

  test('on another node it is another directory', async () => {
    const cluster = await podScenario({ nodes: 2 });
    const volumes: Volume[] = [{ name: 'data', hostPath: { path: '/srv/shared' } }];
    await cluster.start({
      nodeName: 'node1',
      containers: [script('echo one > /data/a; sleep 1000', { volumeMounts: [data] })],
      volumes,
    });
    await cluster.start(
      { nodeName: 'node2', containers: [service({ volumeMounts: [data] })], volumes },
      { name: 'second' },
    );
    expect((await cluster.exec('default/second', ['ls', '/data'])).stdout).toBe('');
  });

  test.for([
    ['', 'nothing', undefined],
    ['', 'file', undefined],
    ['DirectoryOrCreate', 'nothing', undefined],
    ['DirectoryOrCreate', 'directory', undefined],
    ['DirectoryOrCreate', 'file', '/host/x is not a directory'],
    ['Directory', 'directory', undefined],
    ['Directory', 'nothing', '/host/x is not a directory'],
    ['Directory', 'file', '/host/x is not a directory'],
    ['FileOrCreate', 'nothing', undefined],
    ['FileOrCreate', 'file', undefined],
    ['FileOrCreate', 'directory', '/host/x is not a file'],
    ['File', 'file', undefined],
    ['File', 'nothing', '/host/x is not a file'],
    ['File', 'directory', '/host/x is not a file'],
    ['Socket', 'file', '/host/x is not a socket file'],
    ['Socket', 'nothing', '/host/x is not a socket file'],
    ['CharDevice', 'file', '/host/x is not a character device'],
    ['BlockDevice', 'file', '/host/x is not a block device'],
  ] as const)('type "%s" over %s: %s', async ([type, found, failure]) => {
    const cluster = await podScenario();
    const files = nodeFiles(cluster);
    files.mkdir('/host', { mode: 0o755 });
    if (found === 'directory') files.mkdir('/host/x', { mode: 0o755 });
    if (found === 'file') files.writeFile('/host/x', 'old', { mode: 0o644 });
    await cluster.start({
      containers: [service({ volumeMounts: [data] })],
      volumes: [{ name: 'data', hostPath: { path: '/host/x', ...(type === '' ? {} : { type }) } }],
    });
    await cluster.advance('5s');
    if (failure === undefined) {
      expect(await cluster.row()).toMatchObject({ status: 'Running' });
      const made = type.startsWith('File') || found === 'file' ? 'file' : 'directory';
      expect(files.stat('/host/x')?.type).toBe(made);
      return;
    }
    expect(await cluster.row()).toMatchObject({ status: 'ContainerCreating' });
    expect((await cluster.events()).join('\n')).toContain(
      `Warning FailedMount: MountVolume.SetUp failed for volume "data" : hostPath type check failed: ${failure}`,
    );
  });

  test('a failed check is retried, and the Pod starts once the path is right', async () => {
    const cluster = await podScenario();
    await cluster.start({
      containers: [service({ volumeMounts: [data] })],
      volumes: [{ name: 'data', hostPath: { path: '/host/x', type: 'Directory' } }],
    });
    await cluster.advance('3s');
    expect(await cluster.row()).toMatchObject({ status: 'ContainerCreating' });
    nodeFiles(cluster).mkdir('/host/x', { mode: 0o755 });
    await cluster.advance('10s');
    expect(await cluster.row()).toMatchObject({ status: 'Running' });
  });

  test.for([
    ['', 'spec.volumes[0].hostPath.path: Required value'],
    ['/a/../b', 'spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\''],
  ] as const)('path "%s" is refused', async ([path, message]) => {
    const cluster = await podScenario();
    await expect(
      cluster.start({ containers: [service()], volumes: [{ name: 'data', hostPath: { path } }] }),
    ).rejects.toThrow(message);
  });
});

describe('mounts', () => {
  test('readOnly: one container may write the volume, the other may not', async () => {
    const cluster = await podScenario();
    await cluster.start({
      containers: [
        service({ volumeMounts: [{ ...data, readOnly: true }] }),
        service({ name: 'writer', volumeMounts: [data] }),
      ],
      volumes: [{ name: 'data', emptyDir: {} }],
    });
    expect(await sh(cluster, 'echo a > /data/a', 'writer')).toBe('');
    expect(await sh(cluster, 'cat /data/a; echo b > /data/a')).toContain('a\n');
    expect(await sh(cluster, 'echo b > /data/a')).toContain('Read-only file system');
    expect(await sh(cluster, 'rm /data/a')).toContain('Read-only file system');
  });

  test('a mount hides the image’s files at its path; a subPath of one file hides only that file', async () => {
    const cluster = await podScenario();
    await cluster.apply(
      '{ apiVersion: v1, kind: ConfigMap, metadata: { name: c, namespace: default }, data: { index.html: hello } }',
    );
    const volumes: Volume[] = [{ name: 'data', configMap: { name: 'c' } }];
    await cluster.start({
      containers: [
        { name: 'main', image: 'nginx', volumeMounts: [{ name: 'data', mountPath: '/usr/share/nginx/html' }] },
        {
          name: 'other',
          image: 'nginx',
          command: ['sleep', '1000'],
          volumeMounts: [{ name: 'data', mountPath: '/usr/share/nginx/html/index.html', subPath: 'index.html' }],
        },
      ],
      volumes,
    });
    expect(await sh(cluster, 'ls /usr/share/nginx/html')).toBe('index.html\n');
    expect(await sh(cluster, 'cat /usr/share/nginx/html/index.html; ls /usr/share/nginx/html', 'other')).toBe(
      'hello50x.html\nindex.html\n',
    );
  });

  test('subPath: one volume holds a directory for each container; missing directories are created', async () => {
    const cluster = await podScenario();
    await cluster.start({
      containers: [
        script('echo mine > /data/f; sleep 1000', { volumeMounts: [{ ...data, subPath: 'one/deep' }] }),
        service({
          name: 'other',
          volumeMounts: [
            { ...data, mountPath: '/all' },
            { ...data, subPath: 'two' },
          ],
        }),
      ],
      volumes: [{ name: 'data', emptyDir: {} }],
    });
    expect(await sh(cluster, 'cat /all/one/deep/f; ls /all /data', 'other')).toBe('mine\n/all:\none\ntwo\n\n/data:\n');
  });

  test('subPathExpr is expanded from the container’s environment', async () => {
    const cluster = await podScenario();
    await cluster.start({
      containers: [
        service({
          env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          volumeMounts: [{ ...data, subPathExpr: 'logs/$(POD)' }],
        }),
      ],
      volumes: [{ name: 'data', hostPath: { path: '/srv/logs', type: 'DirectoryOrCreate' } }],
    });
    expect(await sh(cluster, 'echo a > /data/a')).toBe('');
    expect(text(nodeFiles(cluster).readFile('/srv/logs/logs/web/a'))).toBe('a\n');
  });

  test.for<readonly [string, PodContainer, string]>([
    [
      'an undefined variable',
      { volumeMounts: [{ ...data, subPathExpr: '$(NOWHERE)/$(AWAY)' }] },
      'missing value for AWAY, NOWHERE',
    ],
    [
      'a variable that is empty',
      { env: [{ name: 'NONE', value: '' }], volumeMounts: [{ ...data, subPathExpr: 'a/$(NONE)' }] },
      'missing value for NONE',
    ],
    [
      'a variable that leads up',
      { env: [{ name: 'UP', value: '../../etc' }], volumeMounts: [{ ...data, subPathExpr: 'a/$(UP)' }] },
      "unable to provision SubPath `a/../../etc`: must not contain '..'",
    ],
    [
      'a variable that is an absolute path',
      { env: [{ name: 'ROOT', value: '/etc' }], volumeMounts: [{ ...data, subPathExpr: '$(ROOT)' }] },
      'error SubPath `/etc` must not be an absolute path',
    ],
    [
      'a file where a directory must be',
      { volumeMounts: [{ ...data, subPath: 'file/deep' }] },
      'failed to create subPath directory for volumeMount "data" of container "main"',
    ],
    [
      'a link that leads out of the volume',
      { volumeMounts: [{ ...data, subPath: 'out' }] },
      'failed to prepare subPath for volumeMount "data" of container "main"',
    ],
    [
      'a link that leads out of the volume, on the way',
      { volumeMounts: [{ ...data, subPath: 'up/etc/hosts' }] },
      'failed to prepare subPath for volumeMount "data" of container "main"',
    ],
    [
      'a link that leads out through a missing directory',
      { volumeMounts: [{ ...data, subPath: 'over' }] },
      'failed to prepare subPath for volumeMount "data" of container "main"',
    ],
  ])(
    'a subPath of %s: CreateContainerConfigError, and nothing of the node is revealed',
    async ([, fields, message]) => {
      const cluster = await podScenario();
      await cluster.start({
        initContainers: [
          script(
            'ln -s /etc /data/out; ln -s ../../../../../.. /data/up; ln -s no/../../../../../../etc /data/over; echo > /data/file',
            {
              name: 'link',
              volumeMounts: [data],
            },
          ),
        ],
        containers: [service(fields)],
        volumes: [{ name: 'data', emptyDir: {} }],
      });
      await cluster.advance('5s');
      expect(await cluster.row()).toMatchObject({ status: 'CreateContainerConfigError' });
      expect((await cluster.pod()).status?.containerStatuses?.[0]?.state?.waiting).toEqual({
        reason: 'CreateContainerConfigError',
        message,
      });
    },
  );

  test('a link that stays in the volume is a subPath', async () => {
    const cluster = await podScenario();
    await cluster.start({
      initContainers: [
        script('mkdir /data/real; echo in > /data/real/f; ln -s real /data/link', {
          name: 'link',
          volumeMounts: [data],
        }),
      ],
      containers: [service({ volumeMounts: [{ ...data, subPath: 'link' }] })],
      volumes: [{ name: 'data', emptyDir: {} }],
    });
    await cluster.advance('5s');
    expect(await sh(cluster, 'cat /data/f')).toBe('in\n');
  });

  test.for([
    ['../up', 'subPath: Invalid value: "../up": must not contain \'..\''],
    ['a/../../b', 'subPath: Invalid value: "a/../../b": must not contain \'..\''],
    ['/absolute', 'subPath: Invalid value: "/absolute": must be a relative path'],
  ] as const)('subPath %s is refused', async ([subPath, message]) => {
    const cluster = await podScenario();
    await expect(
      cluster.start({
        containers: [service({ volumeMounts: [{ ...data, subPath }] })],
        volumes: [{ name: 'data', emptyDir: {} }],
      }),
    ).rejects.toThrow(message);
  });

  test.for<readonly [string, Parameters<PodScenario['start']>[0], string]>([
    [
      'a mount of a volume that the Pod has not',
      { containers: [service({ volumeMounts: [data] })] },
      'spec.containers[0].volumeMounts[0].name: Not found: "data"',
    ],
    [
      'two mounts at one path',
      {
        containers: [service({ volumeMounts: [data, { ...data, name: 'other' }] })],
        volumes: [
          { name: 'data', emptyDir: {} },
          { name: 'other', emptyDir: {} },
        ],
      },
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/data": must be unique',
    ],
    [
      'two volumes of one name',
      {
        containers: [service()],
        volumes: [
          { name: 'data', emptyDir: {} },
          { name: 'data', emptyDir: {} },
        ],
      },
      'spec.volumes[1].name: Duplicate value: "data"',
    ],
    [
      'a volume with two sources',
      { containers: [service()], volumes: [{ name: 'data', emptyDir: {}, hostPath: { path: '/a' } }] },
      'may not specify more than 1 volume type',
    ],
    [
      'subPath together with subPathExpr',
      {
        containers: [service({ volumeMounts: [{ ...data, subPath: 'a', subPathExpr: 'b' }] })],
        volumes: [{ name: 'data', emptyDir: {} }],
      },
      'subPathExpr and subPath are mutually exclusive',
    ],
    [
      'Bidirectional propagation of a container that is not privileged',
      {
        containers: [service({ volumeMounts: [{ ...data, mountPropagation: 'Bidirectional' }] })],
        volumes: [{ name: 'data', emptyDir: {} }],
      },
      'Bidirectional mount propagation is available only to privileged containers',
    ],
  ])('%s is refused', async ([, spec, message]) => {
    const cluster = await podScenario();
    await expect(cluster.start(spec)).rejects.toThrow(message);
  });

  test('with any mountPropagation, a mount shows files that the node adds later', async () => {
    const cluster = await podScenario();
    await cluster.start({
      containers: [
        service({ volumeMounts: [{ ...data, mountPropagation: 'HostToContainer' }] }),
        service({ name: 'private', volumeMounts: [data] }),
      ],
      volumes: [{ name: 'data', hostPath: { path: '/srv/mounts', type: 'DirectoryOrCreate' } }],
    });
    expect(await cluster.row()).toMatchObject({ status: 'Running', ready: '2/2' });
    nodeFiles(cluster).writeFile('/srv/mounts/new', 'x', { mode: 0o644 });
    expect(await sh(cluster, 'ls /data')).toBe('new\n');
    expect(await sh(cluster, 'ls /data', 'private')).toBe('new\n');
  });
});
