import type { ResourceInfo } from './builtin-types.ts';
import type { TypeInfo } from './schema.ts';

/** PodPreset left Kubernetes in 1.20, so the 1.35 table has no row for it: these are the rows it would have. */
export const podPresetTypes: { readonly [name: string]: TypeInfo } = {
  'settings.v1alpha1.PodPreset': {
    description:
      'PodPreset injects data into the Pods of its namespace that its selector matches, when they are created.',
    fields: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'meta.v1.ObjectMeta', proto: 1, protoType: 'meta.v1.ObjectMeta' },
      spec: {
        type: 'settings.v1alpha1.PodPresetSpec',
        proto: 2,
        protoType: 'settings.v1alpha1.PodPresetSpec',
        description: 'What to inject, and into which Pods.',
      },
    },
  },
  'settings.v1alpha1.PodPresetSpec': {
    description: 'PodPresetSpec says which Pods a preset changes and what it adds to them.',
    fields: {
      selector: {
        type: 'meta.v1.LabelSelector',
        proto: 1,
        protoType: 'meta.v1.LabelSelector',
        description:
          'Labels of the Pods that the preset applies to. An empty selector matches every Pod of the namespace.',
      },
      env: {
        type: 'core.v1.EnvVar[]',
        proto: 2,
        protoType: 'core.v1.EnvVar',
        description: 'Environment variables added to every container.',
      },
      envFrom: {
        type: 'core.v1.EnvFromSource[]',
        proto: 3,
        protoType: 'core.v1.EnvFromSource',
        description: 'Sources of environment variables added to every container.',
      },
      volumes: {
        type: 'core.v1.Volume[]',
        proto: 4,
        protoType: 'core.v1.Volume',
        description: 'Volumes added to the Pod.',
      },
      volumeMounts: {
        type: 'core.v1.VolumeMount[]',
        proto: 5,
        protoType: 'core.v1.VolumeMount',
        description: "Mounts, of the preset's own volumes, added to every container.",
      },
    },
  },
};

const collectionVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'post', 'put'];

export const podPresetResources: readonly ResourceInfo[] = [
  {
    group: 'settings.k8s.io',
    version: 'v1alpha1',
    resource: 'podpresets',
    kind: 'PodPreset',
    singular: 'podpreset',
    namespaced: true,
    verbs: collectionVerbs,
    subresources: {},
    type: 'settings.v1alpha1.PodPreset',
  },
];
