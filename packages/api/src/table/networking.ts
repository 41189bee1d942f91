import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import type { IIngressClass } from 'kubernetes-models/networking.k8s.io/v1/IngressClass';
import type { IIPAddress } from 'kubernetes-models/networking.k8s.io/v1/IPAddress';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { IServiceCIDR } from 'kubernetes-models/networking.k8s.io/v1/ServiceCIDR';
import type { EndpointSlice, Endpoints, Service } from '../kinds.ts';
import { labelsText, orNone, selectorCell, shortList } from './cell-text.ts';
import { ageColumn, ageOf, column, nameColumn, nameOf, printer, wideColumn } from './printer.ts';

export const servicePrinter = printer<Service>(
  [
    nameColumn,
    column('Type', 'string', 'How the Service is reached.'),
    column('Cluster-IP', 'string', 'Address of the Service inside the cluster.'),
    column('External-IP', 'string', 'Addresses of the Service outside the cluster.'),
    column('Port(s)', 'string', 'Ports of the Service.'),
    ageColumn,
    wideColumn('Selector', 'Labels of the Pods behind the Service.'),
  ],
  (service, now) => [
    nameOf(service),
    service.spec?.type ?? '',
    orNone(service.spec?.clusterIPs?.[0] ?? service.spec?.clusterIP),
    externalAddresses(service),
    orNone(service.spec?.ports?.map(portText).join(',')),
    ageOf(service, now),
    labelsText(service.spec?.selector),
  ],
);

function portText(port: { port: number; nodePort?: number; protocol?: string }): string {
  const numbers = (port.nodePort ?? 0) > 0 ? `${port.port}:${port.nodePort}` : `${port.port}`;
  return `${numbers}/${port.protocol ?? 'TCP'}`;
}

function externalAddresses(service: Service): string {
  const declared = service.spec?.externalIPs ?? [];
  switch (service.spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return orNone(declared.join(','));
    case 'LoadBalancer': {
      const all = [...addressesOf(service.status?.loadBalancer?.ingress), ...declared];
      return all.length === 0 ? '<pending>' : all.join(',');
    }
    case 'ExternalName':
      return service.spec.externalName ?? '';
    default:
      return '<unknown>';
  }
}

function addressesOf(ingress: readonly { ip?: string; hostname?: string }[] | undefined): string[] {
  const addresses = new Set<string>();
  for (const { ip, hostname } of ingress ?? []) {
    const address = ip === undefined || ip === '' ? hostname : ip;
    if (address !== undefined && address !== '') addresses.add(address);
  }
  return [...addresses].sort();
}

export const endpointsPrinter = printer<Endpoints>(
  [nameColumn, column('Endpoints', 'string', 'Addresses and ports of the ready endpoints.'), ageColumn],
  (endpoints, now) => {
    const addresses: string[] = [];
    for (const subset of endpoints.subsets ?? []) {
      const hosts = subset.addresses ?? [];
      if ((subset.ports ?? []).length === 0) addresses.push(...hosts.map((host) => host.ip));
      for (const { port } of subset.ports ?? []) addresses.push(...hosts.map((host) => hostPort(host.ip, port)));
    }
    const whenEmpty = (endpoints.subsets ?? []).length === 0 ? '<none>' : '';
    return [nameOf(endpoints), shortList(addresses, 3, whenEmpty), ageOf(endpoints, now)];
  },
);

function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export const endpointSlicePrinter = printer<EndpointSlice>(
  [
    nameColumn,
    column('AddressType', 'string', 'Sort of address of the endpoints.'),
    column('Ports', 'string', 'Ports of every endpoint.'),
    column('Endpoints', 'string', 'Addresses of the endpoints.'),
    ageColumn,
  ],
  (slice, now) => [
    nameOf(slice),
    slice.addressType ?? '',
    shortList(
      (slice.ports ?? []).map(({ port, name }) => `${port ?? name ?? '*'}`),
      3,
      '<unset>',
    ),
    shortList(
      (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []),
      3,
      '<unset>',
    ),
    ageOf(slice, now),
  ],
);

export const ingressPrinter = printer<IIngress>(
  [
    nameColumn,
    column('Class', 'string', 'IngressClass whose controller serves the Ingress.'),
    column('Hosts', 'string', 'Hosts whose requests the rules match.'),
    column('Address', 'string', 'Addresses at which the Ingress is served.'),
    column('Ports', 'string', 'Ports at which the Ingress is served.'),
    ageColumn,
  ],
  (ingress, now) => [
    nameOf(ingress),
    ingress.spec?.ingressClassName ?? '<none>',
    hosts(ingress.spec?.rules ?? []),
    addressesOf(ingress.status?.loadBalancer?.ingress).join(','),
    (ingress.spec?.tls ?? []).length > 0 ? '80, 443' : '80',
    ageOf(ingress, now),
  ],
);

/** Up to three hosts; the rest is counted in rules, with a host or without, as Kubernetes does. */
function hosts(rules: readonly { host?: string }[]): string {
  const named: string[] = [];
  let more = false;
  for (const { host } of rules) {
    if (named.length === 3) more = true;
    else if (host !== undefined && host !== '') named.push(host);
  }
  if (named.length === 0) return '*';
  return more ? `${named.join(',')} + ${rules.length - 3} more...` : named.join(',');
}

export const ingressClassPrinter = printer<IIngressClass>(
  [
    nameColumn,
    column('Controller', 'string', 'Controller that serves Ingresses of this class.'),
    column('Parameters', 'string', "Object with the controller's settings."),
    ageColumn,
  ],
  (ingressClass, now) => [
    nameOf(ingressClass),
    ingressClass.spec?.controller ?? '',
    parametersText(ingressClass.spec?.parameters),
    ageOf(ingressClass, now),
  ],
);

function parametersText(parameters: { apiGroup?: string; kind: string; name: string } | undefined): string {
  if (parameters === undefined) return '<none>';
  const group = parameters.apiGroup === undefined ? '' : `.${parameters.apiGroup}`;
  return `${parameters.kind}${group}/${parameters.name}`;
}

export const networkPolicyPrinter = printer<INetworkPolicy>(
  [nameColumn, column('Pod-Selector', 'string', 'Labels of the Pods that the policy is about.'), ageColumn],
  (policy, now) => [nameOf(policy), selectorCell(policy.spec?.podSelector), ageOf(policy, now)],
);

export const serviceCidrPrinter = printer<IServiceCIDR>(
  [nameColumn, column('CIDRs', 'string', 'Ranges from which Services get their addresses.'), ageColumn],
  (serviceCidr, now) => [nameOf(serviceCidr), (serviceCidr.spec?.cidrs ?? []).join(','), ageOf(serviceCidr, now)],
);

export const ipAddressPrinter = printer<IIPAddress>(
  [nameColumn, column('ParentRef', 'string', 'Object that uses the address.'), ageColumn],
  (address, now) => {
    const parent = address.spec?.parentRef;
    if (parent === undefined) return [nameOf(address), '<none>', ageOf(address, now)];
    const resource =
      parent.group === undefined || parent.group === '' ? parent.resource : `${parent.resource}.${parent.group}`;
    const place = [resource?.toLowerCase(), parent.namespace, parent.name].filter(
      (part) => part !== undefined && part !== '',
    );
    return [nameOf(address), place.join('/'), ageOf(address, now)];
  },
);
