import { type Kind, kindId } from '../kind.ts';
import { clusterTrustBundlePrinter, roleBindingPrinter, signingRequestPrinter } from './access.ts';
import { autoscalerV1Printer, autoscalerV2Printer } from './autoscaling.ts';
import {
  componentStatusPrinter,
  configMapPrinter,
  leaseCandidatePrinter,
  leasePrinter,
  namespacePrinter,
  nodePrinter,
  priorityClassPrinter,
  resourceQuotaPrinter,
  runtimeClassPrinter,
  secretPrinter,
  serviceAccountPrinter,
} from './cluster.ts';
import { customKindPrinter } from './custom-kind.ts';
import { eventPrinter } from './event.ts';
import {
  apiServicePrinter,
  flowSchemaPrinter,
  migrationPrinter,
  mutatingPolicyPrinter,
  nameAndAgePrinter,
  policyBindingPrinter,
  priorityLevelPrinter,
  resourceClaimPrinter,
  resourceSlicePrinter,
  storageVersionPrinter,
  validatingPolicyPrinter,
  webhookPrinter,
} from './extension.ts';
import {
  endpointSlicePrinter,
  endpointsPrinter,
  ingressClassPrinter,
  ingressPrinter,
  ipAddressPrinter,
  networkPolicyPrinter,
  serviceCidrPrinter,
  servicePrinter,
} from './networking.ts';
import { podPrinter } from './pod.ts';
import { column, nameColumn, nameOf, type Printer, printer } from './printer.ts';
import {
  csiDriverPrinter,
  csiNodePrinter,
  csiStorageCapacityPrinter,
  persistentVolumeClaimPrinter,
  persistentVolumePrinter,
  storageClassPrinter,
  volumeAttachmentPrinter,
  volumeAttributesClassPrinter,
} from './storage.ts';
import {
  controllerRevisionPrinter,
  cronJobPrinter,
  daemonSetPrinter,
  deploymentPrinter,
  jobPrinter,
  podDisruptionBudgetPrinter,
  podTemplatePrinter,
  replicaSetPrinter,
  replicationControllerPrinter,
  statefulSetPrinter,
} from './workloads.ts';

/** Kinds that have columns of their own, by group and kind: every version of a kind prints alike. */
const printers = new Map<string, Printer>(
  Object.entries({
    '/ComponentStatus': componentStatusPrinter,
    '/ConfigMap': configMapPrinter,
    '/Endpoints': endpointsPrinter,
    '/Event': eventPrinter,
    '/Namespace': namespacePrinter,
    '/Node': nodePrinter,
    '/PersistentVolume': persistentVolumePrinter,
    '/PersistentVolumeClaim': persistentVolumeClaimPrinter,
    '/Pod': podPrinter,
    '/PodTemplate': podTemplatePrinter,
    '/ReplicationController': replicationControllerPrinter,
    '/ResourceQuota': resourceQuotaPrinter,
    '/Secret': secretPrinter,
    '/Service': servicePrinter,
    '/ServiceAccount': serviceAccountPrinter,
    'admissionregistration.k8s.io/MutatingAdmissionPolicy': mutatingPolicyPrinter,
    'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': policyBindingPrinter,
    'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhookPrinter,
    'admissionregistration.k8s.io/ValidatingAdmissionPolicy': validatingPolicyPrinter,
    'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': policyBindingPrinter,
    'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhookPrinter,
    'apiregistration.k8s.io/APIService': apiServicePrinter,
    'apps/ControllerRevision': controllerRevisionPrinter,
    'apps/DaemonSet': daemonSetPrinter,
    'apps/Deployment': deploymentPrinter,
    'apps/ReplicaSet': replicaSetPrinter,
    'apps/StatefulSet': statefulSetPrinter,
    'autoscaling/HorizontalPodAutoscaler': autoscalerV2Printer,
    'batch/CronJob': cronJobPrinter,
    'batch/Job': jobPrinter,
    'certificates.k8s.io/CertificateSigningRequest': signingRequestPrinter,
    'certificates.k8s.io/ClusterTrustBundle': clusterTrustBundlePrinter,
    'coordination.k8s.io/Lease': leasePrinter,
    'coordination.k8s.io/LeaseCandidate': leaseCandidatePrinter,
    'discovery.k8s.io/EndpointSlice': endpointSlicePrinter,
    'events.k8s.io/Event': eventPrinter,
    'flowcontrol.apiserver.k8s.io/FlowSchema': flowSchemaPrinter,
    'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': priorityLevelPrinter,
    'internal.apiserver.k8s.io/StorageVersion': storageVersionPrinter,
    'networking.k8s.io/Ingress': ingressPrinter,
    'networking.k8s.io/IngressClass': ingressClassPrinter,
    'networking.k8s.io/IPAddress': ipAddressPrinter,
    'networking.k8s.io/NetworkPolicy': networkPolicyPrinter,
    'networking.k8s.io/ServiceCIDR': serviceCidrPrinter,
    'node.k8s.io/RuntimeClass': runtimeClassPrinter,
    'policy/PodDisruptionBudget': podDisruptionBudgetPrinter,
    'rbac.authorization.k8s.io/ClusterRoleBinding': roleBindingPrinter,
    'rbac.authorization.k8s.io/RoleBinding': roleBindingPrinter,
    'resource.k8s.io/DeviceClass': nameAndAgePrinter,
    'resource.k8s.io/ResourceClaim': resourceClaimPrinter,
    'resource.k8s.io/ResourceClaimTemplate': nameAndAgePrinter,
    'resource.k8s.io/ResourceSlice': resourceSlicePrinter,
    'scheduling.k8s.io/PriorityClass': priorityClassPrinter,
    'storage.k8s.io/CSIDriver': csiDriverPrinter,
    'storage.k8s.io/CSINode': csiNodePrinter,
    'storage.k8s.io/CSIStorageCapacity': csiStorageCapacityPrinter,
    'storage.k8s.io/StorageClass': storageClassPrinter,
    'storage.k8s.io/VolumeAttachment': volumeAttachmentPrinter,
    'storage.k8s.io/VolumeAttributesClass': volumeAttributesClassPrinter,
    'storagemigration.k8s.io/StorageVersionMigration': migrationPrinter,
  }),
);

/** What differs from the other versions of the kind. */
const printersOfVersion = new Map<string, Printer>([['autoscaling/v1/HorizontalPodAutoscaler', autoscalerV1Printer]]);

const defaultPrinter = printer(
  [nameColumn, column('Created At', 'date', 'Time at which the object was created, in RFC 3339.')],
  (object) => [nameOf(object), object.metadata?.creationTimestamp ?? null],
);

/** The printer of a kind: its own, that of custom kinds, or else name and creation time. */
export function printerFor(kind: Kind): Printer {
  if (kind.custom || kind.printerColumns !== undefined) return customKindPrinter(kind);
  return printersOfVersion.get(kindId(kind)) ?? printers.get(`${kind.group}/${kind.kind}`) ?? defaultPrinter;
}
