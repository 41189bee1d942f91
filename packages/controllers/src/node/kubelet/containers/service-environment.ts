import type { Service } from '@orrery/api';

/** Variables that describe the Services which exist when a container starts (Kubernetes "Service", "Environment variables"). */
export function serviceVariables(services: readonly Service[]): Map<string, string> {
  const variables = new Map<string, string>();
  for (const service of services) {
    const { clusterIP, ports = [] } = service.spec;
    if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None') continue;
    const name = variableName(service.metadata.name);
    const first = ports[0];
    variables.set(`${name}_SERVICE_HOST`, clusterIP);
    if (first === undefined) continue;
    variables.set(`${name}_SERVICE_PORT`, String(first.port));
    for (const port of ports) {
      if (port.name !== undefined && port.name !== '') {
        variables.set(`${name}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
      }
    }
    const host = clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP;
    for (const [index, port] of ports.entries()) {
      const protocol = port.protocol ?? 'TCP';
      const url = `${protocol.toLowerCase()}://${host}:${port.port}`;
      if (index === 0) variables.set(`${name}_PORT`, url);
      const prefix = `${name}_PORT_${port.port}_${protocol.toUpperCase()}`;
      variables.set(prefix, url);
      variables.set(`${prefix}_PROTO`, protocol.toLowerCase());
      variables.set(`${prefix}_PORT`, String(port.port));
      variables.set(`${prefix}_ADDR`, clusterIP);
    }
  }
  return variables;
}

/** The Services that a Pod's containers learn of: its namespace's, and always the API server's. */
export function visibleServices(services: readonly Service[], namespace: string, links: boolean): Service[] {
  return services.filter(
    ({ metadata }) =>
      (metadata.namespace === 'default' && metadata.name === 'kubernetes') ||
      (links && metadata.namespace === namespace),
  );
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
