import { failures } from '@orrery/api';
import { EMPTY } from 'rxjs';
import type { NodeApi } from './node-api.ts';

const refuse = ({ pod }: { readonly pod: string }) =>
  Promise.reject(failures.badRequest(`pod ${pod} does not have a host assigned`));

/** The node API of a Pod that is not bound to a node: its log is empty, and there is nothing to connect to. */
export const nowhere: NodeApi = {
  logs: () => Promise.resolve(EMPTY),
  exec: refuse,
  attach: refuse,
  portForward: refuse,
};
