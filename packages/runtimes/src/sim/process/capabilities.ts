/** Linux' capabilities in the order of their bits (capabilities(7)). */
const names = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'],
  ...['LINUX_IMMUTABLE', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER'],
  ...['SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE'],
  ...['SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP'],
  ...['MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF'],
  'CHECKPOINT_RESTORE',
];
const bits: ReadonlyMap<string, bigint> = new Map(names.map((name, bit) => [name, 1n << BigInt(bit)]));
const all = (1n << BigInt(names.length)) - 1n;

/** What containers may do that ask for nothing (containerd's default). */
const usual = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP'],
  ...['NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'],
].reduce((set, name) => set | bitOf(name), 0n);

/** What a container adds to and drops from the default capabilities; names with or without `CAP_`, `ALL` for each. */
export interface CapabilityChanges {
  readonly add: readonly string[];
  readonly drop: readonly string[];
}

/** The capabilities that the processes of a container can have at most, as a set of bits. */
export function capabilitySet(privileged: boolean, { add, drop }: CapabilityChanges): bigint {
  if (privileged) return all;
  let set = usual;
  if (has(add, 'ALL')) set = all;
  if (has(drop, 'ALL')) set = 0n;
  for (const name of add) if (!isAll(name)) set |= bitOf(name);
  for (const name of drop) if (!isAll(name)) set &= ~bitOf(name);
  return set;
}

const simulated = { CHOWN: bitOf('CHOWN'), DAC_OVERRIDE: bitOf('DAC_OVERRIDE') };

/** Whether a set has a capability. No set at all has every one: that is a process of the node. */
export function hasCapability(set: bigint | undefined, name: keyof typeof simulated): boolean {
  return set === undefined || (set & simulated[name]) !== 0n;
}

/** A set as `/proc/PID/status` shows it. */
export function capabilityText(set: bigint | undefined): string {
  return (set ?? all).toString(16).padStart(16, '0');
}

function bitOf(name: string): bigint {
  return bits.get(name.toUpperCase().replace(/^CAP_/, '')) ?? 0n;
}

function has(list: readonly string[], name: string): boolean {
  return list.some((one) => one.toUpperCase() === name);
}

function isAll(name: string): boolean {
  return name.toUpperCase() === 'ALL';
}
