import type { Pod } from '@orrery/api';
import type { NodeFiles, PodSandboxConfig } from '@orrery/runtimes';

/** A resolver's settings: what stands in `/etc/resolv.conf`. */
export type DnsConfig = PodSandboxConfig['dns'];

/** What the cluster and the node give (the kubelet's `clusterDNS`, `clusterDomain` and `resolvConf`). */
export interface DnsSources {
  /** Addresses of the cluster's DNS Service; empty without one. */
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** The node's own resolver. */
  readonly node: DnsConfig;
}

/** The resolver of a Pod's containers (Kubernetes "Pod's DNS Policy" and "Pod's DNS Config"). */
export function podDns(pod: Pod, sources: DnsSources): DnsConfig {
  const base = byPolicy(pod, sources);
  const own = pod.spec.dnsConfig;
  if (own === undefined) return base;
  const options = new Map(base.options.map((option) => [option.split(':')[0] ?? option, option]));
  for (const { name, value } of own.options ?? []) {
    if (name !== undefined) options.set(name, value === undefined || value === '' ? name : `${name}:${value}`);
  }
  return {
    servers: unique([...base.servers, ...(own.nameservers ?? [])]),
    searches: unique([...base.searches, ...(own.searches ?? [])]),
    options: [...options.values()],
  };
}

/** What a resolver may hold, and warnings about what was left out. */
export interface FittingDns {
  readonly dns: DnsConfig;
  /** Messages of `DNSConfigForming` events. */
  readonly warnings: readonly string[];
}

const maxServers = 3;
const maxSearches = 32;
/** Longest search line and longest search domain, in characters. */
const maxSearchLine = 2048;
const maxSearchDomain = 253;

/** Leaves out what resolvers would not read: servers behind the third, search domains behind the 32nd, domains too long. */
export function fitDns(dns: DnsConfig): FittingDns {
  const warnings: string[] = [];
  const servers = dns.servers.slice(0, maxServers);
  if (servers.length < dns.servers.length) {
    warnings.push(
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${servers.join(' ')}`,
    );
  }
  const searches = dns.searches.slice(0, maxSearches).filter((search) => search.length <= maxSearchDomain);
  while (searches.join(' ').length > maxSearchLine) searches.pop();
  if (searches.length < dns.searches.length) {
    warnings.push(
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.join(' ')}`,
    );
  }
  return { dns: warnings.length === 0 ? dns : { ...dns, servers, searches }, warnings };
}

function byPolicy(pod: Pod, { clusterDns, clusterDomain, node }: DnsSources): DnsConfig {
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  const first = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && pod.spec.hostNetwork !== true);
  if (!first || clusterDns.length === 0) return node;
  const namespace = pod.metadata.namespace ?? '';
  return {
    servers: clusterDns,
    searches: unique([`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...node.searches]),
    options: ['ndots:5'],
  };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

const resolvConf = '/etc/resolv.conf';

/** The node's own resolver, from its `/etc/resolv.conf`; empty where it has none. */
export function nodeResolver(files: NodeFiles): DnsConfig {
  if (files.stat(resolvConf)?.type !== 'file') return { servers: [], searches: [], options: [] };
  const config = { servers: [] as string[], searches: [] as string[], options: [] as string[] };
  for (const line of new TextDecoder().decode(files.readFile(resolvConf)).split('\n')) {
    const [word, ...values] = line.trim().split(/\s+/);
    if (word === 'nameserver') config.servers.push(...values.slice(0, 1));
    // Of several search lines the last counts.
    else if (word === 'search') config.searches = values;
    else if (word === 'options') config.options.push(...values);
  }
  return config;
}
