import { addressWrites, withAddresses } from '../../services/service-addresses.ts';
import { serviceProxy } from '../../subresources/proxy.ts';
import type { StrategyEntry } from '../strategy.ts';

/** Kubernetes `registry/core/service/strategy.go`, and `storage/storage.go` and `alloc.go`. */
export const service: StrategyEntry = {
  group: '',
  kind: 'Service',
  strategy: {
    initialStatus: () => ({ loadBalancer: {} }),
    begin: withAddresses,
    commitsWith: addressWrites,
    subresources: { proxy: { proxy: serviceProxy } },
  },
};
