import type { Kind, KubernetesObject } from '@orrery/api';
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from '@orrery/api/server';
import type { PatchBody } from './request-path.ts';

/** Applies a patch to an object; returns the same object if nothing changes. @throws StatusError */
export function applyPatch(object: KubernetesObject, patch: PatchBody, kind: Kind): unknown {
  switch (patch.type) {
    case 'json':
      return applyJsonPatch(object, patch.body);
    case 'merge':
      return applyMergePatch(object, patch.body);
    case 'strategic':
      return applyStrategicMergePatch(object, patch.body, kind.type, kind.types);
    case 'apply':
      throw new Error('server-side apply merges with managed fields, not with the object alone');
  }
}
