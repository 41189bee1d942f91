import type { Pod } from '@orrery/api';
import type { PodSandboxConfig } from '@orrery/runtimes';
import type { KubeletSettings } from '../options.ts';
import { fitDns, nodeResolver, podDns } from './dns-config.ts';
import { sandboxHostname } from './hosts-file.ts';
import { podLabels } from './runtime-labels.ts';

/**
 * The sandbox of a Pod: the infra container that owns its network. `warn` is called with what its resolver cannot hold.
 * @throws HostnameTooLong
 */
export function sandboxConfig(
  pod: Pod,
  attempt: number,
  settings: KubeletSettings,
  warn: (reason: string, message: string) => void = () => {},
): PodSandboxConfig {
  const { spec, metadata } = pod;
  const { clusterDns, clusterDomain } = settings;
  const wanted = podDns(pod, { clusterDns, clusterDomain, node: nodeResolver(settings.runtime.files) });
  const { dns, warnings } = fitDns(wanted);
  for (const message of warnings) warn('DNSConfigForming', message);
  return {
    metadata: { name: metadata.name, namespace: metadata.namespace ?? '', uid: metadata.uid ?? '', attempt },
    hostname:
      spec.hostNetwork === true && !spec.hostnameOverride
        ? settings.nodeName
        : sandboxHostname(pod, settings.clusterDomain),
    labels: { ...metadata.labels, ...podLabels(pod) },
    annotations: metadata.annotations ?? {},
    portMappings: spec.containers.flatMap(({ ports }) =>
      (ports ?? []).map(({ containerPort, hostPort, hostIP, protocol }) => ({
        protocol: protocol ?? 'TCP',
        containerPort,
        hostPort: hostPort ?? 0,
        hostIp: hostIP ?? '',
      })),
    ),
    namespaces: {
      network: spec.hostNetwork === true ? 'NODE' : 'POD',
      pid: spec.hostPID === true ? 'NODE' : spec.shareProcessNamespace === true ? 'POD' : 'CONTAINER',
      ipc: spec.hostIPC === true ? 'NODE' : 'POD',
    },
    dns,
    runtimeHandler: spec.runtimeClassName ?? '',
  };
}
