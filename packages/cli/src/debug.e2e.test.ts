import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from './running-cluster.fixture.ts';

/** `kubectl debug` in its three forms: a container more in a Pod, a copy of a Pod, a Pod on a node; and `kubectl run`. */
let cluster: RunningCluster;

const app = `
apiVersion: v1
kind: Pod
metadata: { name: app, labels: { app: app } }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - { name: main, image: busybox, command: [sleep, "36000"] }
    - { name: web, image: nginx, readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 } }
`;

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '2']);
  await cluster.kubectl(['apply', '-f', '-'], { stdin: app });
  await ready('app');
});

afterAll(async () => {
  await cluster?.stop();
});

const ready = (name: string) => cluster.kubectl(['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s']);
const at = (name: string, path: string) => cluster.kubectl(['get', 'pod', name, '-o', `jsonpath={${path}}`]);
const invitation = "If you don't see a command prompt, try pressing enter.";

interface DebugPod {
  readonly spec: {
    readonly hostPID?: boolean;
    readonly hostIPC?: boolean;
    readonly hostNetwork?: boolean;
    readonly containers: readonly {
      readonly securityContext?: object;
      readonly volumeMounts?: readonly { readonly mountPath: string }[];
    }[];
    readonly ephemeralContainers?: readonly object[];
  };
}

const pod = async (name: string) => JSON.parse(await cluster.kubectl(['get', 'pod', name, '-o', 'json'])) as DebugPod;

const profiles: readonly [profile: string, securityContext: object | undefined][] = [
  ['general', { capabilities: { add: ['SYS_PTRACE'] } }],
  ['baseline', undefined],
  [
    'restricted',
    {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  ],
  ['netadmin', { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } }],
  ['sysadmin', { privileged: true }],
];

describe('an ephemeral container', () => {
  test('at a terminal: it sees its target’s processes and files, and the Pod’s network', async () => {
    const user = await cluster.terminal([
      ...['debug', '-it', 'app', '--image=busybox', '--target=web', '-c', 'first', '--profile=general'],
    ]);
    await user.sees(invitation);
    user.type('\rps\r');
    await user.sees('nginx: master process');
    user.type('wget -qO- localhost | grep title\r');
    await user.sees('<title>Welcome to nginx!</title>');
    user.type('ls /proc/1/root/etc/nginx/nginx.conf\r');
    await user.sees('\n/proc/1/root/etc/nginx/nginx.conf\n/ #');
    user.type('hostname\r');
    await user.sees('\napp\n/ #');
    user.type('exit 3\r');
    await user.ended;
    await cluster.until(
      ['get', 'pod', 'app', '-o', 'jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.exitCode}'],
      (out) => out === '3',
    );
  });

  test('a second one beside the first; neither is restarted or counted as ready', async () => {
    await cluster.kubectl(['debug', 'app', '--image=alpine', '-c', 'second', '--profile=baseline', '--', 'true']);
    await cluster.until(
      ['get', 'pod', 'app', '-o', 'jsonpath={.status.ephemeralContainerStatuses[*].state.terminated.reason}'],
      (out) => out === 'Error Completed',
    );
    expect(await at('app', '.spec.ephemeralContainers[*].name')).toBe('first second');
    expect(await at('app', '.status.ephemeralContainerStatuses[*].restartCount')).toBe('0 0');
    expect(await cluster.kubectl(['get', 'pod', 'app', '--no-headers'])).toMatch(/^app +2\/2 +Running +0 /);
  });

  test('describe shows it, with its state and its events', async () => {
    const text = await cluster.kubectl(['describe', 'pod', 'app']);
    expect(text).toMatch(
      /^Ephemeral Containers:\n {2}first:\n {4}Container ID: +sim:\S+\n {4}Image: +busybox\n[\s\S]*?State: +Terminated\n +Reason: +Error\n +Exit Code: +3$/m,
    );
    expect(text).toMatch(/Started +\S+ +kubelet +spec\.ephemeralContainers\{first\}: Started container first/);
  });

  test('serves logs and exec', async () => {
    await cluster.kubectl([
      ...['debug', 'app', '--image=busybox', '-c', 'talking', '--profile=general', '--'],
      ...['sh', '-c', 'echo hello; sleep 36000'],
    ]);
    await cluster.until(['logs', 'app', '-c', 'talking'], (out) => out === 'hello\n');
    expect(await cluster.kubectl(['exec', 'app', '-c', 'talking', '--', 'echo', 'hi'])).toBe('hi\n');
  });

  test.each(profiles)('profile %s', async (profile, securityContext) => {
    const name = `as-${profile}`;
    const run = ['debug', 'app', '--image=busybox', '-c', name, `--profile=${profile}`, '--', 'sleep', '36000'];
    await cluster.kubectl(run);
    const { ephemeralContainers = [] } = (await pod('app')).spec;
    const made = ephemeralContainers.find((one) => (one as { name: string }).name === name);
    expect((made as { securityContext?: object }).securityContext).toEqual(securityContext);
    const state = `jsonpath={.status.ephemeralContainerStatuses[?(@.name=="${name}")].state}`;
    await cluster.until(['get', 'pod', 'app', '-o', state], (out) =>
      // The image of BusyBox runs as root, which a restricted container may not.
      out.includes(profile === 'restricted' ? 'container has runAsNonRoot and image will run as root' : 'running'),
    );
  });
});

