import {
  failures,
  type Kind,
  type KubernetesObject,
  labelSelectorMatcher,
  Pod,
  PodPreset,
  type Stored,
} from '@orrery/api';
import { type Client, type EventRecorder, errorText } from '@orrery/core';
import { conflictMessage } from './conflict-event.ts';
import { mergePresets } from './merge.ts';

const excludeAnnotation = 'podpreset.admission.kubernetes.io/exclude';
const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** What the plugin reads of a write on its way to the store. */
export interface PresetRequest {
  readonly operation: string;
  readonly kind: Pick<Kind, 'group' | 'resource'>;
  /** `''` for the object itself. */
  readonly subresource: string;
  readonly namespace: string;
  readonly object?: KubernetesObject;
}

/** What the plugin needs to do its work. */
export interface PresetContext {
  readonly client: Pick<Client, 'list'>;
  readonly events: Pick<EventRecorder, 'event'>;
  /** Runs after the object is stored, with the object as stored. */
  afterCommit(task: (stored: KubernetesObject) => void): void;
}

/**
 * An admission plugin of the API server in the terms of this room, which knows no server: what it reads of a request and of
 * its context. The cluster, which puts it into the server's chain, checks that it fits there.
 */
export interface PresetAdmission {
  readonly name: string;
  readonly before: string;
  matches(request: PresetRequest): boolean;
  /** The Pod with its presets merged, or nothing to leave it. @throws StatusError */
  mutate(request: PresetRequest, context: PresetContext): Promise<Pod | undefined>;
}

/**
 * Merges the PodPresets of a namespace into the Pods that they select, when these are created (Kubernetes 1.14 to 1.19,
 * "Pod Presets"). A Pod is never refused for a conflict: it stays as it was, and a Warning event says why, which Kubernetes
 * only wrote to the API server's log.
 */
export const presetAdmission: PresetAdmission = {
  name: 'PodPreset',
  before: 'ServiceAccount',
  matches: ({ kind, operation, subresource }) =>
    operation === 'CREATE' && subresource === '' && kind.group === '' && kind.resource === Pod.resource,
  mutate,
};

async function mutate(request: PresetRequest, context: PresetContext): Promise<Pod | undefined> {
  const pod = request.object;
  if (!isPod(pod)) {
    throw failures.badRequest('Resource was marked with kind Pod but was unable to be converted');
  }
  const annotations = pod.metadata?.annotations;
  if (annotations?.[mirrorAnnotation] !== undefined) return undefined;
  if (annotations?.[excludeAnnotation] === 'true') return undefined;

  const presets = selecting(await presetsOf(request.namespace, context), pod);
  if (presets.length === 0) return undefined;
  const result = mergePresets(pod, presets);
  if ('pod' in result) return result.pod;

  const names = presets.map((preset) => preset.metadata.name);
  const message = conflictMessage(names, result.conflicts);
  context.afterCommit((stored) => context.events.event(stored, 'Warning', 'PodPresetConflict', message));
  return undefined;
}

async function presetsOf(namespace: string, { client }: PresetContext): Promise<readonly Stored<PodPreset>[]> {
  try {
    return (await client.list(PodPreset, { namespace })).items;
  } catch (error) {
    throw failures.internal(`listing pod presets failed: ${errorText(error)}`);
  }
}

/** The presets whose selector matches, by name: Kubernetes leaves their order open, a reader should not have to. */
function selecting(presets: readonly Stored<PodPreset>[], pod: Pod): readonly Stored<PodPreset>[] {
  const matching = presets.filter((preset) => {
    try {
      return labelSelectorMatcher(preset.spec.selector ?? {}).matches(pod.metadata?.labels);
    } catch (error) {
      throw failures.internal(`filtering pod presets failed: label selector conversion failed: ${errorText(error)}`);
    }
  });
  return matching.length < 2 ? matching : matching.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

function isPod(object: KubernetesObject | undefined): object is Pod {
  return object?.kind === 'Pod' && 'spec' in object && typeof object.spec === 'object';
}
