import type { ICSIDriver } from 'kubernetes-models/storage.k8s.io/v1/CSIDriver';
import type { ICSINode } from 'kubernetes-models/storage.k8s.io/v1/CSINode';
import type { ICSIStorageCapacity } from 'kubernetes-models/storage.k8s.io/v1/CSIStorageCapacity';
import type { IStorageClass } from 'kubernetes-models/storage.k8s.io/v1/StorageClass';
import type { IVolumeAttachment } from 'kubernetes-models/storage.k8s.io/v1/VolumeAttachment';
import type { IVolumeAttributesClass } from 'kubernetes-models/storage.k8s.io/v1/VolumeAttributesClass';
import type { PersistentVolume, PersistentVolumeClaim } from '../kinds.ts';
import type { KubernetesObject } from '../object.ts';
import { accessModesText } from './cell-text.ts';
import { ageColumn, ageOf, column, nameColumn, nameOf, printer, wideColumn } from './printer.ts';

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const modeColumn = wideColumn('VolumeMode', 'Whether the volume is a file system or a block device.');
const capacityColumn = column('Capacity', 'string', 'Size of the volume.');
const accessColumn = column('Access Modes', 'string', 'How many nodes may mount the volume, and how.');
const classColumns = [
  column('StorageClass', 'string', 'StorageClass of the volume.'),
  column('VolumeAttributesClass', 'string', 'VolumeAttributesClass of the volume.'),
];