describe('a copy', () => {
  test('with another image and command, a shared process table, and a shell in it', async () => {
    const user = await cluster.terminal([
      ...['debug', '-it', 'app', '--copy-to=copy', '--share-processes', '--container=main', '--image=alpine'],
      ...['--profile=general', '--', 'sh'],
    ]);
    await user.sees(invitation);
    user.type('\rps | grep -v grep | grep nginx:\r');
    await user.sees('nginx: master process');
    user.type('cat /etc/os-release\r');
    await user.sees('Alpine Linux');
    await user.close();
    expect(await at('copy', '.spec.containers[*].image')).toBe('alpine nginx');
    expect(await at('copy', '.spec.shareProcessNamespace')).toBe('true');
    expect(await at('copy', '.metadata.labels')).toBe('');
    expect(await at('copy', '.spec.containers[1].readinessProbe')).toBe('');
  });

  test('on the same node, with images changed by --set-image', async () => {
    await cluster.kubectl([
      ...['debug', 'app', '--copy-to=changed', '--same-node', '--set-image=main=alpine,web=nginx:1.27'],
    ]);
    await ready('changed');
    expect(await at('changed', '.spec.containers[*].image')).toBe('alpine nginx:1.27');
    expect(await at('changed', '.spec.nodeName')).toBe(await at('app', '.spec.nodeName'));
  });

  test('--replace removes the original', async () => {
    await cluster.kubectl(['debug', 'changed', '--copy-to=changed-again', '--replace', '--set-image=*=nginx:1.28']);
    expect((await cluster.tryKubectl(['get', 'pod', 'changed'])).stderr).toBe(
      'Error from server (NotFound): pods "changed" not found\n',
    );
    await ready('changed-again');
  });
});

describe('a node', () => {
  const debugNode = async (profile: string): Promise<string> => {
    const text = 'hostname; ps; cat /host/etc/hostname';
    const recorded = await cluster.kubectl([
      ...['debug', 'node/node1', '--image=busybox', `--profile=${profile}`, '--', 'sh', '-c', text],
    ]);
    return /^Creating debugging pod (\S+) with container debugger on node node1\.$/m.exec(recorded)?.[1] ?? '';
  };

  test.each(['general', 'sysadmin'])('profile %s: in the node’s namespaces, with its files', async (profile) => {
    const name = await debugNode(profile);
    await cluster.kubectl(['wait', '--for=jsonpath={.status.phase}=Succeeded', `pod/${name}`, '--timeout=60s']);
    const { spec } = await pod(name);
    expect(spec).toMatchObject({ nodeName: 'node1', hostPID: true, hostIPC: true, hostNetwork: true });
    expect(spec.containers[0]?.volumeMounts).toContainEqual({ mountPath: '/host', name: 'host-root' });
    expect(spec.containers[0]?.securityContext).toEqual(profile === 'sysadmin' ? { privileged: true } : undefined);
    expect(await cluster.kubectl(['logs', name])).toMatch(/^node1\nPID[\s\S]*\/kubelet [\s\S]*\nnode1\n$/);
  });

  test('profile netadmin: in the node’s namespaces, without its files', async () => {
    const { spec } = await pod(await debugNode('netadmin'));
    expect(spec).toMatchObject({ hostPID: true, hostIPC: true, hostNetwork: true });
    expect(spec.containers[0]?.securityContext).toEqual({ capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } });
    expect(spec.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).not.toContain('/host');
  });

  test.each(['baseline', 'restricted'])('profile %s: no access to the node', async (profile) => {
    const { spec } = await pod(await debugNode(profile));
    expect([spec.hostPID, spec.hostIPC, spec.hostNetwork]).toEqual([undefined, undefined, undefined]);
  });

  test('at a terminal', async () => {
    const user = await cluster.terminal(['debug', '-it', 'node/node2', '--image=busybox', '--profile=general']);
    await user.sees(invitation);
    user.type('\rcat /host/etc/hostname\r');
    await user.sees('\nnode2\n/ #');
    user.type('exit\r');
    expect(await user.ended).toBe(0);
  });
});

