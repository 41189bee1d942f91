import type { Container, Pod } from '@orrery/api';
import { catalogue, defineImage } from '@orrery/runtimes/sim';
import { describe, expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** Users, groups and privileges of containers (Kubernetes "Configure a Security Context for a Pod or Container"). */

type PodSecurity = NonNullable<Pod['spec']['securityContext']>;
type ContainerSecurity = NonNullable<Container['securityContext']>;

const busybox = catalogue.find(({ names }) => names.includes('busybox'));
const base = busybox === undefined ? {} : { base: busybox };
const accounts = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000:Alice:/home/alice:/bin/sh\n',
  '/etc/group': 'root:x:0:\nalice:x:1000:\nteam:x:50000:alice\n',
};
const images = [
  defineImage({ name: 'alices', ...base, files: accounts, user: 'alice' }),
  defineImage({ name: 'numeric', ...base, user: '1000:3000' }),
];
const scenario = () => podScenario({ plugins: [{ name: 'images', images }] });

/** The output of a container that runs with these security contexts. */
async function printed(
  text: string,
  contexts: { readonly pod?: PodSecurity; readonly container?: ContainerSecurity; readonly image?: string } = {},
): Promise<string> {
  const { pod = {}, container = {}, image = 'busybox' } = contexts;
  const cluster = await scenario();
  await cluster.start({
    restartPolicy: 'Never',
    securityContext: pod,
    containers: [script(text, { image, securityContext: container })],
  });
  return cluster.logs('default/web');
}
const waiting = async (cluster: PodScenario) => (await cluster.pod()).status?.containerStatuses?.[0]?.state?.waiting;

describe('the user and groups of a container’s processes', () => {
  test.for<readonly [rule: string, contexts: Parameters<typeof printed>[1], ids: string]>([
    ['root by default', {}, '0 0 0'],
    ['the image’s user, by name', { image: 'alices' }, '1000 1000 1000 50000'],
    ['the image’s user and group, by number', { image: 'numeric' }, '1000 3000 3000'],
    ['runAsUser of the Pod, in group 0', { pod: { runAsUser: 2000 } }, '2000 0 0'],
    [
      'runAsUser of the container before the Pod’s',
      { pod: { runAsUser: 2000, runAsGroup: 3000 }, container: { runAsUser: 5 } },
      '5 3000 3000',
    ],
    ['runAsUser overrides the image’s user', { image: 'alices', container: { runAsUser: 0 } }, '0 0 0'],
    ['only runAsGroup, with the image’s user', { image: 'alices', pod: { runAsGroup: 3000 } }, '1000 3000 3000 50000'],
    [
      'a user of the image by number has its groups',
      { image: 'alices', pod: { runAsUser: 1000 } },
      '1000 1000 1000 50000',
    ],
    [
      'supplementalGroups and fsGroup beside those of the image: Merge',
      { image: 'alices', pod: { supplementalGroups: [4000], fsGroup: 2000 } },
      '1000 1000 1000 2000 4000 50000',
    ],
    [
      'supplementalGroups and fsGroup without those of the image: Strict',
      { image: 'alices', pod: { supplementalGroups: [4000], fsGroup: 2000, supplementalGroupsPolicy: 'Strict' } },
      '1000 1000 1000 2000 4000',
    ],
  ])('%s', async ([, contexts, ids]) => {
    const [user, group, ...groups] = (await printed('id -u; id -g; id -G', contexts)).trim().split(/\s+/);
    const numbers = [...new Set(groups)].map(Number).toSorted((a, b) => a - b);
    expect([user, group, ...numbers].join(' ')).toBe(ids);
  });
});

describe('runAsNonRoot', () => {
  const about = (uid: string | undefined) => `(pod: "web_default(${uid})", container: main)`;
  test.for<readonly [rule: string, image: string, pod: PodSecurity, container: ContainerSecurity, message: string]>([
    [
      'an image of root’s',
      'busybox',
      {},
      { runAsNonRoot: true },
      'container has runAsNonRoot and image will run as root ',
    ],
    [
      'asked for by the Pod',
      'busybox',
      { runAsNonRoot: true },
      {},
      'container has runAsNonRoot and image will run as root ',
    ],
    [
      'a user that is root',
      'numeric',
      { runAsNonRoot: true, runAsUser: 0 },
      {},
      "container's runAsUser breaks non-root policy ",
    ],
    [
      'an image whose user has a name',
      'alices',
      { runAsNonRoot: true },
      {},
      'container has runAsNonRoot and image has non-numeric user (alice), cannot verify user is non-root ',
    ],
  ])('rejects %s', async ([, image, pod, container, message]) => {
    const cluster = await scenario();
    const { metadata } = await cluster.start({
      securityContext: pod,
      containers: [service({ image, securityContext: container })],
    });
    const full = message + about(metadata.uid);
    expect(await waiting(cluster)).toEqual({ reason: 'CreateContainerConfigError', message: full });
    expect(await cluster.row()).toMatchObject({ status: 'CreateContainerConfigError' });
    expect(await cluster.events()).toContain(`Warning Failed: Error: ${full}`);
  });

  test.for<readonly [rule: string, image: string, pod: PodSecurity, container: ContainerSecurity]>([
    ['an image with a numeric user', 'numeric', { runAsNonRoot: true }, {}],
    ['a numeric user', 'busybox', { runAsNonRoot: true, runAsUser: 1000 }, {}],
    ['a container that overrides it', 'busybox', { runAsNonRoot: true }, { runAsNonRoot: false }],
  ])('allows %s', async ([, image, pod, container]) => {
    const cluster = await scenario();
    await cluster.start({ securityContext: pod, containers: [service({ image, securityContext: container })] });
    expect(await cluster.row()).toMatchObject({ status: 'Running' });
  });
});

