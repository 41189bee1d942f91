import { ProtobufWriter } from './protobuf-writer.ts';

/**
 * How one keyword of the JSON form is written: its field number, and its type. A type is a scalar of protobuf, the name of a
 * message below, or one of the forms that gnostic gives to what JSON leaves open:
 * - `any`: YAML text; `names`: a map, as (name, value) pairs of the message after the colon.
 */
type FieldRule = readonly [number: number, type: string];
type MessageRule = { readonly [keyword: string]: FieldRule };

/** Keywords that begin with `x-`. */
const extensions = 'x-';

/** gnostic's `openapi.v2` messages, as far as the document uses them (`OpenAPIv2.proto`). */
const messages: { readonly [message: string]: MessageRule } = {
  Document: {
    swagger: [1, 'string'],
    info: [2, 'Info'],
    paths: [8, 'Paths'],
    definitions: [9, 'Definitions'],
    security: [12, 'SecurityRequirement'],
    securityDefinitions: [13, 'SecurityDefinitions'],
  },
  Info: { title: [1, 'string'], version: [2, 'string'] },
  Paths: { '*': [2, 'names:PathItem'] },
  Definitions: { '*': [1, 'names:Schema'] },
  SecurityRequirement: { '*': [1, 'names:StringArray'] },
  SecurityDefinitions: { '*': [1, 'names:SecurityDefinitionsItem'] },
  ApiKeySecurity: { type: [1, 'string'], name: [2, 'string'], in: [3, 'string'], description: [4, 'string'] },
  PathItem: {
    get: [2, 'Operation'],
    put: [3, 'Operation'],
    post: [4, 'Operation'],
    delete: [5, 'Operation'],
    patch: [8, 'Operation'],
    parameters: [9, 'ParametersItem'],
  },
  Operation: {
    tags: [1, 'string'],
    description: [3, 'string'],
    operationId: [5, 'string'],
    produces: [6, 'string'],
    consumes: [7, 'string'],
    parameters: [8, 'ParametersItem'],
    responses: [9, 'Responses'],
    schemes: [10, 'string'],
    [extensions]: [13, 'any'],
  },
  BodyParameter: {
    description: [1, 'string'],
    name: [2, 'string'],
    in: [3, 'string'],
    required: [4, 'bool'],
    schema: [5, 'Schema'],
  },
  QueryParameter: {
    required: [1, 'bool'],
    in: [2, 'string'],
    description: [3, 'string'],
    name: [4, 'string'],
    type: [6, 'string'],
    uniqueItems: [20, 'bool'],
  },
  PathParameter: {
    required: [1, 'bool'],
    in: [2, 'string'],
    description: [3, 'string'],
    name: [4, 'string'],
    type: [5, 'string'],
    uniqueItems: [19, 'bool'],
  },
  Responses: { '*': [1, 'names:ResponseValue'] },
  Response: { description: [1, 'string'], schema: [2, 'SchemaItem'] },
  Schema: {
    $ref: [1, 'string'],
    format: [2, 'string'],
    title: [3, 'string'],
    description: [4, 'string'],
    default: [5, 'any'],
    multipleOf: [6, 'double'],
    maximum: [7, 'double'],
    exclusiveMaximum: [8, 'bool'],
    minimum: [9, 'double'],
    exclusiveMinimum: [10, 'bool'],
    maxLength: [11, 'int64'],
    minLength: [12, 'int64'],
    pattern: [13, 'string'],
    maxItems: [14, 'int64'],
    minItems: [15, 'int64'],
    uniqueItems: [16, 'bool'],
    maxProperties: [17, 'int64'],
    minProperties: [18, 'int64'],
    required: [19, 'string'],
    enum: [20, 'any'],
    additionalProperties: [21, 'AdditionalProperties'],
    type: [22, 'TypeItem'],
    items: [23, 'ItemsItem'],
    properties: [25, 'Properties'],
    [extensions]: [31, 'any'],
  },
  Properties: { '*': [1, 'names:Schema'] },
};

/** Messages that wrap another one, and the number that it has in them; `ParametersItem` depends on the parameter. */
const wrappers: { readonly [message: string]: FieldRule } = {
  SecurityDefinitionsItem: [2, 'ApiKeySecurity'],
  ResponseValue: [1, 'Response'],
  SchemaItem: [1, 'Schema'],
  AdditionalProperties: [1, 'Schema'],
  ItemsItem: [1, 'Schema'],
};

type Json = { readonly [keyword: string]: unknown };

/** A Swagger 2.0 document as the protobuf that kubectl reads. */
export function encodeV2(document: object): Uint8Array {
  const writer = new ProtobufWriter();
  writeFields(writer, 'Document', document as Json);
  return writer.finish();
}

function writeFields(writer: ProtobufWriter, message: string, json: Json): void {
  const rules = messages[message] ?? {};
  for (const [keyword, value] of Object.entries(json)) {
    const rule = rules['*'] ?? rules[keyword];
    if (rule !== undefined) writeField(writer, rule, keyword, value);
    else if (keyword.startsWith(extensions)) writeExtension(writer, rules[extensions], keyword, value);
  }
}

function writeField(writer: ProtobufWriter, [number, type]: FieldRule, keyword: string, value: unknown): void {
  if (type.startsWith('names:')) {
    writer.message(number, () => {
      writer.text(1, keyword);
      writeValue(writer, 2, type.slice('names:'.length), value);
    });
  } else if (Array.isArray(value) && keyword !== 'default') {
    for (const item of value) writeValue(writer, number, type, item);
  } else writeValue(writer, number, type, value);
}

function writeValue(writer: ProtobufWriter, number: number, type: string, value: unknown): void {
  if (type === 'string') writer.text(number, String(value));
  else if (type === 'bool') writer.boolean(number, value === true);
  else if (type === 'int64') writer.integer(number, Number(value));
  else if (type === 'double') writer.double(number, Number(value));
  else writer.message(number, () => writeMessage(writer, type, value));
}

function writeMessage(writer: ProtobufWriter, type: string, value: unknown): void {
  const wrapped = wrappers[type];
  if (wrapped !== undefined) writeValue(writer, wrapped[0], wrapped[1], value);
  else if (type === 'any') writeAny(writer, value);
  else if (type === 'TypeItem') writer.text(1, String(value));
  else if (type === 'StringArray') for (const item of value as readonly string[]) writer.text(1, item);
  else if (type === 'ParametersItem') writer.message(1, () => writeParameter(writer, value as Json));
  else writeFields(writer, type, value as Json);
}

/** JSON is YAML. */
function writeAny(writer: ProtobufWriter, value: unknown): void {
  writer.text(2, `${JSON.stringify(value)}\n`);
}

function writeExtension(writer: ProtobufWriter, rule: FieldRule | undefined, keyword: string, value: unknown): void {
  if (rule === undefined) return;
  writer.message(rule[0], () => {
    writer.text(1, keyword);
    writer.message(2, () => writeAny(writer, value));
  });
}

function writeParameter(writer: ProtobufWriter, parameter: Json): void {
  if (parameter.in === 'body') writeValue(writer, 1, 'BodyParameter', parameter);
  else if (parameter.in === 'query') writer.message(2, () => writeValue(writer, 3, 'QueryParameter', parameter));
  else writer.message(2, () => writeValue(writer, 4, 'PathParameter', parameter));
}