describe('refuses', () => {
  test.each<[rule: string, args: readonly string[], message: string]>([
    [
      'a target that the Pod does not have',
      ['app', '--image=busybox', '--target=nobody'],
      'The Pod "app" is invalid: spec.ephemeralContainers[8].targetContainerName: Not found: "nobody"\n',
    ],
    [
      'a Pod that does not exist',
      ['nobody', '--image=busybox'],
      'Error from server (NotFound): pods "nobody" not found\n',
    ],
    [
      'a node that does not exist',
      ['node/nobody', '--image=busybox'],
      'Error from server (NotFound): nodes "nobody" not found\n',
    ],
    ['no image', ['app'], 'error: you must specify --image when not using --copy-to.\n'],
    [
      'a name that is already taken',
      ['app', '--copy-to=copy', '--image=busybox'],
      'Error from server (AlreadyExists): pods "copy" already exists\n',
    ],
  ])('%s', async (_rule, args, message) => {
    const refused = await cluster.tryKubectl(['debug', ...args, '--profile=general']);
    expect(refused.stderr).toContain(message);
    expect(refused.code).toBe(1);
  });

  const path = '/api/v1/namespaces/default/pods/app/ephemeralcontainers';

  test.each<[rule: string, change: (containers: object[]) => unknown, message: string]>([
    [
      'changing an existing one',
      ([first, ...others]) => [{ ...first, image: 'alpine' }, ...others],
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "first" may not be changed\n',
    ],
    [
      'removing one',
      ([, ...others]) => others,
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "first" may not be removed\n',
    ],
    [
      'ports and probes',
      (all) => [
        ...all,
        { name: 'x', image: 'busybox', ports: [{ containerPort: 1 }], livenessProbe: { exec: { command: ['true'] } } },
      ],
      '* spec.ephemeralContainers[8].ports: Forbidden: cannot be set for an Ephemeral Container\n* spec.ephemeralContainers[8].livenessProbe: Forbidden: cannot be set for an Ephemeral Container\n',
    ],
  ])('%s', async (_rule, change, message) => {
    const now = await pod('app');
    const file = join(cluster.folder, 'changed.json');
    const ephemeralContainers = change([...(now.spec.ephemeralContainers ?? [])]);
    await writeFile(file, JSON.stringify({ ...now, spec: { ...now.spec, ephemeralContainers } }));
    const refused = await cluster.tryKubectl(['replace', '--raw', path, '-f', file]);
    expect(refused.stderr).toContain('The Pod "app" is invalid: ');
    expect(refused.stderr).toContain(message);
    expect(refused.code).toBe(1);
  });

  test('ephemeral containers in a new Pod, or through the Pod itself', async () => {
    const ephemeralContainers = [{ name: 'x', image: 'busybox' }];
    const refused = await cluster.tryKubectl([
      'run',
      'new',
      '--image=nginx',
      `--overrides=${JSON.stringify({ spec: { ephemeralContainers } })}`,
    ]);
    expect(refused.stderr).toContain('spec.ephemeralContainers: Forbidden: cannot be set on create');
    const patched = await cluster.tryKubectl([
      'patch',
      'pod',
      'app',
      '-p',
      JSON.stringify({ spec: { ephemeralContainers } }),
    ]);
    expect(patched.stderr).toContain('spec: Forbidden: pod updates may not change fields other than');
  });
});