describe('capabilities', () => {
  const status = (container: ContainerSecurity, pod: PodSecurity = {}) =>
    printed('grep -E "^(Cap|NoNew)" /proc/1/status', { container, pod });
  const shown = (permitted: string, bounding = permitted, noNewPrivileges = 0) =>
    `CapInh:\t${'0'.repeat(16)}\nCapPrm:\t${permitted}\nCapEff:\t${permitted}\nCapBnd:\t${bounding}\nCapAmb:\t${'0'.repeat(16)}\nNoNewPrivs:\t${noNewPrivileges}\n`;
  const usual = '00000000a80425fb';
  const none = '0'.repeat(16);

  test.for<readonly [rule: string, container: ContainerSecurity, expected: string]>([
    ['root has the default ones', {}, shown(usual)],
    ['added', { capabilities: { add: ['NET_ADMIN', 'SYS_TIME'] } }, shown('00000000aa0435fb')],
    ['dropped', { capabilities: { drop: ['MKNOD'] } }, shown('00000000a00425fb')],
    ['all dropped', { capabilities: { drop: ['ALL'] } }, shown(none)],
    ['all but one dropped', { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }, shown('0000000000000400')],
    ['all added', { capabilities: { add: ['ALL'] } }, shown('000001ffffffffff')],
    ['a privileged container has all', { privileged: true }, shown('000001ffffffffff')],
    ['a non-root user has none in effect, but the default bounding set', { runAsUser: 1000 }, shown(none, usual)],
    ['allowPrivilegeEscalation false', { allowPrivilegeEscalation: false }, shown(usual, usual, 1)],
  ])('%s', async ([, container, expected]) => {
    expect(await status(container)).toBe(expected);
  });

  test('without CHOWN root cannot change a file’s owner; without DAC_OVERRIDE file permissions apply to it', async () => {
    const text = 'touch /tmp/a; chown 5 /tmp/a; chmod 0 /tmp/a; cat /tmp/a && echo read';
    expect(await printed(text)).toBe('read\n');
    const dropped = await printed(text, { container: { capabilities: { drop: ['ALL'] } } });
    expect(dropped).toContain('Operation not permitted');
    expect(dropped).toContain('Permission denied');
  });

  test('rejects privileged or CAP_SYS_ADMIN together with allowPrivilegeEscalation: false', async () => {
    const cluster = await scenario();
    const start = (securityContext: ContainerSecurity) => cluster.start({ containers: [service({ securityContext })] });
    await expect(start({ privileged: true, allowPrivilegeEscalation: false })).rejects.toThrow(
      'cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    );
    await expect(start({ capabilities: { add: ['CAP_SYS_ADMIN'] }, allowPrivilegeEscalation: false })).rejects.toThrow(
      'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
    );
  });
});

describe('files', () => {
  const mounted = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  const volumes = [{ name: 'data', emptyDir: {} }];
  const listing = async (securityContext: PodSecurity, text: string) => {
    const cluster = await scenario();
    await cluster.start({ restartPolicy: 'Never', securityContext, containers: [script(text, mounted)], volumes });
    return cluster.logs('default/web');
  };

  test('fsGroup owns a volume, is inherited by new files, and can write', async () => {
    const text = 'stat -c "%a %u %g" /data; touch /data/f; stat -c "%u %g" /data/f; mkdir /data/d; stat -c %g /data/d';
    expect(await listing({ runAsUser: 1000, fsGroup: 2000 }, text)).toBe('2777 0 2000\n1000 2000\n2000\n');
  });

  test('without fsGroup new files belong to the user that creates them', async () => {
    expect(await listing({ runAsUser: 1000, runAsGroup: 3000 }, 'touch /data/f; stat -c "%u %g" /data/f')).toBe(
      '1000 3000\n',
    );
  });

  test('readOnlyRootFilesystem: only volumes, /dev/shm and the termination message are writable', async () => {
    const cluster = await scenario();
    const text =
      'for f in /etc/f /tmp/f /root/f; do touch $f; done; touch /data/f && echo volume; touch /dev/shm/f && echo memory; echo bye > /dev/termination-log';
    await cluster.start({
      restartPolicy: 'Never',
      containers: [script(text, { ...mounted, securityContext: { readOnlyRootFilesystem: true } })],
      volumes,
    });
    const log = await cluster.logs('default/web');
    expect(log.match(/Read-only file system/g)).toHaveLength(3);
    expect(log).toContain('volume\nmemory\n');
    expect((await cluster.pod()).status?.containerStatuses?.[0]?.state?.terminated?.message).toBe('bye\n');
  });
});

test.for<readonly [string, PodSecurity, ContainerSecurity, string]>([
  [
    'a user below zero',
    { runAsUser: -1 },
    {},
    'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
  ],
  [
    'a group below zero',
    {},
    { runAsGroup: -1 },
    'spec.containers[0].securityContext.runAsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive',
  ],
  ['a negative fsGroup', { fsGroup: -1 }, {}, 'spec.securityContext.fsGroup: Invalid value: -1'],
  [
    'a supplemental group below zero',
    { supplementalGroups: [-1] },
    {},
    'spec.securityContext.supplementalGroups[0]: Invalid value: -1',
  ],
])('rejects %s', async ([, pod, container, message]) => {
  const cluster = await scenario();
  await expect(
    cluster.start({ securityContext: pod, containers: [service({ securityContext: container })] }),
  ).rejects.toThrow(message);
});
