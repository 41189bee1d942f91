import type { Client } from '../client.ts';

/** A client that does some calls in its own way and leaves the others to the one beneath. */
export function delegatingClient(client: Client, own: Partial<Client> & Pick<Client, 'as'>): Client {
  return {
    get: (...call) => client.get(...call),
    list: (...call) => client.list(...call),
    watch: (...call) => client.watch(...call),
    create: (...call) => client.create(...call),
    update: (...call) => client.update(...call),
    updateStatus: (...call) => client.updateStatus(...call),
    patch: (...call) => client.patch(...call),
    apply: (...call) => client.apply(...call),
    delete: (...call) => client.delete(...call),
    deleteCollection: (...call) => client.deleteCollection(...call),
    getSubresource: (...call) => client.getSubresource(...call),
    createSubresource: (...call) => client.createSubresource(...call),
    updateSubresource: (...call) => client.updateSubresource(...call),
    ...own,
  };
}
