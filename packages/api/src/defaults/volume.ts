import type { DownwardAPIVolumeFile, PersistentVolumeClaimSpec, Volume } from '../parts.ts';
import { fill, through, throughEach } from './fill.ts';

/** Mode 0644. */
const defaultMode = 420;

/** Defaults of a Pod's volume. One without a source is an `emptyDir`. */
export function defaultVolume(given: Volume): Volume {
  let sources = 0;
  let volume = given;
  for (const field in given) {
    if (field === 'name' || given[field as keyof Volume] === undefined) continue;
    sources++;
    volume = defaultSource(volume, field as keyof Volume);
  }
  return sources === 0 ? { ...volume, emptyDir: {} } : volume;
}

function defaultSource(volume: Volume, source: keyof Volume): Volume {
  switch (source) {
    case 'secret':
    case 'configMap':
      return through(volume, source, (value) => fill(value, { defaultMode }));
    case 'downwardAPI':
      return through(volume, source, (value) => throughEach(fill(value, { defaultMode }), 'items', defaultFile));
    case 'projected':
      return through(volume, source, (value) =>
        throughEach(fill(value, { defaultMode }), 'sources', (projection) =>
          through(
            through(projection, 'downwardAPI', (downward) => throughEach(downward, 'items', defaultFile)),
            'serviceAccountToken',
            (token) => fill(token, { expirationSeconds: 3600 }),
          ),
        ),
      );
    case 'hostPath':
      return through(volume, source, (value) => fill(value, { type: '' }));
    case 'ephemeral':
      return through(volume, source, (value) =>
        through(value, 'volumeClaimTemplate', (template) => through(template, 'spec', defaultClaimSpec)),
      );
    case 'iscsi':
      return through(volume, source, (value) => fill(value, { iscsiInterface: 'default' }));
    case 'rbd':
      return through(volume, source, (value) =>
        fill(value, { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' }),
      );
    case 'azureDisk':
      return through(volume, source, (value) =>
        fill(value, { cachingMode: 'ReadWrite', kind: 'Shared', fsType: 'ext4', readOnly: false }),
      );
    case 'scaleIO':
      return through(volume, source, (value) => fill(value, { storageMode: 'ThinProvisioned', fsType: 'xfs' }));
    default:
      return volume;
  }
}

function defaultFile(file: DownwardAPIVolumeFile): DownwardAPIVolumeFile {
  return through(
    through(file, 'fieldRef', (ref) => fill(ref, { apiVersion: 'v1' })),
    'resourceFieldRef',
    (ref) => fill(ref, { divisor: '0' }),
  );
}

/** Defaults of a claim's spec, on its own and inside templates. */
export function defaultClaimSpec(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  return fill(spec, { volumeMode: 'Filesystem' });
}
