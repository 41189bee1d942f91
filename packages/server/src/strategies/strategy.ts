import type { FieldError, Kind, KubernetesObject, Stored } from '@orrery/api';
import type { WriteOptions } from '@orrery/core';
import type { ObjectWrite } from '@orrery/store';
import type { ServerContext } from '../context.ts';
import type { PatchBody, RequestScope, WriteResult } from '../request-path.ts';
import type { ProxyBackend } from '../subresources/proxy.ts';

/**
 * How an object is changed through one endpoint (Kubernetes `rest.RESTUpdateStrategy`). All functions are pure, and may be
 * called several times for one request: a write that loses a race is prepared again from the newer object.
 */
export interface UpdateStrategy {
  /**
   * The object as this endpoint may write it: what it may not is as in `old`. Both are in the request's version; the metadata
   * that only the server sets is taken over from `old` already. Gives the same object if nothing is to be changed.
   */
  prepareForUpdate(object: KubernetesObject, old: Stored): KubernetesObject;
  /** What is wrong with the prepared object; empty if it is valid. */
  validateUpdate(object: KubernetesObject, old: Stored): readonly FieldError[];
  /** Texts of `Warning` headers about an object that is valid. */
  warningsOnUpdate(object: KubernetesObject, old: Stored): readonly string[];
}

/** One endpoint below an object. A method that it does not have is answered with 405 MethodNotAllowed. */
export interface Subresource extends UpdateStrategy {
  /** GET, of what the server has seen. Default: the object itself. */
  get?(server: ServerContext, scope: RequestScope): KubernetesObject;
  /** POST. */
  create?(
    server: ServerContext,
    scope: RequestScope,
    body: KubernetesObject,
    options: WriteOptions,
  ): Promise<WriteResult>;
  /** PUT. */
  update?(server: ServerContext, scope: RequestScope, body: unknown, options: WriteOptions): Promise<WriteResult>;
  /** PATCH, server-side apply too. */
  patch?(server: ServerContext, scope: RequestScope, patch: PatchBody, options: WriteOptions): Promise<WriteResult>;
  /** Any method: finds whom a `proxy` passes the request on to. */
  proxy?(server: ServerContext, scope: RequestScope): ProxyBackend;
}

/**
 * What the API server does in a way of its own with the objects of one resource, asked at fixed points of every request
 * (Kubernetes' registry, `registry/GROUP/RESOURCE/strategy.go`: `rest.RESTCreateStrategy`, `rest.RESTUpdateStrategy`,
 * `rest.RESTGracefulDeleteStrategy`, and the options of `registry.Store`). {@link StrategyRegistry} knows the strategy of
 * every kind.
 */
export interface Strategy extends UpdateStrategy {
  /** An update of an object that is not there creates it. Default false. */
  readonly allowCreateOnUpdate: boolean;
  /** An update without a resourceVersion overwrites whatever is there. Default true; false for custom resources. */
  readonly allowUnconditionalUpdate: boolean;
  /** DELETE answers with the object that it took out of the store, instead of with a Status. Default false. */
  readonly returnDeletedObject: boolean;
  /** Deletion sets the finalizers of its propagation policy (`orphan`, `foregroundDeletion`). Default true. */
  readonly garbageCollected: boolean;
  /** Endpoints below the object, by name; only those that its kind serves are asked. */
  readonly subresources: { readonly [name: string]: Subresource };

