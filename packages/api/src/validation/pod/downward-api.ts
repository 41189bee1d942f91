import { fieldErrors } from '../../field-error.ts';
import { qualifiedName } from '../../names.ts';
import { parseQuantity } from '../../quantity.ts';
import { checkName, checkRequired, type Errors, isEmpty } from '../checks.ts';

const inVariables = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
] as const;
const inFiles = [
  'metadata.name',
  'metadata.namespace',
  'metadata.labels',
  'metadata.annotations',
  'metadata.uid',
] as const;
const known: ReadonlySet<string> = new Set([
  ...inVariables,
  ...inFiles,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);

const resources = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const hugePages = ['limits.hugepages-', 'requests.hugepages-'];

const cpuDivisors = ['1m', '1'];
const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** Where a field of the Pod is used: as a variable, or as a file. */
export type DownwardUse = 'variable' | 'file';

/** A reference to a field of the Pod ("Downward API"). */
export function validateFieldRef(
  errors: Errors,
  ref: { readonly apiVersion?: string; readonly fieldPath?: string },
  path: string,
  use: DownwardUse,
): void {
  if (!checkRequired(errors, `${path}.apiVersion`, ref.apiVersion)) return;
  if (!checkRequired(errors, `${path}.fieldPath`, ref.fieldPath)) return;
  const fieldPath = ref.fieldPath ?? '';
  const at = `${path}.fieldPath`;
  const cannotConvert = (why: string) =>
    errors.push(fieldErrors.invalid(at, fieldPath, `error converting fieldPath: ${why}`));
  if (ref.apiVersion !== 'v1') {
    cannotConvert(`unsupported pod version: ${ref.apiVersion}`);
    return;
  }
  const subscripted = subscript(fieldPath);
  if (subscripted !== undefined) {
    const { field, key } = subscripted;
    if (field === 'metadata.annotations') {
      for (const fault of qualifiedName(key.toLowerCase())) errors.push(fieldErrors.invalid(path, key, fault));
    } else if (field === 'metadata.labels') checkName(errors, path, key, qualifiedName);
    else cannotConvert(`field label does not support subscript: ${fieldPath}`);
    return;
  }
  const canonical = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  if (!known.has(canonical)) cannotConvert(`field label not supported: ${fieldPath}`);
  else {
    const allowed: readonly string[] = use === 'variable' ? inVariables : inFiles;
    if (!allowed.includes(canonical)) errors.push(fieldErrors.notSupported(at, canonical, allowed));
  }
}

/** A reference to a resource of a container. Files must name the container. */
export function validateResourceFieldRef(
  errors: Errors,
  ref: { readonly containerName?: string; readonly resource?: string; readonly divisor?: string | number },
  path: string,
  use: DownwardUse,
): void {
  if (use === 'file' && isEmpty(ref.containerName)) {
    errors.push(fieldErrors.required(`${path}.containerName`));
    return;
  }
  if (isEmpty(ref.resource)) {
    errors.push(fieldErrors.required(`${path}.resource`));
    return;
  }
  const { resource } = ref;
  const isHugePages = hugePages.some((prefix) => resource.startsWith(prefix));
  if (!resources.includes(resource) && !isHugePages) {
    errors.push(fieldErrors.notSupported(`${path}.resource`, resource, resources));
  }
  if (ref.divisor === undefined) return;
  const divisor = parseQuantity(ref.divisor);
  if (divisor.nanos === 0n) return;
  const refuse = (allowed: readonly string[], of: string) => {
    if (allowed.some((one) => parseQuantity(one).nanos === divisor.nanos)) return;
    errors.push(
      fieldErrors.invalid(
        `${path}.divisor`,
        divisor.toString(),
        `only divisor's values ${listed(allowed)} are supported with the ${of} resource`,
      ),
    );
  };
  if (resource.endsWith('.cpu')) refuse(cpuDivisors, 'cpu');
  else if (resource.endsWith('.memory')) refuse(byteDivisors, 'memory');
  else if (resource.endsWith('.ephemeral-storage')) refuse(byteDivisors, 'local ephemeral storage');
  else if (isHugePages) refuse(byteDivisors, 'hugepages');
}

function listed(values: readonly string[]): string {
  return values.length === 2 ? values.join(' and ') : values.join(', ');
}

/** The parts of `metadata.labels['app']`; undefined for a path without a subscript. */
function subscript(fieldPath: string): { readonly field: string; readonly key: string } | undefined {
  if (!fieldPath.endsWith("']")) return undefined;
  const open = fieldPath.lastIndexOf("['", fieldPath.length - 4);
  return open < 0 ? undefined : { field: fieldPath.slice(0, open), key: fieldPath.slice(open + 2, -2) };
}
