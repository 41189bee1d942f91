import type { Pod } from '@orrery/api';

/** Kernel parameters that every Pod may set for itself, and the namespace that holds them (Kubernetes "Safe sysctls"). */
const safe: ReadonlyMap<string, 'IPC' | 'Net'> = new Map([
  ['kernel.shm_rmid_forced', 'IPC'],
  ['net.ipv4.ip_local_port_range', 'Net'],
  ['net.ipv4.tcp_syncookies', 'Net'],
  ['net.ipv4.ping_group_range', 'Net'],
  ['net.ipv4.ip_unprivileged_port_start', 'Net'],
  ['net.ipv4.ip_local_reserved_ports', 'Net'],
  ['net.ipv4.tcp_keepalive_time', 'Net'],
  ['net.ipv4.tcp_fin_timeout', 'Net'],
  ['net.ipv4.tcp_keepalive_intvl', 'Net'],
  ['net.ipv4.tcp_keepalive_probes', 'Net'],
  ['net.ipv4.tcp_rmem', 'Net'],
  ['net.ipv4.tcp_wmem', 'Net'],
]);

/** Why the node does not let the Pod set a kernel parameter that it names; undefined if it may set all. */
export function forbiddenSysctl({ spec }: Pod): string | undefined {
  for (const { name } of spec.securityContext?.sysctls ?? []) {
    const dotted = normalized(name);
    const namespace = safe.get(dotted);
    if (namespace === undefined) return `forbidden sysctl: "${dotted}" not allowlisted`;
    if (namespace === 'IPC' ? spec.hostIPC === true : spec.hostNetwork === true) {
      return `forbidden sysctl: "${dotted}" not allowed with host ${namespace} enabled`;
    }
  }
  return undefined;
}

/** Slashes may stand for dots, and then dots for slashes: whichever comes first decides (sysctl.d). */
function normalized(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '/' ? name.replace(/[./]/g, (mark) => (mark === '/' ? '.' : '/')) : name;
}
