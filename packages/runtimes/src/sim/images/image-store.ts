import { type ImageAuth, type ImageInfo, RuntimeError } from '../../runtime.ts';
import { digestOf } from './digest.ts';
import type { Image } from './image.ts';
import { type ImageReference, nameMatches, parseReference } from './reference.ts';

interface Present {
  readonly image: Image;
  /** Full names by which it was pulled. */
  readonly names: Set<string>;
  readonly info: ImageInfo;
}

/** The images of one node, and what it can pull. */
export class ImageStore {
  readonly #known: readonly Image[];
  readonly #present = new Map<string, Present>();
  /** Bytes of all images on the node. */
  bytes = 0;

  constructor(known: readonly Image[]) {
    this.#known = known;
  }

  /** The image a reference means, if it is on the node. */
  find(ref: string): { readonly image: Image; readonly info: ImageInfo } | undefined {
    const reference = parseReference(ref);
    const named = reference && this.#present.get(reference.name);
    if (named !== undefined) return named;
    // A container may also name an image by its own digest.
    return [...this.#present.values()].find(({ info }) => info.imageRef === ref || info.imageRef.endsWith(`@${ref}`));
  }

  /** Puts an image on the node immediately. @throws RuntimeError ImageNotFound, Unauthorized, InvalidArgument */
  pull(ref: string, auth: ImageAuth | undefined): ImageInfo {
    const resolved = this.resolve(ref, auth);
    resolved.store();
    return resolved.info;
  }

  /** Finds an image in its registry; `store` brings it to the node. @throws as {@link pull} */
  resolve(ref: string, auth: ImageAuth | undefined): { readonly info: ImageInfo; store(): void } {
    const reference = parseReference(ref);
    if (reference === undefined) {
      throw new RuntimeError('InvalidArgument', `failed to parse image reference "${ref}": invalid reference format`);
    }
    const existing = this.#present.get(reference.name);
    const image = existing?.image ?? this.#search(reference);
    const { private: needed, user } = { ...image.definition, user: image.user };
    if (needed !== undefined && (auth?.username !== needed.username || auth.password !== needed.password)) {
      throw new RuntimeError('Unauthorized', failed(reference, unauthorized));
    }
    if (existing !== undefined) return { info: existing.info, store: () => {} };
    const digest = reference.digest ?? `sha256:${digestOf(`${image.digest}:${reference.tag}`)}`;
    const info: ImageInfo = {
      imageRef: `${reference.registry}/${reference.path}@${digest}`,
      sizeBytes: image.sizeBytes,
      ...(user === '' ? {} : { user }),
    };
    const names = new Set([reference.name]);
    return { info, store: () => this.#store(reference.name, { image, names, info }) };
  }

  #store(name: string, present: Present): void {
    if (!this.#present.has(name)) this.bytes += present.info.sizeBytes;
    this.#present.set(name, present);
  }

  /** Takes an image off the node, by its digest. */
  remove(imageRef: string): void {
    for (const [name, { info }] of [...this.#present]) {
      if (info.imageRef !== imageRef) continue;
      this.#present.delete(name);
      this.bytes -= info.sizeBytes;
    }
  }

  #search(reference: ImageReference): Image {
    // What was defined last hides what came before.
    const named = this.#known.filter((image) => image.names.some((name) => nameMatches(name, reference)));
    const image = named.findLast(
      ({ definition }) => reference.tag === undefined || (definition.tags?.(reference.tag) ?? true),
    );
    if (image !== undefined) return image;
    const tagIsMissing = named.length > 0 || reference.registry !== 'docker.io';
    throw new RuntimeError('ImageNotFound', failed(reference, tagIsMissing ? `${reference.name}: not found` : denied));
  }

  list(): readonly (ImageInfo & { readonly names: readonly string[] })[] {
    return [...this.#present.values()].map(({ info, names }) => ({ ...info, names: [...names] }));
  }
}

const denied =
  'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed';
const unauthorized =
  'pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials';

/** containerd's words around the reason. */
function failed({ name }: ImageReference, reason: string): string {
  const code = reason.endsWith('not found') ? 'NotFound' : 'Unknown';
  return `rpc error: code = ${code} desc = failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${reason}`;
}
