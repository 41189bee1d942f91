import { makeKind } from '../define-kind.ts';
import type { Kind, PrinterColumn } from '../kind.ts';
import type { CustomResourceDefinition } from '../kinds.ts';
import type { KubernetesObject } from '../object.ts';
import { openApiSchemaOf } from './from-types.ts';
import type { OpenApiSchema } from './open-api-schema.ts';

type Version = CustomResourceDefinition['spec']['versions'][number];

/**
 * The kind that a CustomResourceDefinition defines in one of its versions.
 * @throws Error if it has no such version, or a name is not valid.
 */
export function kindFromCustomResourceDefinition(
  definition: CustomResourceDefinition,
  version: string,
): Kind<KubernetesObject> {
  const { group, names, scope, versions } = definition.spec;
  const found = versions.find(({ name }) => name === version);
  if (found === undefined) throw new Error(`${definition.metadata.name} has no version ${version}`);
  const scale = found.subresources?.scale;
  const columns = found.additionalPrinterColumns;
  return makeKind({
    group,
    version,
    kind: names.kind,
    resource: names.plural,
    singular: names.singular || names.kind.toLowerCase(),
    listKind: names.listKind || `${names.kind}List`,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: scope !== 'Cluster',
    schema: schemaOf(found),
    status: found.subresources?.status !== undefined,
    ...(scale === undefined ? {} : { scale }),
    ...(columns === undefined ? {} : { printerColumns: columns as PrinterColumn[] }),
  });
}

function schemaOf(version: Version): OpenApiSchema {
  const schema = version.schema?.openAPIV3Schema as OpenApiSchema | undefined;
  return schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
}

/** The CustomResourceDefinition with which a real cluster serves a custom kind, in its one version. */
export function customResourceDefinitionFor(kind: Kind): CustomResourceDefinition {
  const { status, scale } = kind.subresources;
  const subresources = {
    ...(status === undefined ? {} : { status: {} }),
    ...(scale === undefined || kind.scale === undefined ? {} : { scale: { ...kind.scale } }),
  };
  const version = {
    name: kind.version,
    served: true,
    storage: true,
    schema: { openAPIV3Schema: openApiSchemaOf(kind.types, kind.type) },
    ...(Object.keys(subresources).length === 0 ? {} : { subresources }),
    ...(kind.printerColumns === undefined
      ? {}
      : { additionalPrinterColumns: kind.printerColumns.map((column) => ({ ...column })) }),
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.resource}.${kind.group}` },
    spec: {
      group: kind.group,
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      names: {
        kind: kind.kind,
        listKind: kind.listKind,
        plural: kind.resource,
        singular: kind.singular,
        ...(kind.shortNames.length === 0 ? {} : { shortNames: [...kind.shortNames] }),
        ...(kind.categories.length === 0 ? {} : { categories: [...kind.categories] }),
      },
      versions: [version as unknown as Version],
    },
  };
}