  /** The object that create stores, whose metadata is filled in: what the server alone sets is reset. Pure. */
  prepareForCreate(object: KubernetesObject): KubernetesObject;
  /** What is wrong with the prepared object; empty if it is valid. Pure. */
  validate(object: KubernetesObject): readonly FieldError[];
  /** Texts of `Warning` headers about a new object that is valid. Pure. */
  warningsOnCreate(object: KubernetesObject): readonly string[];
  /**
   * Gives the object what it needs of the cluster as a whole, after admission and before {@link prepareForCreate} or validation
   * (Kubernetes `BeginCreate`, `BeginUpdate`). `old` is absent on create. @throws StatusError where there is none left
   */
  begin?(server: ServerContext, object: KubernetesObject, old: Stored | undefined): KubernetesObject;
  /**
   * What is written in the same commit as the object, so that nobody ever sees one without the other: what it takes of the
   * cluster or gives back. `next` is absent where the object is taken out of the store, `old` where it is new. Another writer
   * who was faster with one of these makes the whole write begin again.
   */
  commitsWith?(
    server: ServerContext,
    next: KubernetesObject | undefined,
    old: Stored | undefined,
  ): readonly ObjectWrite[];
  /**
   * Refuses what the user of the request may not write although RBAC lets them write the object (Kubernetes'
   * `policybased` storages). `old` is absent on create. @throws StatusError Forbidden
   */
  checkAccess?(
    server: ServerContext,
    scope: RequestScope,
    object: KubernetesObject,
    old: KubernetesObject | undefined,
  ): void;

  /** Seconds that the object is kept after a DELETE that asks for `asked` of them. Default: none, whatever is asked. Pure. */
  gracePeriodSeconds(object: Stored, asked: number | undefined): number;
  /** The object with its metadata marked for deletion, as it is stored while it waits. Default: unchanged. Pure. */
  prepareForDelete(object: KubernetesObject): KubernetesObject;
  /** Whether something beside finalizers and grace period keeps an object that is marked for deletion. Default: nothing. Pure. */
  isHeld(object: KubernetesObject): boolean;

  /** Answers a POST for kinds that are never stored: reviews and bindings. @throws StatusError */
  answer?(
    server: ServerContext,
    scope: RequestScope,
    object: KubernetesObject,
    options: WriteOptions,
  ): Promise<WriteResult>;
}

/** What one built-in resource does otherwise than the others. */
export interface ResourceStrategy
  extends Partial<
    Omit<Strategy, 'subresources' | 'prepareForCreate' | 'prepareForUpdate' | 'validate' | 'validateUpdate'>
  > {
  /**
   * `metadata.generation` counts the changes of desired state, from 1. `true` counts every change of a field that is neither
   * metadata nor status; a function is asked instead. Default: the resource has no generation.
   */
  readonly generation?: boolean | ((object: KubernetesObject, old: Stored) => boolean);
  /** Where the spec of the Pods stands that the object is or makes: `['spec', 'template', 'spec']`. Default: nowhere. */
  readonly podSpec?: readonly string[];
  /** The status of a new object of a kind with the subresource `status`. `'keep'` leaves what the client sent. Default `{}`. */
  readonly initialStatus?: ((object: KubernetesObject) => unknown) | 'keep';
  /** The last step of {@link Strategy.prepareForCreate}. */
  readonly onCreate?: (object: KubernetesObject) => KubernetesObject;
  /** A step of {@link UpdateStrategy.prepareForUpdate}, before the generation is counted. */
  readonly onUpdate?: (object: KubernetesObject, old: Stored) => KubernetesObject;
  /** What differs in the endpoints below the object, or is there beside `status` and `scale`. */
  readonly subresources?: { readonly [name: string]: ResourceSubresource };
}

/** What one endpoint below an object does otherwise than the object's own. */
export interface ResourceSubresource extends Partial<Omit<Subresource, 'validateUpdate'>> {
  /** The stored object with what this endpoint may change; it is then prepared as through the object's own endpoint. */
  readonly onUpdate?: (object: KubernetesObject, old: Stored) => KubernetesObject;
}

/** A built-in resource by the group and kind of its objects (of all versions), and what it does in a way of its own. */
export interface StrategyEntry {
  readonly group: string;
  readonly kind: string;
  readonly strategy: ResourceStrategy;
}

/** Finds the strategy of a kind, by its group and kind: all versions of a resource have one. */
export interface StrategyRegistry {
  of(kind: Kind): Strategy;
}
