import { type Kind, KindRegistry } from '../kind.ts';
import { type Descriptions, noDescriptions } from './descriptions.ts';
import { byGroupVersion, documentName } from './group-documents.ts';
import { documentV2 } from './v2.ts';
import { encodeV2 } from './v2-protobuf.ts';
import { documentV3, indexV3 } from './v3.ts';

/** Documents of one set of kinds, valid while the set is unchanged. */
interface Cache {
  readonly generation: number;
  readonly descriptions: Descriptions;
  readonly made: Map<string, unknown>;
}

const caches = new WeakMap<Iterable<Kind>, Cache>();

/** Builds a document on first use. A registry's documents are rebuilt when its kinds change. */
function once<T>(kinds: Iterable<Kind>, descriptions: Descriptions, name: string, make: () => T): T {
  const generation = kinds instanceof KindRegistry ? kinds.generation : 0;
  let cache = caches.get(kinds);
  if (cache === undefined || cache.generation !== generation || cache.descriptions !== descriptions) {
    cache = { generation, descriptions, made: new Map() };
    caches.set(kinds, cache);
  }
  if (!cache.made.has(name)) cache.made.set(name, make());
  return cache.made.get(name) as T;
}

/**
 * The document at `/openapi/v3`: where the documents of all group versions are (Kubernetes API concepts, "OpenAPI V3").
 *
 * @param kinds - A registry or a list that stays as it is: documents are kept for it.
 * @param descriptions - What is said of types and fields ({@link loadDescriptions}); default none.
 */
export function openApiV3Index(kinds: Iterable<Kind>, descriptions: Descriptions = noDescriptions): object {
  return once(kinds, descriptions, 'index', () =>
    indexV3(
      byGroupVersion(kinds).map((part): [string, object] => {
        const name = documentName(part);
        return [name, once(kinds, descriptions, name, () => documentV3(part, descriptions))];
      }),
    ),
  );
}

/**
 * The OpenAPI 3.0 document of one group version; undefined when no kind has it.
 *
 * @param groupVersion - As in the address: `api/v1`, `apis/apps/v1`. An `apiVersion` (`v1`, `apps/v1`) does as well.
 */
export function openApiV3(
  kinds: Iterable<Kind>,
  groupVersion: string,
  descriptions: Descriptions = noDescriptions,
): object | undefined {
  const name = /^apis?\//.test(groupVersion)
    ? groupVersion
    : groupVersion.includes('/')
      ? `apis/${groupVersion}`
      : `api/${groupVersion}`;
  const part = byGroupVersion(kinds).find((each) => documentName(each) === name);
  return part && once(kinds, descriptions, name, () => documentV3(part, descriptions));
}

/** The document at `/openapi/v2`: Swagger 2.0 of all kinds. */
export function openApiV2(kinds: Iterable<Kind>, descriptions: Descriptions = noDescriptions): object {
  return once(kinds, descriptions, 'v2', () => documentV2(byGroupVersion(kinds), descriptions));
}

/** Media type that clients accept the protobuf form of `/openapi/v2` by. */
export const openApiV2ProtobufAccept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** Content-Type of the protobuf form of `/openapi/v2`. It is not the accepted one: that has an `@`, at which Go's parser fails. */
export const openApiV2ProtobufContentType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** {@link openApiV2} in protobuf (gnostic's `openapi.v2.Document`), the only form that kubectl asks for. */
export function openApiV2Protobuf(kinds: Iterable<Kind>, descriptions: Descriptions = noDescriptions): Uint8Array {
  return once(kinds, descriptions, 'v2 protobuf', () => encodeV2(openApiV2(kinds, descriptions)));
}
