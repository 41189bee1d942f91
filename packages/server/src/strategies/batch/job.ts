import { dns1123Label, type Job, type KubernetesObject } from '@orrery/api';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/batch/job/strategy.go`. */
export const job: StrategyEntry = {
  group: 'batch',
  kind: 'Job',
  strategy: {
    generation: true,
    podSpec: ['spec', 'template', 'spec'],
    orphansByDefault: true,
    warningWhenOrphaning:
      'child pods are preserved by default when jobs are deleted; ' +
      'set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
    onCreate: withGeneratedSelector,
    warningsOnCreate,
  },
};

const uidLabel = 'batch.kubernetes.io/controller-uid';

/**
 * The Job with labels on its Pods that no other Job's have, and a selector of them, unless it selects by itself (`manualSelector`).
 * Labels and selectors that are there stay: validation refuses wrong ones.
 */
function withGeneratedSelector(object: KubernetesObject): KubernetesObject {
  const { metadata, spec } = object as Job;
  if (spec === undefined || spec.manualSelector === true) return object;
  const { name, uid } = metadata;
  const { template, selector } = spec;
  const labels = {
    'job-name': name,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    [uidLabel]: uid,
    ...template?.metadata?.labels,
  };
  return {
    ...object,
    spec: {
      ...spec,
      selector: { ...selector, matchLabels: { [uidLabel]: uid, ...selector?.matchLabels } },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  } as KubernetesObject;
}

function warningsOnCreate({ metadata }: KubernetesObject): readonly string[] {
  const faults = dns1123Label(metadata?.name ?? '');
  if (faults.length === 0) return [];
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${faults.join(' ')}]`,
  ];
}
