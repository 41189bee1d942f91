import { contentHash } from './content-hash.ts';
import type { Descriptions } from './descriptions.ts';
import {
  codeMeaning,
  describeGroupVersions,
  documentInfo,
  type GroupVersionKinds,
  operationExtensions,
  sortedObject,
} from './group-documents.ts';
import type { Operation, PathItem } from './operations.ts';
import type { Parameter } from './parameters.ts';
import type { SchemaWriter } from './schema-writer.ts';

/** The OpenAPI 3.0 document of one group version. */
export function documentV3(part: GroupVersionKinds, descriptions: Descriptions): object {
  const { paths, schemas } = describeGroupVersions([part], 3, descriptions);
  return {
    openapi: '3.0.0',
    info: documentInfo,
    paths: sortedObject(paths.map((item) => [item.path, pathItem(item, schemas)])),
    components: { schemas: sortedObject(schemas.models) },
  };
}

function pathItem({ parameters, operations }: PathItem, schemas: SchemaWriter): object {
  return {
    ...Object.fromEntries(operations.map((each) => [each.method, operation(each, schemas)])),
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameter) }),
  };
}

function operation(given: Operation, schemas: SchemaWriter): object {
  const { id, tag, description, parameters, body, answer, codes } = given;
  const content = (model: string, types: readonly string[]): object =>
    Object.fromEntries(
      types.map((type) => [type, { schema: model === 'string' ? { type: 'string' } : schemas.ref(model) }]),
    );
  const answerTypes = answer === 'string' ? ['text/plain'] : ['application/json', 'application/yaml'];
  return {
    tags: [tag],
    description,
    operationId: id,
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameter) }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            content: content(body.model, body.contentTypes),
            ...(body.required ? { required: true } : {}),
          },
        }),
    responses: Object.fromEntries([
      ...codes.map((code) => [code, { description: codeMeaning(code), content: content(answer, answerTypes) }]),
      [401, { description: 'Unauthorized' }],
    ]),
    ...operationExtensions(given),
  };
}

function parameter({ name, in: place, type, description }: Parameter): object {
  return {
    name,
    in: place,
    description,
    ...(place === 'path' ? { required: true } : {}),
    schema: { type, uniqueItems: true },
  };
}

/** The index of all documents: each with an address that changes with its content, so that clients may keep it for ever. */
export function indexV3(documents: Iterable<readonly [name: string, document: object]>): object {
  const paths: { [name: string]: object } = {};
  for (const [name, document] of documents) {
    paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${contentHash(JSON.stringify(document))}` };
  }
  return { paths };
}
