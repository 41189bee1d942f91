import { type Kind, Pod } from '@orrery/api';
import { bindPod } from '../../subresources/pod-subresources.ts';
import type { StrategyEntry } from '../strategy.ts';

/** A Binding that is POSTed to `bindings` binds the Pod with its name (Kubernetes `registry/core/pod/storage`, `LegacyBindingREST`). */
export const binding: StrategyEntry = {
  group: '',
  kind: 'Binding',
  strategy: {
    answer: (server, scope, object, options) =>
      bindPod(server, { ...scope, kind: Pod as Kind, name: object.metadata?.name ?? '' }, object, options),
  },
};
