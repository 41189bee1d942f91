import type { ContainerConfig } from '../runtime.ts';
import { type Credentials, FileView } from './files/file-view.ts';
import type { MountPoint, MountTable } from './files/mount-table.ts';
import { resolvePath } from './files/path.ts';
import { type Layer, newDevice, newDirectory, newFile, newSymlink, type TreeNode, textOf } from './files/tree.ts';
import type { Image } from './images/image.ts';
import { capabilitySet } from './process/capabilities.ts';
import { procDirectory } from './process/proc-files.ts';
import type { Realm } from './process/realm.ts';

/** Devices are the same in every container: shared, and copied by the few that write into /dev. */
const deviceLayer: Layer = { now: () => Date.UTC(2025, 5, 1, 12), changes: { count: 0 } };
const devices = newDirectory(deviceLayer);
for (const name of ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx']) {
  devices.entries.set(name, newDevice(deviceLayer, name));
}
devices.entries.set('fd', newSymlink(deviceLayer, '/proc/self/fd'));
devices.entries.set('stdin', newSymlink(deviceLayer, '/proc/self/fd/0'));
devices.entries.set('stdout', newSymlink(deviceLayer, '/proc/self/fd/1'));
devices.entries.set('stderr', newSymlink(deviceLayer, '/proc/self/fd/2'));
devices.entries.set('pts', newDirectory(deviceLayer));
devices.entries.set('shm', newDirectory(deviceLayer, 0o1777));

/** What the sandbox provides to its containers besides their image. */
export interface SandboxFiles {
  readonly hostname: TreeNode;
  readonly hosts: TreeNode;
  readonly resolvConf: TreeNode;
  /** The shared memory of its IPC namespace. */
  readonly shm: TreeNode;
}

/** Puts together what a container sees: image, its own writable layer, mounts of the node, /proc, /dev, /etc files. */
export function containerTable(options: {
  readonly image: Image;
  readonly config: ContainerConfig;
  readonly layer: Layer;
  readonly node: FileView;
  readonly sandbox: SandboxFiles;
  readonly realm: Realm;
}): MountTable {
  const { image, config, layer, node, sandbox, realm } = options;
  const mounts = new Map<string, MountPoint>();
  const writable: MountTable = { root: { node: image.root, readonly: false, layer }, mounts };
  const view = new FileView(writable);
  const add = (path: string, mounted: TreeNode, readonly: boolean, owner: Layer) => {
    makeMountPoint(view, path, mounted);
    mounts.set(view.realpath(path), { node: mounted, readonly, layer: owner });
  };
  const given = [...config.mounts].sort((one, other) => depth(one.containerPath) - depth(other.containerPath));
  const has = (path: string) => given.some((mount) => resolvePath('/', mount.containerPath) === path);
  add('/dev', devices, false, layer);
  mounts.set('/dev/shm', { node: sandbox.shm, readonly: false, layer: sandbox.shm.layer });
  for (const [path, file] of [
    ['/etc/hostname', sandbox.hostname],
    ['/etc/hosts', sandbox.hosts],
    ['/etc/resolv.conf', sandbox.resolvConf],
  ] as const) {
    if (!has(path)) add(path, file, false, layer);
  }
  for (const mount of given) {
    if (node.find(mount.hostPath) === undefined) node.mkdir(mount.hostPath);
    // Below a read-only mount nothing can be made, so that what is mounted there must have its place already.
    const mounted = node.lookup(mount.hostPath);
    const owner = mounted.layer.quota === undefined ? node.table.root.layer : mounted.layer;
    add(mount.containerPath, mounted, mount.readonly, owner);
  }
  const root = config.security.readonlyRootFilesystem;
  const table: MountTable = { root: { node: writable.root.node, readonly: root, layer }, mounts };
  makeMountPoint(view, '/proc', newDirectory(layer));
  table.root.node = writable.root.node;
  mounts.set('/proc', { node: procDirectory(layer, realm, table), readonly: true, layer });
  return table;
}

function depth(path: string): number {
  return path.split('/').filter((part) => part !== '').length;
}

