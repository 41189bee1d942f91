import type { Pod, Service } from '@orrery/api';

type ServicePort = NonNullable<Service['spec']['ports']>[number];

/** A port of a Service as it is on a Pod. */
export interface EndpointPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly appProtocol?: string;
}

/** The ports that a Pod serves a Service on. A named target port that the Pod does not have is left out. */
export function endpointPorts(service: Service, pod: Pod): readonly EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const port of service.spec.ports ?? []) {
    const target = targetPort(port, pod);
    if (target === undefined) continue;
    const protocol = port.protocol ?? 'TCP';
    const { appProtocol } = port;
    ports.push({
      name: port.name ?? '',
      port: target,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    });
  }
  return ports;
}

function targetPort({ targetPort: target, port, protocol = 'TCP' }: ServicePort, pod: Pod): number | undefined {
  if (target === undefined || target === 0 || target === '') return port;
  if (typeof target === 'number') return target;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const { ports } of [...pod.spec.containers, ...sidecars]) {
    for (const candidate of ports ?? []) {
      if (candidate.name === target && (candidate.protocol ?? 'TCP') === protocol) return candidate.containerPort;
    }
  }
  return undefined;
}

/** Whether a Pod is behind a Service at all: it has an address and has not ended. */
export function isEndpoint(pod: Pod): boolean {
  const { phase, podIP } = pod.status ?? {};
  return phase !== 'Succeeded' && phase !== 'Failed' && (podIP ?? '') !== '';
}

/** The endpoints of a Service without a selector are written by others; an external name has none. */
export function hasManagedEndpoints({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && spec.selector !== undefined && Object.keys(spec.selector).length > 0;
}

/** The Pod's name within a headless Service's domain, if it has one. */
export function endpointHostname(service: Service, { spec, metadata }: Pod): string | undefined {
  const isNamed = (spec.hostname ?? '') !== '' && spec.subdomain === service.metadata.name;
  return isNamed && service.metadata.namespace === metadata.namespace ? spec.hostname : undefined;
}
