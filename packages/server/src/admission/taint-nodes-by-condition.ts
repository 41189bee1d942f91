import { Node } from '@orrery/api';
import type { AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' } as const;

/** Keeps Pods off a new node until it reports ready (Kubernetes "Taints and Tolerations", taint nodes by condition). */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  matches: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && subresource === '' && kind.group === '' && kind.resource === Node.resource,
  mutate: ({ object }: AdmissionRequest) => withNotReadyTaint(object as Node),
};

/** The node with the taint added; undefined if it has it. */
export function withNotReadyTaint(node: Node): Node | undefined {
  const taints = node.spec?.taints ?? [];
  if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return undefined;
  return { ...node, spec: { ...node.spec, taints: [...taints, notReady] } };
}
