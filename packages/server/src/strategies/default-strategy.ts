import { equalJson, type Kind, type KubernetesObject, type Stored } from '@orrery/api';
import { validateCreate, validateSubresourceUpdate } from '@orrery/api/server';
import { patchObject } from '../patch-object.ts';
import { scaleEndpoint } from '../subresources/scale.ts';
import { updateObject } from '../update-object.ts';
import { withoutDisabledFields } from './disabled-fields.ts';
import { type Fields, withField } from './fields.ts';
import type { ResourceStrategy, ResourceSubresource, Strategy, Subresource, UpdateStrategy } from './strategy.ts';

/** The behaviour of most built-in resources, overridden by a resource's own. */
export function defaultStrategy(kind: Kind, own: ResourceStrategy = {}): Strategy {
  const { generation = false, podSpec, initialStatus = () => ({}), onCreate, onUpdate, subresources, ...rest } = own;
  const hasStatus = kind.subresources.status !== undefined;
  const isCounted = generation === true ? desiredStateChanged : generation;
  const enabled = (object: KubernetesObject): Fields =>
    podSpec === undefined ? object : withoutDisabledFields(object, podSpec);
  const main: UpdateStrategy = {
    prepareForUpdate: (object, old) => {
      let next = enabled(object);
      if (hasStatus) next = withField(next, 'status', (old as Fields).status);
      if (onUpdate !== undefined) next = onUpdate(next, old);
      return isCounted !== false && isCounted(next, old) ? withNextGeneration(next, old) : next;
    },
    validateUpdate: (object, old) => validateSubresourceUpdate(kind, '', object, old),
    warningsOnUpdate: own.warningsOnUpdate ?? (() => []),
  };
  return {
    allowCreateOnUpdate: false,
    allowUnconditionalUpdate: true,
    returnDeletedObject: false,
    garbageCollected: true,
    orphansByDefault: false,
    warningsOnCreate: () => [],
    gracePeriodSeconds: () => 0,
    prepareForDelete: (object) => object,
    isHeld: () => false,
    ...rest,
    ...main,
    prepareForCreate: (object) => {
      let next = enabled(isCounted === false ? object : withFirstGeneration(object));
      if (hasStatus && initialStatus !== 'keep') next = withField(next, 'status', initialStatus(next));
      return onCreate === undefined ? next : onCreate(next);
    },
    validate: (object) => validateCreate(kind, object),
    subresources: allSubresources(kind, main, subresources ?? {}),
  };
}

type Parts = { readonly [name: string]: ResourceSubresource };

/** All subresources of an object: each falls back to the object's own endpoint. */
function allSubresources(kind: Kind, main: UpdateStrategy, own: Parts): Strategy['subresources'] {
  const common: Parts = {
    ...(kind.subresources.scale === undefined ? {} : { scale: scaleEndpoint() }),
    ...(kind.subresources.status === undefined ? {} : { status: { ...objectEndpoint, prepareForUpdate: withStatus } }),
  };
  const all: { [name: string]: Subresource } = {};
  for (const name of new Set([...Object.keys(common), ...Object.keys(own)])) {
    const { onUpdate, ...parts } = { ...common[name], ...own[name] };
    all[name] = {
      prepareForUpdate: (object, old) => main.prepareForUpdate(onUpdate?.(object, old) ?? object, old),
      warningsOnUpdate: () => [],
      validateUpdate: (object, old) => validateSubresourceUpdate(kind, name, object, old),
      ...parts,
    };
  }
  return all;
}

/** The methods of a subresource that reads the object itself and changes a part of it. */
export const objectEndpoint: Pick<Subresource, 'update' | 'patch'> = { update: updateObject, patch: patchObject };

/** The stored object with the metadata and the status of the given one: what `/status` writes. */
export function withStatus(object: KubernetesObject, old: Stored): KubernetesObject {
  const { metadata, status } = object as Fields;
  return withField(withField(old, 'metadata', metadata), 'status', status);
}

function withFirstGeneration(object: KubernetesObject): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, generation: 1 } };
}

function withNextGeneration(object: KubernetesObject, old: Stored): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, generation: (old.metadata.generation ?? 0) + 1 } };
}

/** Whether a change affects desired state, which `generation` counts (Kubernetes API conventions, "Metadata"). */
export function desiredStateChanged(object: KubernetesObject, old: Stored): boolean {
  const [next, before]: [Fields, Fields] = [object, old];
  for (const part of [next, before]) {
    for (const field in part) {
      if (field === 'metadata' || field === 'status' || field === 'apiVersion' || field === 'kind') continue;
      if (!equalJson(next[field as 'spec'], before[field as 'spec'])) return true;
    }
  }
  return false;
}
