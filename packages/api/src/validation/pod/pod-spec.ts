import { fieldErrors } from '../../field-error.ts';
import { dns1123Label, dns1123Subdomain, inclusiveRange, ipAddress, qualifiedName } from '../../names.ts';
import type { PodSpec, PodTemplateSpec } from '../../parts.ts';
import { parseQuantity } from '../../quantity.ts';
import { checkChoice, checkName, checkOptionalChoice, checkRequired, type Errors, isEmpty } from '../checks.ts';
import { validateAnnotations, validateLabels } from '../metadata.ts';
import { validateContainerLists } from './containers.ts';
import { validateAmount, validateResourceName, validateResourceRequirements } from './resources.ts';
import { validateAffinity, validateTolerations, validateTopologySpread } from './scheduling.ts';
import { validatePodSecurity } from './security.ts';
import { validateVolumes } from './volumes.ts';

const maxInt32 = 2_147_483_647;
const maxNameservers = 3;
const maxSearches = 32;
const maxSearchBytes = 2048;

/** The rules of a Pod's spec (`ValidatePodSpec`); `isPod` is false for a template's. */
export function validatePodSpec(errors: Errors, spec: PodSpec, path: string, isPod: boolean): void {
  const volumes = validateVolumes(errors, spec.volumes, `${path}.volumes`);
  validateContainerLists(errors, spec, path, volumes);
  validateResourceRequirements(errors, spec.resources, `${path}.resources`);
  checkChoice(errors, `${path}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  checkChoice(errors, `${path}.dnsPolicy`, spec.dnsPolicy, [
    'ClusterFirstWithHostNet',
    'ClusterFirst',
    'Default',
    'None',
  ]);
  validateLabels(errors, spec.nodeSelector, `${path}.nodeSelector`);
  validatePodSecurity(errors, spec, path, isPod);
  validateAffinity(errors, spec.affinity, `${path}.affinity`);
  validateDnsConfig(errors, spec, `${path}.dnsConfig`);
  for (const [i, gate] of (spec.readinessGates ?? []).entries()) {
    checkName(errors, `${path}.readinessGates[${i}].conditionType`, gate.conditionType ?? '', qualifiedName);
  }
  validateSchedulingGates(errors, spec, `${path}.schedulingGates`);
  validateTopologySpread(errors, spec, `${path}.topologySpreadConstraints`);
  checkSubdomain(errors, `${path}.serviceAccountName`, spec.serviceAccountName);
  checkSubdomain(errors, `${path}.nodeName`, spec.nodeName);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > maxInt32)) {
    errors.push(fieldErrors.invalid(`${path}.activeDeadlineSeconds`, deadline, inclusiveRange(1, maxInt32)));
  }
  for (const field of ['hostname', 'subdomain'] as const) {
    const value = spec[field];
    if (!isEmpty(value)) checkName(errors, `${path}.${field}`, value, dns1123Label);
  }
  validateHostnameOverride(errors, spec, `${path}.hostnameOverride`);
  validateTolerations(errors, spec.tolerations, `${path}.tolerations`);
  for (const [i, alias] of (spec.hostAliases ?? []).entries()) {
    checkName(errors, `${path}.hostAliases[${i}].ip`, alias.ip ?? '', ipAddress);
    for (const name of alias.hostnames ?? []) {
      checkName(errors, `${path}.hostAliases[${i}].hostnames`, name, dns1123Subdomain);
    }
  }
  checkSubdomain(errors, `${path}.priorityClassName`, spec.priorityClassName);
  checkSubdomain(errors, `${path}.runtimeClassName`, spec.runtimeClassName);
  checkOptionalChoice(errors, `${path}.preemptionPolicy`, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  for (const resource in spec.overhead) {
    const at = `${path}.overhead[${resource}]`;
    validateResourceName(errors, resource, at);
    validateAmount(errors, resource, parseQuantity(spec.overhead[resource] as string), at);
  }
  if (spec.os !== undefined) checkChoice(errors, `${path}.os.name`, spec.os.name, ['linux', 'windows']);
}

/** The rules of a Pod's template (`ValidatePodTemplateSpec`). */
export function validatePodTemplate(errors: Errors, template: PodTemplateSpec | undefined, path: string): void {
  validateLabels(errors, template?.metadata?.labels, `${path}.labels`);
  validateAnnotations(errors, template?.metadata?.annotations, `${path}.annotations`);
  const spec = template?.spec ?? { containers: [] };
  validatePodSpec(errors, spec, `${path}.spec`, false);
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(
      fieldErrors.forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'),
    );
  }
}

function checkSubdomain(errors: Errors, path: string, value: string | undefined): void {
  if (!isEmpty(value)) checkName(errors, path, value, dns1123Subdomain);
}

/** The kernel's limit of a hostname, in characters. */
const maxHostname = 64;

/** A hostname in place of all others goes with nothing that names the Pod in another way (KEP-4762). */
function validateHostnameOverride(errors: Errors, spec: PodSpec, path: string): void {
  const { hostnameOverride: hostname } = spec;
  if (isEmpty(hostname)) return;
  checkName(errors, path, hostname, dns1123Subdomain);
  if (hostname.length > maxHostname) errors.push(fieldErrors.tooLong(path, maxHostname));
  if (spec.hostNetwork === true) {
    errors.push(fieldErrors.forbidden(path, 'may not be set when `hostNetwork` is true'));
  }
  if (spec.setHostnameAsFQDN === true) {
    errors.push(fieldErrors.forbidden(path, 'may not be set when `setHostnameAsFQDN` is true'));
  }
}

function validateDnsConfig(errors: Errors, spec: PodSpec, path: string): void {
  const { dnsConfig: config, dnsPolicy } = spec;
  if (dnsPolicy === 'None') {
    if (config === undefined) {
      errors.push(fieldErrors.required(path, 'must provide `dnsConfig` when `dnsPolicy` is None'));
      return;
    }
    if ((config.nameservers ?? []).length === 0) {
      errors.push(
        fieldErrors.required(
          `${path}.nameservers`,
          'must provide at least one DNS nameserver when `dnsPolicy` is None',
        ),
      );
      return;
    }
  }
  if (config === undefined) return;
  const { nameservers = [], searches = [], options = [] } = config;
  if (nameservers.length > maxNameservers) {
    errors.push(
      fieldErrors.invalid(`${path}.nameservers`, nameservers, `must not have more than ${maxNameservers} nameservers`),
    );
  }
  for (const [i, server] of nameservers.entries()) checkName(errors, `${path}.nameservers[${i}]`, server, ipAddress);
  if (searches.length > maxSearches) {
    errors.push(
      fieldErrors.invalid(`${path}.searches`, searches, `must not have more than ${maxSearches} search paths`),
    );
  }
  if (searches.join(' ').length > maxSearchBytes) {
    errors.push(
      fieldErrors.invalid(
        `${path}.searches`,
        searches,
        `must not have more than ${maxSearchBytes} characters (including spaces) in the search list`,
      ),
    );
  }
  for (const [i, search] of searches.entries()) {
    if (search === '.') continue;
    const name = search.endsWith('.') ? search.slice(0, -1) : search;
    checkName(errors, `${path}.searches[${i}]`, name, (value) => dns1123Subdomain(value.replaceAll('_', 'a')));
  }
  for (const [i, option] of options.entries()) {
    checkRequired(errors, `${path}.options[${i}]`, option.name, 'must not be empty');
  }
}

function validateSchedulingGates(errors: Errors, spec: PodSpec, path: string): void {
  const seen = new Set<string>();
  for (const [i, gate] of (spec.schedulingGates ?? []).entries()) {
    checkName(errors, `${path}[${i}]`, gate.name ?? '', qualifiedName);
    if (seen.has(gate.name)) errors.push(fieldErrors.duplicate(`${path}[${i}]`, gate.name));
    seen.add(gate.name);
  }
}
