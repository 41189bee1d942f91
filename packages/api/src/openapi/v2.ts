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

/** The Swagger 2.0 document of all group versions. */
export function documentV2(parts: readonly GroupVersionKinds[], descriptions: Descriptions): object {
  const { paths, schemas } = describeGroupVersions(parts, 2, descriptions);
  return {
    swagger: '2.0',
    info: documentInfo,
    paths: sortedObject(paths.map((item) => [item.path, pathItem(item, schemas)])),
    definitions: sortedObject(schemas.models),
    securityDefinitions: {
      BearerToken: { description: 'Bearer token', type: 'apiKey', name: 'authorization', in: 'header' },
    },
    security: [{ BearerToken: [] }],
  };
}

function pathItem({ parameters, operations }: PathItem, schemas: SchemaWriter): object {
  return {
    ...Object.fromEntries(operations.map((each) => [each.method, operation(each, schemas)])),
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameter) }),
  };
}

function operation(given: Operation, schemas: SchemaWriter): object {
  const { id, tag, description, body, answer, codes } = given;
  const parameters: object[] = given.parameters.map(parameter);
  if (body !== undefined) {
    const required = body.required ? { required: true } : {};
    parameters.unshift({ name: 'body', in: 'body', ...required, schema: schemas.ref(body.model) });
  }
  const schema = answer === 'string' ? { type: 'string' } : schemas.ref(answer);
  return {
    description,
    consumes: body === undefined ? ['*/*'] : body.contentTypes,
    produces: answer === 'string' ? ['text/plain'] : ['application/json', 'application/yaml'],
    schemes: ['https'],
    tags: [tag],
    operationId: id,
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: Object.fromEntries([
      ...codes.map((code) => [code, { description: codeMeaning(code), schema }]),
      [401, { description: 'Unauthorized' }],
    ]),
    ...operationExtensions(given),
  };
}

function parameter({ name, in: place, type, description }: Parameter): object {
  return {
    uniqueItems: true,
    type,
    description,
    name,
    in: place,
    ...(place === 'path' ? { required: true } : {}),
  };
}