function makeMountPoint(view: FileView, path: string, mounted: TreeNode): void {
  const existing = view.find(path);
  if (existing !== undefined) return;
  if (mounted.kind === 'directory' || mounted.kind === 'dynamic') view.mkdir(path);
  else {
    view.mkdir(path.slice(0, path.lastIndexOf('/')) || '/');
    view.writeFile(path, '');
  }
}

/** Who a container's processes are (image USER, runAsUser, runAsGroup, supplementalGroups). */
export function credentialsOf(
  table: MountTable,
  image: Image,
  security: ContainerConfig['security'],
): Credentials & { readonly home: string } {
  const view = new FileView(table);
  const [userText = '', groupText] = image.user.split(':');
  const passwd = lines(view, '/etc/passwd');
  const wanted = security.runAsUser === undefined ? userText : String(security.runAsUser);
  const entry = passwd.find(([name, , uid]) => (wanted === '' ? uid === '0' : name === wanted || uid === wanted));
  const uid = entry?.[2] === undefined ? (/^\d+$/.test(wanted) ? Number(wanted) : 0) : Number(entry[2]);
  const group = security.runAsUser === undefined && groupText !== undefined ? groupId(view, groupText) : undefined;
  const gid = security.runAsGroup ?? group ?? Number(entry?.[3] ?? 0);
  const home = entry?.[5] ?? '/';
  const groups = new Set(security.supplementalGroups);
  const name = entry?.[0];
  if (name !== undefined && security.supplementalGroupsPolicy !== 'Strict') {
    for (const own of groupsOf(view, name)) groups.add(own);
  }
  return {
    uid,
    gid,
    groups: [...groups],
    capabilities: capabilitySet(security.privileged, security.capabilities ?? { add: [], drop: [] }),
    noNewPrivileges: security.noNewPrivileges ?? false,
    home,
  };
}

/** The groups that a user is a member of. */
function groupsOf(view: FileView, user: string): number[] {
  return lines(view, '/etc/group').flatMap(([, , id, members]) =>
    id !== undefined && members?.split(',').includes(user) === true ? [Number(id)] : [],
  );
}

function lines(view: FileView, path: string): readonly (readonly string[])[] {
  const node = view.find(path);
  if (node?.kind !== 'file') return [];
  return textOf(view.readFile(path))
    .split('\n')
    .map((line) => line.split(':'));
}

function groupId(view: FileView, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  return Number(lines(view, '/etc/group').find(([name]) => name === text)?.[2] ?? 0);
}

/** Bytes of a Pod's /dev/shm, as containerd mounts it. */
const sharedMemory = 64 * 1024 ** 2;

/** The files of a sandbox, from its configuration. */
export function sandboxFiles(
  layer: Layer,
  options: {
    readonly hostname: string;
    readonly ip: string;
    readonly dns: {
      readonly servers: readonly string[];
      readonly searches: readonly string[];
      readonly options: readonly string[];
    };
    /** The node's, where the Pod has no settings of its own. */
    readonly nodeResolvConf: string;
    /** The node's shared memory, where the Pod is in its IPC namespace. */
    readonly nodeShm: TreeNode | undefined;
  },
): SandboxFiles {
  const { hostname, ip, dns, nodeResolvConf, nodeShm } = options;
  const own = [
    ...(dns.searches.length > 0 ? [`search ${dns.searches.join(' ')}`] : []),
    ...dns.servers.map((server) => `nameserver ${server}`),
    ...(dns.options.length > 0 ? [`options ${dns.options.join(' ')}`] : []),
  ];
  const hosts = ['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback', `${ip}\t${hostname}`];
  return {
    hostname: newFile(layer, `${hostname}\n`),
    hosts: newFile(layer, `${hosts.join('\n')}\n`),
    resolvConf: newFile(layer, own.length === 0 ? nodeResolvConf : `${own.join('\n')}\n`),
    shm: nodeShm ?? newDirectory({ ...layer, quota: { limit: sharedMemory, used: 0 } }, 0o1777),
  };
}
