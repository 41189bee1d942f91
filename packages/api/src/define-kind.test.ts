import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  customResourceDefinitionFor,
  kindFromCustomResourceDefinition,
} from './custom-schema/custom-resource-definition.ts';
import { openApiSchemaOf } from './custom-schema/from-types.ts';
import { type Condition, schema } from './custom-schema/schema.ts';
import { applyDefaults } from './defaults/index.ts';
import { defineKind, type ObjectOf } from './define-kind.ts';
import { fieldErrorText } from './field-error.ts';
import type { Kind } from './kind.ts';
import { CustomResourceDefinition } from './kinds.ts';
import type { KubernetesObject } from './object.ts';
import type { PodTemplateSpec } from './parts.ts';
import { StatusError } from './status.ts';
import { decodeObject, type FieldValidation, validateCreate } from './validation/index.ts';

const Website = defineKind({
  group: 'demo.orrery.dev',
  version: 'v1',
  kind: 'Website',
  shortNames: ['site'],
  schema: schema.object({
    spec: schema.object({
      host: schema.string({ pattern: '^[a-z.]+$', maxLength: 20 }),
      replicas: schema.integer({ minimum: 0, maximum: 10, default: 1 }),
      tier: schema.enum(['free', 'paid']).optional(),
      cache: schema.object({ size: schema.quantity({ default: '1Gi' }), ttl: schema.time().optional() }).optional(),
      paths: schema.array(schema.string({ minLength: 2 }), { minItems: 1, listType: 'set' }).optional(),
      ports: schema
        .array(schema.object({ port: schema.integer({ minimum: 1 }), name: schema.string({ default: 'http' }) }), {
          listType: 'map',
          listMapKeys: ['port'],
        })
        .optional(),
      labels: schema.map(schema.string()).optional(),
      target: schema.intOrString().optional(),
      owner: schema.string().nullable().optional(),
      template: schema.builtin<PodTemplateSpec>('core.v1.PodTemplateSpec').optional(),
      extra: schema.any().optional(),
    }),
    status: schema.object({ url: schema.string().optional(), conditions: schema.conditions().optional() }),
  }),
  subresources: { status: true, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
  printerColumns: [{ name: 'Host', type: 'string', jsonPath: '.spec.host' }],
});
type Website = ObjectOf<typeof Website>;

const site = (spec: unknown): unknown => ({
  apiVersion: 'demo.orrery.dev/v1',
  kind: 'Website',
  metadata: { name: 'x', namespace: 'default' },
  spec,
});

/** What an object becomes on its way in, or why it is refused. */
function accept(kind: Kind, body: unknown, validation: FieldValidation = 'Strict') {
  const { object, warnings } = decodeObject(kind, body, validation);
  const stored = applyDefaults(kind, object);
  return { object: stored as Website, warnings, errors: validateCreate(kind, stored).map(fieldErrorText) };
}

function refusal(body: unknown): string {
  try {
    accept(Website, body);
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error('the body was accepted');
}

describe('the type of the objects is inferred', () => {
  it('from the schema', () => {
    expectTypeOf<Website['apiVersion']>().toEqualTypeOf<'demo.orrery.dev/v1'>();
    expectTypeOf<Website['kind']>().toEqualTypeOf<'Website'>();
    expectTypeOf<Website['metadata']['name']>().toEqualTypeOf<string>();
    expectTypeOf<Website['spec']['host']>().toEqualTypeOf<string>();
    expectTypeOf<Website['spec']['replicas']>().toEqualTypeOf<number>();
    expectTypeOf<Website['spec']['tier']>().toEqualTypeOf<'free' | 'paid' | undefined>();
    expectTypeOf<Website['spec']['paths']>().toEqualTypeOf<string[] | undefined>();
    expectTypeOf<Website['spec']['labels']>().toEqualTypeOf<{ [key: string]: string } | undefined>();
    expectTypeOf<Website['spec']['target']>().toEqualTypeOf<string | number | undefined>();
    expectTypeOf<Website['spec']['owner']>().toEqualTypeOf<string | null | undefined>();
    expectTypeOf<Website['spec']['template']>().toEqualTypeOf<PodTemplateSpec | undefined>();
    expectTypeOf<NonNullable<Website['spec']['ports']>[number]>().toEqualTypeOf<{ port: number; name: string }>();
    expectTypeOf<Website['status']>().toEqualTypeOf<{ url?: string; conditions?: Condition[] } | undefined>();
    expectTypeOf<Website>().toExtend<KubernetesObject>();
    expectTypeOf(Website).toExtend<Kind>();
  });

  it('and refuses wrong objects at compile time', () => {
    const wrong: Website = {
      apiVersion: 'demo.orrery.dev/v1',
      kind: 'Website',
      metadata: { name: 'x' },
      // @ts-expect-error: a word that is not in the enumeration
      spec: { host: 'a', replicas: 1, tier: 'gold' },
    };
    expect(wrong.spec.tier).toBe('gold');
  });
});

describe('a kind', () => {
  it('has names, verbs and subresources', () => {
    expect(Website).toMatchObject({
      apiVersion: 'demo.orrery.dev/v1',
      resource: 'websites',
      singular: 'website',
      listKind: 'WebsiteList',
      shortNames: ['site'],
      namespaced: true,
      custom: true,
      verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'post', 'put'],
      subresources: {
        status: { kind: 'Website', group: 'demo.orrery.dev', version: 'v1', verbs: ['get', 'patch', 'put'] },
        scale: { kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get', 'patch', 'put'] },
      },
    });
  });
  it.each([
    ['Proxy', 'proxies'],
    ['Day', 'days'],
    ['Box', 'boxes'],
    ['Policy', 'policies'],
    ['Patch', 'patches'],
    ['Class', 'classes'],
  ])('%s has the plural %s', (kind, plural) => {
    expect(defineKind({ group: 'a.b', version: 'v1', kind, schema: schema.object({}) }).resource).toBe(plural);
  });
  it.each([
    [{ group: 'demo' }, 'should be a domain with at least one dot'],
    [{ version: 'V1' }, 'version "V1"'],
    [{ kind: 'Web Site' }, 'kind "Web Site"'],
    [{ plural: 'Sites' }, 'plural "Sites"'],
    [{ shortNames: ['S'] }, 'short name "S"'],
  ])('is refused with %j', (change, message) => {
    const make = () => defineKind({ group: 'a.b', version: 'v1', kind: 'Thing', schema: schema.object({}), ...change });
    expect(make).toThrow(message);
  });
  it('a built-in type that does not exist is refused', () => {
    const wrong = schema.object({ spec: schema.builtin<string>('core.v1.Pot') });
    expect(() => defineKind({ group: 'a.b', version: 'v1', kind: 'Thing', schema: wrong })).toThrow(
      'there is no built-in type core.v1.Pot',
    );
  });
});

describe('an object of a custom kind', () => {
  it('receives the defaults of its schema, also inside lists', () => {
    const { object, errors } = accept(Website, site({ host: 'a.b', cache: {}, ports: [{ port: 1 }] }));
    expect(errors).toEqual([]);
    expect(object.spec).toEqual({
      host: 'a.b',
      replicas: 1,
      cache: { size: '1Gi' },
      ports: [{ port: 1, name: 'http' }],
    });
  });
  it('stays the same object when there is nothing to change', () => {
    const body = site({ host: 'a.b', replicas: 2, ports: [{ port: 1, name: 'x' }] });
    expect(accept(Website, body).object).toBe(body);
  });
  it('drops unknown fields and reports them', () => {
    const { object, warnings } = accept(Website, site({ host: 'a.b', colour: 'red', cache: { speed: 1 } }), 'Warn');
    expect(warnings).toEqual(['unknown field "spec.colour"', 'unknown field "spec.cache.speed"']);
    expect(object.spec).toEqual({ host: 'a.b', replicas: 1, cache: { size: '1Gi' } });
  });
  it('keeps what is of any form, and null where it may be', () => {
    const { object } = accept(Website, site({ host: 'a.b', extra: { a: [null, { b: 1 }] }, owner: null, tier: null }));
    expect(object.spec).toEqual({ host: 'a.b', replicas: 1, extra: { a: [null, { b: 1 }] }, owner: null });
  });
  it('is refused with 400 for unknown fields when validation is strict', () => {
    expect(refusal(site({ host: 'a.b', colour: 'red' }))).toBe(
      '400 Website in version "v1" cannot be handled as a Website: strict decoding error: unknown field "spec.colour"',
    );
  });
  it('is refused with 400 for mistyped metadata, as every object', () => {
    expect(refusal({ metadata: { name: 1 } })).toContain(
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string',
    );
  });
  const mistyped: [name: string, spec: unknown, message: string][] = [
    [
      'a string for an integer',
      { host: 'a', replicas: '1' },
      'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
    ],
    [
      'a fraction for an integer',
      { host: 'a', replicas: 1.5 },
      'spec.replicas: Invalid value: "number": spec.replicas in body must be of type integer: "number"',
    ],
    [
      'an object for a list',
      { host: 'a', paths: {} },
      'spec.paths: Invalid value: "object": spec.paths in body must be of type array: "object"',
    ],
    [
      'a number inside a list',
      { host: 'a', paths: ['ab', 1] },
      'spec.paths[1]: Invalid value: "integer": spec.paths[1] in body must be of type string: "integer"',
    ],
  ];
  it.each(mistyped)('is refused with 422 for %s', (_name, spec, message) => {
    expect(refusal(site(spec))).toBe(`422 Website.demo.orrery.dev "x" is invalid: ${message}`);
  });
  const constraints: [name: string, spec: object, errors: string[]][] = [
    ['a required field', {}, ['spec.host: Required value']],
    [
      'the least number',
      { replicas: -1 },
      ['spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0'],
    ],
    [
      'the greatest number',
      { replicas: 11 },
      ['spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10'],
    ],
    ['a pattern', { host: 'A' }, ['spec.host: Invalid value: "A": spec.host in body should match \'^[a-z.]+$\'']],
    ['the greatest length', { host: 'a'.repeat(21) }, ['spec.host: Too long: may not be more than 20 bytes']],
    ['an enumeration', { tier: 'gold' }, ['spec.tier: Unsupported value: "gold": supported values: "free", "paid"']],
    [
      'the least number of elements',
      { paths: [] },
      ['spec.paths: Invalid value: []: spec.paths in body should have at least 1 items'],
    ],
    [
      'the elements of a list',
      { paths: ['ab', 'a'] },
      ['spec.paths[1]: Invalid value: "a": spec.paths[1] in body should be at least 2 chars long'],
    ],
    ['a set', { paths: ['ab', 'ab'] }, ['spec.paths[1]: Duplicate value: "ab"']],
    [
      'the keys of a list',
      { ports: [{ port: 1 }, { port: 2 }, { port: 1 }] },
      ['spec.ports[2]: Duplicate value: {"port":1}'],
    ],
    [
      'fields inside a list',
      { ports: [{ port: 0 }, {}] },
      [
        'spec.ports[0].port: Invalid value: 0: spec.ports[0].port in body should be greater than or equal to 1',
        'spec.ports[1].port: Required value',
      ],
    ],
  ];
  it.each(constraints)('is held to %s', (name, spec, errors) => {
    const full = name === 'a required field' ? spec : { host: 'a', ...spec };
    expect(accept(Website, site(full)).errors).toEqual(errors);
  });
  it('has a name that is a DNS subdomain, and a namespace', () => {
    expect(accept(Website, { metadata: { name: 'X' }, spec: { host: 'a' } }).errors).toEqual([
      expect.stringContaining('metadata.name: Invalid value: "X": a lowercase RFC 1123 subdomain'),
      'metadata.namespace: Required value',
    ]);
  });
});

describe('a CustomResourceDefinition', () => {
  it('is made from a kind, and valid', () => {
    const definition = customResourceDefinitionFor(Website);
    expect(definition.metadata.name).toBe('websites.demo.orrery.dev');
    const { object } = decodeObject(CustomResourceDefinition, definition, 'Strict');
    expect(validateCreate(CustomResourceDefinition, applyDefaults(CustomResourceDefinition, object))).toEqual([]);
  });
  it('returns the kind that it was made from', () => {
    const again = kindFromCustomResourceDefinition(customResourceDefinitionFor(Website), 'v1');
    const { types: _, ...properties } = Website;
    expect(again).toMatchObject(properties);
    expect(openApiSchemaOf(again.types, again.type)).toEqual(openApiSchemaOf(Website.types, Website.type));
  });
  it('keeps everything if it has no schema', () => {
    const definition = customResourceDefinitionFor(Website);
    const version = definition.spec.versions[0];
    if (version === undefined) throw new Error('no version');
    const bare = {
      ...definition,
      spec: { ...definition.spec, versions: [{ name: 'v1', served: true, storage: true }] },
    };
    const body = site({ anything: [{ goes: 1 }] });
    expect(decodeObject(kindFromCustomResourceDefinition(bare, 'v1'), body, 'Strict').object).toBe(body);
  });
  it('has only the versions that it has', () => {
    expect(() => kindFromCustomResourceDefinition(customResourceDefinitionFor(Website), 'v2')).toThrow(
      'websites.demo.orrery.dev has no version v2',
    );
  });
});

it('any JSON is either accepted with a stable form or refused with a Status', () => {
  const value = fc.letrec((tie) => ({
    json: fc.oneof(
      { depthSize: 'small' },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string(),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom('host', 'replicas', 'ports', 'port', 'cache', 'size', '__proto__', 'x'),
        tie('json'),
      ),
    ),
  })).json;
  fc.assert(
    fc.property(value, (spec) => {
      try {
        const once = accept(Website, site(spec), 'Ignore').object;
        expect(accept(Website, once, 'Strict').object).toBe(once);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
      }
    }),
  );
});
