import type {
  Kind,
  KubernetesObject,
  ObjectKey,
  Stored,
  SubresourceAnswer,
  SubresourceBody,
  SubresourceName,
} from '@orrery/api';
import type { Observable } from 'rxjs';
import type {
  ApplyOptions,
  Client,
  DeleteOptions,
  GetOptions,
  ListOptions,
  ObjectList,
  Patch,
  PatchOptions,
  UserInfo,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../client.ts';

/** A client that does some calls in its own way and leaves the others to the one beneath. */
export function delegatingClient(client: Client, own: Partial<Client> & Pick<Client, 'as'>): Client {
  return Object.assign(new PassingClient(client), own);
}

/** A client that leaves all calls to the one beneath: what classes that do some in their own way extend. */
export abstract class DelegatingClient implements Client {
  protected readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  abstract as(user: UserInfo): Client;

  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey | string, options?: GetOptions): Promise<Stored<T>> {
    return this.client.get(kind, key, options);
  }

  list<T extends KubernetesObject>(kind: Kind<T>, options?: ListOptions): Promise<ObjectList<T>> {
    return this.client.list(kind, options);
  }

  watch<T extends KubernetesObject>(kind: Kind<T>, options?: WatchOptions): Observable<WatchEvent<T>> {
    return this.client.watch(kind, options);
  }

  create<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<Stored<T>> {
    return this.client.create(object, options);
  }

  update<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<Stored<T>> {
    return this.client.update(object, options);
  }

  updateStatus<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<Stored<T>> {
    return this.client.updateStatus(object, options);
  }

  patch<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    patch: Patch,
    options?: PatchOptions,
  ): Promise<Stored<T>> {
    return this.client.patch(kind, key, patch, options);
  }

  apply<T extends KubernetesObject>(object: T, options: ApplyOptions): Promise<Stored<T>> {
    return this.client.apply(object, options);
  }

  delete<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    options?: DeleteOptions,
  ): Promise<Stored<T> | undefined> {
    return this.client.delete(kind, key, options);
  }

  deleteCollection<T extends KubernetesObject>(
    kind: Kind<T>,
    selection: ListOptions,
    options?: DeleteOptions,
  ): Promise<void> {
    return this.client.deleteCollection(kind, selection, options);
  }

  getSubresource<S, N extends SubresourceName<S, 'get'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
  ): Promise<SubresourceAnswer<S, N, 'get'>> {
    return this.client.getSubresource(kind, key, subresource);
  }

  createSubresource<S, N extends SubresourceName<S, 'create'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
    body: SubresourceBody<S, N, 'create'>,
    options?: WriteOptions,
  ): Promise<SubresourceAnswer<S, N, 'create'>> {
    return this.client.createSubresource(kind, key, subresource, body, options);
  }

  updateSubresource<S, N extends SubresourceName<S, 'update'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
    body: SubresourceBody<S, N, 'update'>,
    options?: WriteOptions,
  ): Promise<SubresourceAnswer<S, N, 'update'>> {
    return this.client.updateSubresource(kind, key, subresource, body, options);
  }
}

class PassingClient extends DelegatingClient {
  as(user: UserInfo): Client {
    return this.client.as(user);
  }
}
