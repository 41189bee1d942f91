import { failures, labelSelectorMatcher, Pod, PodPreset, type Stored } from '@orrery/api';
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from '@orrery/core';
import { conflictMessage } from './conflict-event.ts';
import { mergePresets } from './merge.ts';

const excludeAnnotation = 'podpreset.admission.kubernetes.io/exclude';
const mirrorAnnotation = 'kubernetes.io/config.mirror';

/**
 * Merges the PodPresets of a namespace into the Pods that they select, when these are created (Kubernetes 1.14 to 1.19,
 * "Pod Presets"). A Pod is never refused for a conflict: it stays as it was, and a Warning event tells why, which Kubernetes
 * only wrote to the API server's log.
 */
export const presetAdmission: AdmissionPlugin = {
  name: 'PodPreset',
  before: 'ServiceAccount',
  matches: ({ kind, operation, subresource }) =>
    operation === 'CREATE' && subresource === '' && kind.group === '' && kind.resource === Pod.resource,
  mutate,
};

async function mutate(request: AdmissionRequest, context: AdmissionContext): Promise<Pod | undefined> {
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

async function presetsOf(namespace: string, { client }: AdmissionContext): Promise<readonly Stored<PodPreset>[]> {
  try {
    return (await client.list(PodPreset, { namespace })).items;
  } catch (error) {
    throw failures.internal(`listing pod presets failed: ${messageOf(error)}`);
  }
}

/** The presets whose selector matches, by name: Kubernetes leaves their order open, a reader should not have to. */
function selecting(presets: readonly Stored<PodPreset>[], pod: Pod): readonly Stored<PodPreset>[] {
  const matching = presets.filter((preset) => {
    try {
      return labelSelectorMatcher(preset.spec.selector ?? {}).matches(pod.metadata?.labels);
    } catch (error) {
      throw failures.internal(`filtering pod presets failed: label selector conversion failed: ${messageOf(error)}`);
    }
  });
  return matching.length < 2 ? matching : matching.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

function isPod(object: AdmissionRequest['object']): object is Pod {
  return object?.kind === 'Pod' && 'spec' in object && typeof object.spec === 'object';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