export const persistentVolumePrinter = printer<PersistentVolume>(
  [
    nameColumn,
    capacityColumn,
    accessColumn,
    column('Reclaim Policy', 'string', 'What becomes of the volume when its claim goes.'),
    column('Status', 'string', 'Whether the volume is free, bound or released.'),
    column('Claim', 'string', 'Claim that the volume is bound to.'),
    ...classColumns,
    column('Reason', 'string', 'Why the volume is in a failed state.'),
    ageColumn,
    modeColumn,
  ],
  (volume, now) => {
    const claim = volume.spec?.claimRef;
    return [
      nameOf(volume),
      quantity(volume.spec?.capacity),
      accessModesText(volume.spec?.accessModes),
      volume.spec?.persistentVolumeReclaimPolicy ?? '',
      phaseOf(volume, volume.status?.phase),
      claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`,
      classOf(volume, volume.spec?.storageClassName) ?? '',
      volume.spec?.volumeAttributesClassName ?? '<unset>',
      volume.status?.reason ?? '',
      ageOf(volume, now),
      volume.spec?.volumeMode ?? '<unset>',
    ];
  },
);

export const persistentVolumeClaimPrinter = printer<PersistentVolumeClaim>(
  [
    nameColumn,
    column('Status', 'string', 'Whether the claim has its volume.'),
    column('Volume', 'string', 'Volume that the claim is bound to.'),
    capacityColumn,
    accessColumn,
    ...classColumns,
    ageColumn,
    modeColumn,
  ],
  (claim, now) => {
    const bound = (claim.spec?.volumeName ?? '') !== '';
    return [
      nameOf(claim),
      phaseOf(claim, claim.status?.phase),
      claim.spec?.volumeName ?? '',
      bound ? quantity(claim.status?.capacity) : '',
      bound ? accessModesText(claim.status?.accessModes) : '',
      classOf(claim, claim.spec?.storageClassName) ?? '',
      claim.spec?.volumeAttributesClassName ?? '<unset>',
      ageOf(claim, now),
      claim.spec?.volumeMode ?? '<unset>',
    ];
  },
);

function phaseOf(object: KubernetesObject, phase: string | undefined): string {
  return object.metadata?.deletionTimestamp === undefined ? (phase ?? '') : 'Terminating';
}

/** A size that is not set prints as Go's zero quantity does. */
function quantity(capacity: { readonly [resource: string]: string | number } | undefined): string {
  return `${capacity?.storage ?? 0}`;
}

function classOf(object: KubernetesObject, name: string | undefined): string | undefined {
  return object.metadata?.annotations?.[classAnnotation] ?? name;
}

export const storageClassPrinter = printer<IStorageClass>(
  [
    nameColumn,
    column('Provisioner', 'string', 'Driver that makes the volumes.'),
    column('ReclaimPolicy', 'string', 'What becomes of a volume when its claim goes.'),
    column('VolumeBindingMode', 'string', 'When a claim gets its volume.'),
    column('AllowVolumeExpansion', 'string', 'Whether volumes can grow.'),
    ageColumn,
  ],
  (storageClass, now) => [
    defaultName(storageClass, [
      'storageclass.kubernetes.io/is-default-class',
      'storageclass.beta.kubernetes.io/is-default-class',
    ]),
    storageClass.provisioner ?? '',
    storageClass.reclaimPolicy ?? 'Delete',
    storageClass.volumeBindingMode ?? 'Immediate',
    storageClass.allowVolumeExpansion ?? false,
    ageOf(storageClass, now),
  ],
);

export const volumeAttributesClassPrinter = printer<IVolumeAttributesClass>(
  [nameColumn, column('DriverName', 'string', 'Driver that knows the attributes.'), ageColumn],
  (attributesClass, now) => [
    defaultName(attributesClass, ['volumeattributesclass.alpha.kubernetes.io/is-default-class']),
    attributesClass.driverName ?? '',
    ageOf(attributesClass, now),
  ],
);

function defaultName(object: KubernetesObject, annotations: readonly string[]): string {
  const isDefault = annotations.some((annotation) => object.metadata?.annotations?.[annotation] === 'true');
  return isDefault ? `${nameOf(object)} (default)` : nameOf(object);
}

export const volumeAttachmentPrinter = printer<IVolumeAttachment>(
  [
    nameColumn,
    column('Attacher', 'string', 'Driver that attaches the volume.'),
    column('PV', 'string', 'Volume to attach.'),
    column('Node', 'string', 'Node to attach the volume to.'),
    column('Attached', 'boolean', 'Whether the volume is attached.'),
    ageColumn,
  ],
  (attachment, now) => [
    nameOf(attachment),
    attachment.spec?.attacher ?? '',
    attachment.spec?.source?.persistentVolumeName ?? '',
    attachment.spec?.nodeName ?? '',
    attachment.status?.attached ?? false,
    ageOf(attachment, now),
  ],
);

export const csiNodePrinter = printer<ICSINode>(
  [nameColumn, column('Drivers', 'integer', 'Number of CSI drivers on the node.'), ageColumn],
  (node, now) => [nameOf(node), node.spec?.drivers?.length ?? 0, ageOf(node, now)],
);

export const csiDriverPrinter = printer<ICSIDriver>(
  [
    nameColumn,
    column('AttachRequired', 'boolean', 'Whether volumes are attached to a node before they are mounted.'),
    column('PodInfoOnMount', 'boolean', 'Whether the driver is passed information about the Pod.'),
    column('StorageCapacity', 'boolean', 'Whether the driver reports free capacity.'),
    column('TokenRequests', 'string', 'Audiences of the service account tokens that the driver gets.'),
    column('RequiresRepublish', 'boolean', 'Whether the driver refreshes mounted volumes.'),
    column('Modes', 'string', 'Life cycles of volumes that the driver serves.'),
    ageColumn,
  ],
  (driver, now) => [
    nameOf(driver),
    driver.spec?.attachRequired ?? true,
    driver.spec?.podInfoOnMount ?? false,
    driver.spec?.storageCapacity ?? false,
    driver.spec?.tokenRequests?.map((request) => request.audience).join(',') ?? '<unset>',
    driver.spec?.requiresRepublish ?? false,
    (driver.spec?.volumeLifecycleModes ?? []).join(',') || '<none>',
    ageOf(driver, now),
  ],
);

export const csiStorageCapacityPrinter = printer<ICSIStorageCapacity>(
  [
    nameColumn,
    column('StorageClassName', 'string', 'StorageClass that the figure is about.'),
    column('Capacity', 'string', 'Free space.'),
  ],
  (capacity) => [nameOf(capacity), capacity.storageClassName ?? '', `${capacity.capacity ?? '<unset>'}`],
);
