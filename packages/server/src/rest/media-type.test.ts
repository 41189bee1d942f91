import { describe, expect, it } from 'vitest';
import { negotiate, parseMediaTypes, type Representation } from './media-type.ts';

const json: Representation = { encoding: 'json', as: 'object', version: 'v1' };

describe('content negotiation', () => {
  it.each<[string, string | undefined, Representation]>([
    ['no header is JSON', undefined, json],
    ['anything is JSON', '*/*', json],
    ['an empty header is JSON', '', json],
    ['protobuf with JSON behind it is JSON', 'application/vnd.kubernetes.protobuf,application/json', json],
    ['YAML on demand', 'application/yaml', { ...json, encoding: 'yaml' }],
    ['a table', 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json', { ...json, as: 'Table' }],
    [
      'an older table',
      'application/json;as=Table;v=v1beta1;g=meta.k8s.io',
      { ...json, as: 'Table', version: 'v1beta1' },
    ],
    [
      'a table of an unknown version falls to the next',
      'application/json;as=Table;v=v9;g=meta.k8s.io, application/json',
      json,
    ],
    [
      'metadata only, of lists too',
      'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
      { ...json, as: 'PartialObjectMetadata' },
    ],
    ['quality decides before order', 'application/json;q=0.1, application/yaml', { ...json, encoding: 'yaml' }],
    ['a stream parameter changes nothing', 'application/json;stream=watch', json],
  ])('%s', (_rule, header, expected) => {
    expect(negotiate(header)).toEqual(expected);
  });

  it.each(['application/vnd.kubernetes.protobuf', 'text/html', 'application/json;as=Table;v=v9;g=meta.k8s.io'])(
    '%s alone is not acceptable',
    (header) => {
      expect(() => negotiate(header)).toThrow(
        'only the following media types are accepted: application/json, application/yaml',
      );
    },
  );

  it('accepts quoted parameters and ignores the case of names', () => {
    expect(parseMediaTypes('Application/JSON; Charset="utf-8"')).toEqual([
      { type: 'application/json', parameters: { charset: 'utf-8' } },
    ]);
  });
});
