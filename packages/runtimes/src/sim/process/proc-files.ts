import type { MountTable } from '../files/mount-table.ts';
import { type DynamicNode, type Layer, newFile, newSymlink, type TreeNode } from '../files/tree.ts';
import { capabilityText } from './capabilities.ts';
import type { Process } from './process.ts';
import type { Realm } from './realm.ts';

/** `/proc` of a container: its processes, its mounts, and what it may know of the machine (proc(5)). Its files are made when looked at. */
export function procDirectory(layer: Layer, realm: Realm, table: MountTable): DynamicNode {
  return {
    ...directory(layer, {}),
    mtime: realm.machine.bootedAt,
    list: () => [...realm.processes.list().map(([pid]) => String(pid)), ...Object.keys(texts), 'self', 'sys'],
    lookup: (name, viewer) => {
      if (name === 'self') return viewer && newSymlink(layer, String(viewer.pid));
      if (name === 'sys') return sysDirectory(layer, realm);
      const process = /^\d+$/.test(name) ? realm.processes.processes.get(Number(name)) : undefined;
      if (process !== undefined) return processDirectory(layer, Number(name), process);
      const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
      return text && newFile(layer, text(realm, layer, table), 0o444);
    },
  };
}

/** The same functions for all containers: each has a `/proc`, and few are looked at. */
const texts: { readonly [name: string]: (realm: Realm, layer: Layer, table: MountTable) => string } = {
  cpuinfo: ({ machine }) =>
    Array.from({ length: machine.cpus }, (_, cpu) => `processor\t: ${cpu}\nmodel name\t: Simulated CPU\n\n`).join(''),
  filesystems: () => 'nodev\tproc\nnodev\ttmpfs\nnodev\toverlay\n',
  loadavg: ({ processes: { processes } }) => `0.00 0.00 0.00 1/${processes.size} ${processes.size}\n`,
  meminfo: ({ machine, memory }) => {
    const total = Math.floor(machine.memoryBytes / 1024);
    const free = total - Math.floor(memory.used / 1024);
    return `MemTotal:       ${String(total).padStart(8)} kB\nMemFree:        ${String(free).padStart(8)} kB\nMemAvailable:   ${String(free).padStart(8)} kB\n`;
  },
  mounts: (_realm, _layer, table) => mountsText(table),
  stat: ({ machine }) => `cpu  0 0 0 0 0 0 0 0 0 0\nbtime ${Math.floor(machine.bootedAt / 1000)}\n`,
  uptime: ({ machine }, layer) => {
    const seconds = ((layer.now() - machine.bootedAt) / 1000).toFixed(2);
    return `${seconds} ${seconds}\n`;
  },
  version: ({ machine }) => `Linux version ${machine.kernelVersion} (orrery@simulated) #1 SMP\n`,
};

function sysDirectory(layer: Layer, realm: Realm): DynamicNode {
  return directory(layer, {
    kernel: () =>
      directory(layer, {
        hostname: () => newFile(layer, `${realm.hostname}\n`, 0o444),
        osrelease: () => newFile(layer, `${realm.machine.kernelVersion}\n`, 0o444),
        ostype: () => newFile(layer, 'Linux\n', 0o444),
        pid_max: () => newFile(layer, '4194304\n', 0o444),
      }),
  });
}

function directory(layer: Layer, entries: { readonly [name: string]: () => TreeNode }): DynamicNode {
  return {
    kind: 'dynamic',
    layer,
    mode: 0o555,
    uid: 0,
    gid: 0,
    mtime: 0,
    list: () => Object.keys(entries),
    lookup: (name) => entries[name]?.(),
  };
}

function processDirectory(layer: Layer, pid: number, process: Process): DynamicNode {
  const { uid, gid, groups, capabilities, noNewPrivileges = false } = process.files.credentials;
  // What another user than root could be given, images of ours do not ask for.
  const effective = uid === 0 ? capabilities : 0n;
  const name = (process.title ?? process.argv[0] ?? '').replace(/^.*\//, '').slice(0, 15);
  const parent = process.parent?.pid ?? 0;
  return directory(layer, {
    cmdline: () => newFile(layer, process.title ?? process.argv.map((word) => `${word}\0`).join(''), 0o444),
    comm: () => newFile(layer, `${name}\n`, 0o444),
    cwd: () => newSymlink(layer, process.directory),
    environ: () => newFile(layer, [...process.environment].map(([key, value]) => `${key}=${value}\0`).join(''), 0o400),
    fd: () => directory(layer, descriptorLinks(layer, process)),
    // Another container's root, as debuggers look into it through a shared process namespace.
    root: () => process.files.table.root.node,
    stat: () => newFile(layer, `${pid} (${name}) S ${parent} ${pid} ${pid} 0 -1 0\n`, 0o444),
    status: () =>
      newFile(
        layer,
        `Name:\t${name}\nState:\tS (sleeping)\nPid:\t${pid}\nPPid:\t${parent}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nGid:\t${gid}\t${gid}\t${gid}\t${gid}\nGroups:\t${groups.map((group) => `${group} `).join('')}\nVmRSS:\t${Math.floor(process.memory / 1024) + 1024} kB\nCapInh:\t${capabilityText(0n)}\nCapPrm:\t${capabilityText(effective)}\nCapEff:\t${capabilityText(effective)}\nCapBnd:\t${capabilityText(capabilities)}\nCapAmb:\t${capabilityText(0n)}\nNoNewPrivs:\t${noNewPrivileges ? 1 : 0}\n`,
        0o444,
      ),
  });
}

function descriptorLinks(layer: Layer, process: Process): { readonly [name: string]: () => TreeNode } {
  const links: Record<string, () => TreeNode> = {};
  process.descriptors.forEach((description, number) => {
    if (description === undefined) return;
    const target = description.terminal === undefined ? `pipe:[${number}]` : '/dev/pts/0';
    links[String(number)] = () => newSymlink(layer, target);
  });
  return links;
}

function mountsText(table: MountTable): string {
  const access = (readonly: boolean) => (readonly ? 'ro' : 'rw');
  const lines = [`overlay / overlay ${access(table.root.readonly)},relatime 0 0`];
  for (const [path, mount] of table.mounts) {
    const type = path === '/proc' ? 'proc' : path.startsWith('/dev') ? 'tmpfs' : 'ext4';
    lines.push(
      `${type === 'proc' ? 'proc' : type === 'tmpfs' ? 'tmpfs' : '/dev/sda1'} ${path} ${type} ${access(mount.readonly)},relatime 0 0`,
    );
  }
  return `${lines.join('\n')}\n`;
}
