import { fieldErrors } from '../../field-error.ts';
import type { EndpointSlice, Endpoints, Service } from '../../kinds.ts';
import { dns1123Label, dns1123Subdomain, ipAddress, portName, portNumber } from '../../names.ts';
import {
  checkChoice,
  checkName,
  checkOptionalChoice,
  checkRequired,
  type Errors,
  immutable,
  isEmpty,
} from '../checks.ts';
import { validateLabels } from '../metadata.ts';

const protocols = ['TCP', 'UDP', 'SCTP'];

/** The rules of a Service. */
export function validateService(errors: Errors, { spec }: Service): void {
  const { ports = [], type, clusterIP } = spec ?? {};
  const isHeadless = clusterIP === 'None';
  if (ports.length === 0 && !isHeadless && type !== 'ExternalName') errors.push(fieldErrors.required('spec.ports'));
  switch (type) {
    case 'LoadBalancer':
      if (isHeadless) {
        errors.push(
          fieldErrors.invalid('spec.clusterIPs[0]', clusterIP, "may not be set to 'None' for LoadBalancer services"),
        );
      }
      break;
    case 'NodePort':
      if (isHeadless) {
        errors.push(
          fieldErrors.invalid('spec.clusterIPs[0]', clusterIP, "may not be set to 'None' for NodePort services"),
        );
      }
      break;
    case 'ExternalName':
      if (!isEmpty(clusterIP)) {
        errors.push(fieldErrors.forbidden('spec.clusterIPs', 'may not be set for ExternalName services'));
      }
      if (isEmpty(spec?.externalName)) errors.push(fieldErrors.required('spec.externalName'));
      else {
        const name = spec.externalName.endsWith('.') ? spec.externalName.slice(0, -1) : spec.externalName;
        checkName(errors, 'spec.externalName', name, dns1123Subdomain);
      }
      break;
  }
  validatePorts(errors, spec);
  validateLabels(errors, spec?.selector, 'spec.selector');
  checkChoice(errors, 'spec.sessionAffinity', spec?.sessionAffinity, ['ClientIP', 'None']);
  const timeout = spec?.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (timeout !== undefined && (timeout <= 0 || timeout > 86_400)) {
    errors.push(
      fieldErrors.invalid(
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
        timeout,
        'must be greater than 0 and less than 86400',
      ),
    );
  }
  for (const [i, ip] of (spec?.clusterIPs ?? []).entries()) {
    if (ip !== 'None') checkName(errors, `spec.clusterIPs[${i}]`, ip, ipAddress);
  }
  if (spec?.clusterIPs === undefined && !isEmpty(clusterIP) && !isHeadless) {
    checkName(errors, 'spec.clusterIP', clusterIP, ipAddress);
  }
  for (const [i, ip] of (spec?.externalIPs ?? []).entries()) checkName(errors, `spec.externalIPs[${i}]`, ip, ipAddress);
  checkChoice(errors, 'spec.type', type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']);
  checkOptionalChoice(errors, 'spec.externalTrafficPolicy', spec?.externalTrafficPolicy, ['Cluster', 'Local']);
  checkOptionalChoice(errors, 'spec.internalTrafficPolicy', spec?.internalTrafficPolicy, ['Cluster', 'Local']);
  checkOptionalChoice(errors, 'spec.ipFamilyPolicy', spec?.ipFamilyPolicy, [
    'SingleStack',
    'PreferDualStack',
    'RequireDualStack',
  ]);
}

function validatePorts(errors: Errors, spec: Service['spec'] | undefined): void {
  const ports = spec?.ports ?? [];
  const names = new Set<string>();
  const taken = new Set<string>();
  const nodePorts = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const at = `spec.ports[${i}]`;
    if (isEmpty(port.name)) {
      if (ports.length > 1) errors.push(fieldErrors.required(`${at}.name`));
    } else {
      checkName(errors, `${at}.name`, port.name, dns1123Label);
      if (names.has(port.name)) errors.push(fieldErrors.duplicate(`${at}.name`, port.name));
      names.add(port.name);
    }
    for (const fault of portNumber(port.port ?? 0))
      errors.push(fieldErrors.invalid(`${at}.port`, port.port ?? 0, fault));
    checkChoice(errors, `${at}.protocol`, port.protocol, protocols);
    const target = port.targetPort;
    if (typeof target === 'string') checkName(errors, `${at}.targetPort`, target, portName);
    else if (target !== undefined) {
      for (const fault of portNumber(target)) errors.push(fieldErrors.invalid(`${at}.targetPort`, target, fault));
    }
    if (port.nodePort !== undefined && port.nodePort !== 0) {
      if (spec?.type === 'ClusterIP' || spec?.type === 'ExternalName') {
        errors.push(fieldErrors.forbidden(`${at}.nodePort`, `may not be used when \`type\` is '${spec.type}'`));
      }
      const place = `${port.protocol}/${port.nodePort}`;
      if (nodePorts.has(place)) errors.push(fieldErrors.duplicate(`${at}.nodePort`, port.nodePort));
      nodePorts.add(place);
    }
    const place = `${port.protocol}/${port.port}`;
    if (taken.has(place)) errors.push(fieldErrors.duplicate(at, port));
    taken.add(place);
  }
}

