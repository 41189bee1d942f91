import type { FieldError, Kind, KubernetesObject, Stored } from '@orrery/api';
import type { WriteOptions } from '@orrery/core';
import type { ObjectWrite } from '@orrery/store';
import type { ServerContext } from '../context.ts';
import type { PatchBody, RequestScope, WriteResult } from '../request-path.ts';
import type { ProxyBackend } from '../subresources/proxy.ts';

/**
 * The update strategy of one endpoint (Kubernetes `rest.RESTUpdateStrategy`). All functions are pure, and may be called
 * several times for one request: a write that loses a race is prepared again from the newer object.
 */
export interface UpdateStrategy {
  /**
   * The object to write: fields that this endpoint may not change are as in `old`. Both are in the request's version; metadata
   * that only the server sets has already been copied from `old`. Returns the same object if nothing needs to change.
   */
  prepareForUpdate(object: KubernetesObject, old: Stored): KubernetesObject;
  /** The errors in the prepared object; empty if it is valid. */
  validateUpdate(object: KubernetesObject, old: Stored): readonly FieldError[];
  /** Texts of `Warning` headers for a valid object. */
  warningsOnUpdate(object: KubernetesObject, old: Stored): readonly string[];
}

/** A subresource. A method that it does not implement is answered with 405 MethodNotAllowed. */
export interface Subresource extends UpdateStrategy {
  /** GET, from the state that the server has seen. Default: the object itself. */
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
  /** PATCH, including server-side apply. */
  patch?(server: ServerContext, scope: RequestScope, patch: PatchBody, options: WriteOptions): Promise<WriteResult>;
  /** Any method: finds the backend to which a `proxy` forwards the request. */
  proxy?(server: ServerContext, scope: RequestScope): ProxyBackend;
}

/**
 * The resource-specific behaviour of the API server, called at fixed points of every request
 * (Kubernetes' registry, `registry/GROUP/RESOURCE/strategy.go`: `rest.RESTCreateStrategy`, `rest.RESTUpdateStrategy`,
 * `rest.RESTGracefulDeleteStrategy`, and the options of `registry.Store`). {@link StrategyRegistry} finds the strategy of
 * each kind.
 */
export interface Strategy extends UpdateStrategy {
  /** An update of a missing object creates it. Default false. */
  readonly allowCreateOnUpdate: boolean;
  /** An update without a resourceVersion overwrites any state. Default true; false for custom resources. */
  readonly allowUnconditionalUpdate: boolean;
  /** DELETE answers with the object that it removed, instead of a Status. Default false. */
  readonly returnDeletedObject: boolean;
  /** Deletion sets the finalizers of its propagation policy (`orphan`, `foregroundDeletion`). Default true. */
  readonly garbageCollected: boolean;
  /** Deletion without a propagation policy orphans what the object owns. Default false. */
  readonly orphansByDefault: boolean;
  /** Text of the `Warning` header of such a deletion. Default: none. */
  readonly warningWhenOrphaning?: string;
  /** Subresources by name; only those that the kind serves are used. */
  readonly subresources: { readonly [name: string]: Subresource };

  /** The object that create stores, with fields reset that only the server sets; its metadata is already filled in. Pure. */
  prepareForCreate(object: KubernetesObject): KubernetesObject;
  /** The errors in the prepared object; empty if it is valid. Pure. */
  validate(object: KubernetesObject): readonly FieldError[];
  /** Texts of `Warning` headers for a valid new object. Pure. */
  warningsOnCreate(object: KubernetesObject): readonly string[];
  /**
   * Allocates cluster-wide resources for the object, such as addresses, after admission and before {@link prepareForCreate} or
   * validation (Kubernetes `BeginCreate`, `BeginUpdate`). `old` is absent on create. @throws StatusError if none are left
   */
  begin?(server: ServerContext, object: KubernetesObject, old: Stored | undefined): KubernetesObject;
  /**
   * Additional writes in the same commit as the object, so that no reader sees one without the other: cluster-wide resources that
   * it allocates or releases. `next` is absent if the object is removed, `old` if it is new. A conflict on any of these retries
   * the whole write.
   */
  commitsWith?(
    server: ServerContext,
    next: KubernetesObject | undefined,
    old: Stored | undefined,
  ): readonly ObjectWrite[];
  /**
   * Refuses writes that RBAC allows but that the resource itself restricts for the user (Kubernetes'
   * `policybased` storages). `old` is absent on create. @throws StatusError Forbidden
   */
  checkAccess?(
    server: ServerContext,
    scope: RequestScope,
    object: KubernetesObject,
    old: KubernetesObject | undefined,
  ): void;

  /** The grace period in seconds of a DELETE that asks for `asked`. Default: none, whatever is asked for. Pure. */
  gracePeriodSeconds(object: Stored, asked: number | undefined): number;
  /** The object with its metadata marked for deletion, as it is stored while it waits. Default: unchanged. Pure. */
  prepareForDelete(object: KubernetesObject): KubernetesObject;
  /** Whether anything besides finalizers and grace period holds an object marked for deletion. Default: nothing. Pure. */
  isHeld(object: KubernetesObject): boolean;

  /** Answers a POST for kinds that are never stored: reviews and bindings. @throws StatusError */
  answer?(
    server: ServerContext,
    scope: RequestScope,
    object: KubernetesObject,
    options: WriteOptions,
  ): Promise<WriteResult>;
}

/** The behaviour of a built-in resource that differs from the default. */
export interface ResourceStrategy
  extends Partial<
    Omit<Strategy, 'subresources' | 'prepareForCreate' | 'prepareForUpdate' | 'validate' | 'validateUpdate'>
  > {
  /**
   * `metadata.generation` counts the changes of desired state, from 1. `true` counts every change of a field that is neither
   * metadata nor status; a function decides itself. Default: the resource has no generation.
   */
  readonly generation?: boolean | ((object: KubernetesObject, old: Stored) => boolean);
  /** The path of the Pod spec in the object: `['spec', 'template', 'spec']`. Default: it has none. */
  readonly podSpec?: readonly string[];
  /** The status of a new object of a kind with the subresource `status`. `'keep'` leaves what the client sent. Default `{}`. */
  readonly initialStatus?: ((object: KubernetesObject) => unknown) | 'keep';
  /** The last step of {@link Strategy.prepareForCreate}. */
  readonly onCreate?: (object: KubernetesObject) => KubernetesObject;
  /** A step of {@link UpdateStrategy.prepareForUpdate}, before the generation is counted. */
  readonly onUpdate?: (object: KubernetesObject, old: Stored) => KubernetesObject;
  /** Subresources that differ from the default, or are additional to `status` and `scale`. */
  readonly subresources?: { readonly [name: string]: ResourceSubresource };
}

/** The behaviour of a subresource that differs from the object's own endpoint. */
export interface ResourceSubresource extends Partial<Omit<Subresource, 'validateUpdate'>> {
  /** The stored object with the changes that this endpoint allows; it is then prepared as through the object's own endpoint. */
  readonly onUpdate?: (object: KubernetesObject, old: Stored) => KubernetesObject;
}

/** The strategy of a built-in resource, by the group and kind of its objects (in all versions). */
export interface StrategyEntry {
  readonly group: string;
  readonly kind: string;
  readonly strategy: ResourceStrategy;
}

/** Finds the strategy of a kind, by its group and kind: all versions of a resource share one. */
export interface StrategyRegistry {
  of(kind: Kind): Strategy;
}
