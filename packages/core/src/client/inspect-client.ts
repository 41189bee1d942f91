import { type KubernetesObject, keyOf, keyString } from '@orrery/api';
import type { Client } from '../client.ts';
import type { Environment } from '../environment.ts';
import { errorText } from '../inspection/error-text.ts';
import { type ClientRequest, interceptClient } from './intercept-client.ts';

/**
 * A client that waits for `actor`'s turn before each call, and reports to the inspector what was read and written. On a real
 * clock turns are free.
 */
export function inspectClient(client: Client, environment: Environment, actor: string): Client {
  const { inspector, clock, work } = environment;

  const recordRead = (verb: 'get' | 'list' | 'watch', { kind, key }: ClientRequest) => {
    inspector.emit({ type: 'read', time: clock.now(), actor, verb, kind, key });
  };
  const write = async <R>({ verb, kind, key, subresource }: ClientRequest, send: () => Promise<R>): Promise<R> => {
    const recorded = { type: 'wrote', actor, verb: writeVerb(verb), kind, key, subresource } as const;
    try {
      const answer = await send();
      inspector.emit({ ...recorded, time: clock.now(), ...written(answer) });
      return answer;
    } catch (error) {
      inspector.emit({ ...recorded, time: clock.now(), error: errorText(error) });
      throw error;
    }
  };

  return interceptClient(client, {
    request: async (request, send) => {
      await work.turn(actor);
      if (inspector.silent) return send();
      if (request.verb !== 'get' && request.verb !== 'list') return write(request, send);
      recordRead(request.verb, request);
      return send();
    },
    watch: (request, open) => {
      if (!inspector.silent) recordRead('watch', request);
      return open();
    },
  });
}

type WriteVerb = 'create' | 'update' | 'patch' | 'apply' | 'delete';

function writeVerb(verb: ClientRequest['verb']): WriteVerb {
  return verb === 'deleteCollection' ? 'delete' : (verb as WriteVerb);
}

/** What only the answer says: the revision, and the name and namespace where the server chose them. */
function written(answer: unknown): { readonly resourceVersion?: string; readonly key?: string } {
  const object = answer as KubernetesObject | undefined;
  const resourceVersion = object?.metadata?.resourceVersion;
  if (object === undefined || resourceVersion === undefined) return {};
  return { resourceVersion, key: keyString(keyOf(object)) };
}
