const emptyName = { name: '' };

/** Defaults that the API declares on a field itself (`+default`), by type; all other defaults are set by code. */
export const fieldDefaults: { readonly [type: string]: { readonly [field: string]: unknown } } = {
  'core.v1.AzureDiskVolumeSource': { cachingMode: 'ReadWrite', fsType: 'ext4', kind: 'Shared', readOnly: false },
  'core.v1.ConfigMapEnvSource': emptyName,
  'core.v1.ConfigMapKeySelector': emptyName,
  'core.v1.ConfigMapProjection': emptyName,
  'core.v1.ConfigMapVolumeSource': emptyName,
  'core.v1.ContainerPort': { protocol: 'TCP' },
  'core.v1.FileKeySelector': { optional: false },
  'core.v1.GRPCAction': { service: '' },
  'core.v1.ISCSIPersistentVolumeSource': { iscsiInterface: 'default' },
  'core.v1.ISCSIVolumeSource': { iscsiInterface: 'default' },
  'core.v1.LocalObjectReference': emptyName,
  'core.v1.RBDPersistentVolumeSource': { keyring: '/etc/ceph/keyring', pool: 'rbd', user: 'admin' },
  'core.v1.RBDVolumeSource': { keyring: '/etc/ceph/keyring', pool: 'rbd', user: 'admin' },
  'core.v1.ScaleIOPersistentVolumeSource': { fsType: 'xfs', storageMode: 'ThinProvisioned' },
  'core.v1.ScaleIOVolumeSource': { fsType: 'xfs', storageMode: 'ThinProvisioned' },
  'core.v1.SecretEnvSource': emptyName,
  'core.v1.SecretKeySelector': emptyName,
  'core.v1.SecretProjection': emptyName,
  'core.v1.ServicePort': { protocol: 'TCP' },
};
