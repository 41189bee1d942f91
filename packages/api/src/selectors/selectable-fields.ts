import { quote } from '../field-error.ts';
import type { GroupVersionKind } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';

/** Reads the text of one field that selectors can name; `''` if the object lacks it. */
export type FieldReader = (object: KubernetesObject) => string;

interface SelectableFields {
  readonly fields: { readonly [field: string]: FieldReader };
  /** Older names of fields. */
  readonly aliases?: { readonly [field: string]: string };
  readonly unknown: (field: string) => string;
}

function at(path: string, absent = ''): FieldReader {
  const steps = path.split('.');
  return (object) => {
    let value: unknown = object;
    for (const step of steps) {
      if (typeof value !== 'object' || value === null) return absent;
      value = (value as { readonly [field: string]: unknown })[step];
    }
    return value === undefined || value === null ? absent : String(value);
  };
}

const name: FieldReader = (object) => object.metadata?.name ?? '';
const namespace: FieldReader = (object) => object.metadata?.namespace ?? '';
const names = { 'metadata.name': name, 'metadata.namespace': namespace };
const notSupported = (field: string): string => `field label not supported: ${field}`;

function under(prefix: string, path: string, leaves: readonly string[]): { readonly [field: string]: FieldReader } {
  return Object.fromEntries(leaves.map((leaf) => [`${prefix}.${leaf}`, at(`${path}.${leaf}`)]));
}

const referenceLeaves = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

/** The source of an Event: its component, or the controller that newer clients name instead. */
const component = at('source.component');
const controller = at('reportingComponent');
const source: FieldReader = (event) => component(event) || controller(event);

const byKind: ReadonlyMap<string, SelectableFields> = new Map<string, SelectableFields>([
  [
    '/Pod',
    {
      fields: {
        ...names,
        'spec.nodeName': at('spec.nodeName'),
        'spec.restartPolicy': at('spec.restartPolicy'),
        'spec.schedulerName': at('spec.schedulerName'),
        'spec.serviceAccountName': at('spec.serviceAccountName'),
        'spec.hostNetwork': at('spec.hostNetwork', 'false'),
        'status.phase': at('status.phase'),
        'status.podIP': at('status.podIP'),
        'status.podIPs': at('status.podIPs.0.ip'),
        'status.nominatedNodeName': at('status.nominatedNodeName'),
      },
      aliases: { 'spec.host': 'spec.nodeName' },
      unknown: notSupported,
    },
  ],
  [
    '/Node',
    {
      fields: { 'metadata.name': name, 'spec.unschedulable': at('spec.unschedulable', 'false') },
      unknown: notSupported,
    },
  ],
  ['/Namespace', { fields: { 'metadata.name': name, 'status.phase': at('status.phase') }, unknown: notSupported }],
  ['/Secret', { fields: { ...names, type: at('type') }, unknown: notSupported }],
  [
    '/Service',
    {
      fields: { ...names, 'spec.clusterIP': at('spec.clusterIP'), 'spec.type': at('spec.type') },
      unknown: notSupported,
    },
  ],
  [
    '/ReplicationController',
    { fields: { ...names, 'status.replicas': at('status.replicas', '0') }, unknown: notSupported },
  ],
  [
    '/Event',
    {
      fields: {
        ...names,
        ...under('involvedObject', 'involvedObject', referenceLeaves),
        reason: at('reason'),
        reportingComponent: controller,
        source,
        type: at('type'),
      },
      unknown: notSupported,
    },
  ],
  [
    'events.k8s.io/Event',
    {
      fields: {
        ...names,
        ...under('regarding', 'regarding', referenceLeaves),
        reason: at('reason'),
        reportingController: at('reportingController'),
        type: at('type'),
      },
      unknown: notSupported,
    },
  ],
  [
    'batch/Job',
    {
      fields: { ...names, 'status.successful': at('status.succeeded', '0') },
      unknown: (field) => `field label ${quote(field)} not supported for Job`,
    },
  ],
  [
    'certificates.k8s.io/CertificateSigningRequest',
    { fields: { 'metadata.name': name, 'spec.signerName': at('spec.signerName') }, unknown: notSupported },
  ],
  [
    'certificates.k8s.io/ClusterTrustBundle',
    { fields: { 'metadata.name': name, 'spec.signerName': at('spec.signerName') }, unknown: notSupported },
  ],
]);

const common: SelectableFields = {
  fields: names,
  unknown: (field) => `${quote(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
};

/** What selectors can name in objects of a kind (Kubernetes "Field Selectors", "List of supported fields"). */
export function selectableFields({ group, kind }: Pick<GroupVersionKind, 'group' | 'kind'>): SelectableFields {
  return byKind.get(`${group}/${kind}`) ?? common;
}

/** Every field of an object that selectors can name, with its text. */
export function fieldsOf(
  kind: Pick<GroupVersionKind, 'group' | 'kind'>,
  object: KubernetesObject,
): { [field: string]: string } {
  const { fields } = selectableFields(kind);
  return Object.fromEntries(Object.entries(fields).map(([field, read]) => [field, read(object)]));
}
