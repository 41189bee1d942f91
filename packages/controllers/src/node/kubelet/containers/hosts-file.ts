import type { Pod } from '@orrery/api';

/** A Pod's hostname: its own, or its name cut to 63 characters (Kubernetes "DNS for Services and Pods"). */
export function podHostname(pod: Pod): string {
  const { hostname } = pod.spec;
  const override = pod.spec.hostnameOverride;
  if (override !== undefined && override !== '') return override;
  if (hostname !== undefined && hostname !== '') return hostname;
  return pod.metadata.name.slice(0, 63).replace(/[-.]+$/, '');
}

/** `hostname.subdomain.namespace.svc.cluster.local`, or `''` for a Pod without a subdomain. */
function podDomainName(pod: Pod, clusterDomain: string): string {
  const { subdomain } = pod.spec;
  if (subdomain === undefined || subdomain === '' || pod.spec.hostnameOverride) return '';
  return `${podHostname(pod)}.${subdomain}.${pod.metadata.namespace ?? ''}.svc.${clusterDomain}`;
}

/** The longest hostname of the Linux kernel, in characters. */
const longestHostname = 64;

/** The full name of a Pod is too long to be its hostname. */
export class HostnameTooLong extends Error {
  override readonly name = 'HostnameTooLong';
}

/** What the sandbox is named: the full name where the Pod asks for it. @throws HostnameTooLong */
export function sandboxHostname(pod: Pod, clusterDomain: string): string {
  const full = pod.spec.setHostnameAsFQDN === true ? podDomainName(pod, clusterDomain) : '';
  if (full.length > longestHostname) {
    throw new HostnameTooLong(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (${longestHostname} characters is the max, ${full.length} characters requested)`,
    );
  }
  return full === '' ? podHostname(pod) : full;
}

const fixedLines = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

/** The `/etc/hosts` of a Pod's containers. */
export function hostsFile(pod: Pod, podIps: readonly string[], clusterDomain: string): string {
  const host = podHostname(pod);
  const full = podDomainName(pod, clusterDomain);
  let text = `# Kubernetes-managed hosts file.\n${fixedLines}`;
  for (const ip of podIps) text += full === '' ? `${ip}\t${host}\n` : `${ip}\t${full}\t${host}\n`;
  return text + hostAliasLines(pod);
}

/** The node's own hosts file, as a Pod on the node's network sees it. */
export function nodeHostsFile(pod: Pod, nodeFile: string): string {
  return `# Kubernetes-managed hosts file (host network).\n${nodeFile}${hostAliasLines(pod)}`;
}

function hostAliasLines(pod: Pod): string {
  const aliases = pod.spec.hostAliases ?? [];
  if (aliases.length === 0) return '';
  const lines = aliases.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join('')}`;
}
