import type { AdmissionPlugin } from './admission-plugin.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { priority } from './priority.ts';
import { serviceAccount } from './service-account.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

/** The built-in admission plugins, in Kubernetes' order. */
export function builtinAdmission(): readonly AdmissionPlugin[] {
  return [
    namespaceLifecycle,
    serviceAccount,
    nodeRestriction,
    taintNodesByCondition,
    priority,
    defaultTolerationSeconds,
  ];
}