describe('run', () => {
  test('a Pod with labels, variables, a port and its Service', async () => {
    const run = [
      'run',
      'shop',
      '--image=nginx',
      '--labels=app=shop,tier=web',
      '--env=A=1',
      '--env=B=x y',
      '--port=80',
      '--expose',
    ];
    expect(await cluster.kubectl(run)).toBe('service/shop created\npod/shop created\n');
    await ready('shop');
    expect(await cluster.kubectl(['exec', 'shop', '--', 'sh', '-c', 'echo $A $B'])).toBe('1 x y\n');
    expect(await at('shop', '.metadata.labels')).toBe('{"app":"shop","tier":"web"}');
    expect(
      await cluster.kubectl(['get', 'service', 'shop', '-o', 'jsonpath={.spec.selector} {.spec.ports[0].port}']),
    ).toBe('{"app":"shop","tier":"web"} 80');
    await cluster.until(['exec', 'app', '-c', 'main', '--', 'wget', '-qO-', 'http://shop'], (out) =>
      out.includes('Welcome to nginx!'),
    );
  });

  test('without labels it gets run=NAME; --command replaces the entrypoint, arguments alone do not', async () => {
    await cluster.kubectl(['run', 'plain', '--image=busybox', '--restart=Never', '--', 'echo', 'hello']);
    await cluster.kubectl([
      'run',
      'commanded',
      '--image=busybox',
      '--restart=OnFailure',
      '--command',
      '--',
      'echo',
      'hi',
    ]);
    expect(await at('plain', '.metadata.labels')).toBe('{"run":"plain"}');
    expect(await at('plain', '.spec.containers[0].args')).toBe('["echo","hello"]');
    expect(await at('plain', '.spec.restartPolicy')).toBe('Never');
    expect(await at('commanded', '.spec.containers[0].command')).toBe('["echo","hi"]');
    expect(await at('commanded', '.spec.restartPolicy')).toBe('OnFailure');
    await cluster.until(['logs', 'plain'], (out) => out === 'hello\n');
  });

  test.each(['client', 'server'])('--dry-run=%s shows the Pod and makes none', async (where) => {
    const text = await cluster.kubectl(['run', 'shown', '--image=nginx', `--dry-run=${where}`, '-o', 'yaml']);
    expect(text).toMatch(/^apiVersion: v1\nkind: Pod\n/);
    expect(text.includes('kube-api-access-')).toBe(where === 'server');
    expect((await cluster.tryKubectl(['get', 'pod', 'shown'])).code).toBe(1);
  });

  test('-i --rm --restart=Never: the command’s exit code is kubectl’s', async () => {
    const run = ['run', '-i', '--rm', '--restart=Never', '--image=busybox'];
    const failed = await cluster.tryKubectl([...run, 'failing', '--', 'sh', '-c', 'echo out; exit 42']);
    expect(failed.stdout).toContain('out\n');
    expect(failed.stdout).toContain('pod "failing" deleted from default namespace\n');
    expect(failed.stderr).toContain('pod default/failing terminated (Error)\n');
    expect(failed.code).toBe(42);
    const good = await cluster.tryKubectl([...run, 'good', '--', 'true']);
    expect(good).toMatchObject({ code: 0, stdout: 'pod "good" deleted from default namespace\n' });
  });

  test('an object that already exists, and an invalid name', async () => {
    const again = await cluster.tryKubectl(['run', 'plain', '--image=busybox']);
    expect(again).toMatchObject({
      code: 1,
      stderr: 'Error from server (AlreadyExists): pods "plain" already exists\n',
    });
    const bad = await cluster.tryKubectl(['run', 'A_b', '--image=busybox']);
    expect(bad.stderr).toContain(
      '* metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of',
    );
    expect(bad.stderr).toContain('* spec.containers[0].name: Invalid value: "A_b": a lowercase RFC 1123 label must');
    expect(bad.code).toBe(1);
  });
});