/** A Service keeps its first address while it has one. */
export function validateServiceUpdate(errors: Errors, service: Service, old: Service): void {
  const before = old.spec.clusterIP;
  const wasAddressed = old.spec.type !== 'ExternalName' && !isEmpty(before);
  if (wasAddressed && service.spec.type !== 'ExternalName' && service.spec.clusterIP !== before) {
    errors.push(fieldErrors.invalid('spec.clusterIPs[0]', service.spec.clusterIPs ?? [], 'may not change once set'));
  }
}

export function validateEndpoints(errors: Errors, endpoints: Endpoints): void {
  for (const [i, subset] of (endpoints.subsets ?? []).entries()) {
    const at = `subsets[${i}]`;
    if ((subset.addresses ?? []).length === 0 && (subset.notReadyAddresses ?? []).length === 0) {
      errors.push(fieldErrors.required(at, 'must specify `addresses` or `notReadyAddresses`'));
    }
    for (const list of ['addresses', 'notReadyAddresses'] as const) {
      for (const [j, address] of (subset[list] ?? []).entries()) {
        checkName(errors, `${at}.${list}[${j}].ip`, address.ip ?? '', ipAddress);
      }
    }
    for (const [j, port] of (subset.ports ?? []).entries()) {
      if ((subset.ports ?? []).length > 1) checkRequired(errors, `${at}.ports[${j}].name`, port.name);
      for (const fault of portNumber(port.port ?? 0)) {
        errors.push(fieldErrors.invalid(`${at}.ports[${j}].port`, port.port ?? 0, fault));
      }
      checkChoice(errors, `${at}.ports[${j}].protocol`, port.protocol, protocols);
    }
  }
}

const maxEndpoints = 1000;

export function validateEndpointSlice(errors: Errors, slice: EndpointSlice): void {
  checkChoice(errors, 'addressType', slice.addressType, ['IPv4', 'IPv6', 'FQDN']);
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length > maxEndpoints) errors.push(fieldErrors.tooMany('endpoints', endpoints.length, maxEndpoints));
  for (const [i, { addresses = [] }] of endpoints.entries()) {
    const at = `endpoints[${i}].addresses`;
    if (addresses.length === 0) errors.push(fieldErrors.required(at, 'must contain at least 1 address'));
    for (const [j, address] of addresses.entries()) {
      checkName(errors, `${at}[${j}]`, address, slice.addressType === 'FQDN' ? dns1123Subdomain : ipAddress);
    }
  }
  const names = new Set<string>();
  for (const [i, { name = '', protocol }] of (slice.ports ?? []).entries()) {
    if (name !== '') checkName(errors, `ports[${i}].name`, name, dns1123Label);
    if (names.has(name)) errors.push(fieldErrors.duplicate('ports', name));
    names.add(name);
    checkChoice(errors, `ports[${i}].protocol`, protocol, protocols);
  }
}

export function validateEndpointSliceUpdate(errors: Errors, slice: EndpointSlice, old: EndpointSlice): void {
  if (slice.addressType !== old.addressType) {
    errors.push(fieldErrors.invalid('addressType', slice.addressType, immutable));
  }
}
