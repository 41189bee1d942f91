import { describe, expect, it } from 'vitest';
import type { Kind } from '../kind.ts';
import { ConfigMap, Deployment, Lease, Pod, Secret, Service } from '../kinds.ts';
import { deepFreeze } from '../object.ts';
import { StatusError } from '../status.ts';
import { decodeObject, type FieldValidation } from './decode.ts';

function refusal(kind: Kind, body: unknown, validation: FieldValidation = 'Strict'): StatusError {
  try {
    decodeObject(kind, body, validation);
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('the body was accepted');
}

const pod = (spec: unknown) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec });
const prefix = 'Pod in version "v1" cannot be handled as a Pod: ';

describe('a mistyped field is refused with 400 in the words of Go', () => {
  const cases: [name: string, spec: unknown, message: string][] = [
    [
      'a string where a list of structs belongs',
      { containers: [{ name: 'c', ports: 'x' }] },
      'json: cannot unmarshal string into Go struct field Container.spec.containers.ports of type []v1.ContainerPort',
    ],
    [
      'a string where a struct of a list belongs names the outer struct',
      { containers: ['x'] },
      'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type v1.Container',
    ],
    [
      'a number where a string belongs',
      { nodeName: 4 },
      'json: cannot unmarshal number into Go struct field PodSpec.spec.nodeName of type string',
    ],
    [
      'a named string type is reported by name',
      { restartPolicy: true },
      'json: cannot unmarshal bool into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
    ],
    [
      'a fraction where an integer belongs shows the number',
      { terminationGracePeriodSeconds: 1.5 },
      'json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64',
    ],
    [
      'an integer beyond int32 shows the number',
      { priority: 2147483648 },
      'json: cannot unmarshal number 2147483648 into Go struct field PodSpec.spec.priority of type int32',
    ],
    [
      'a string where a boolean belongs',
      { hostNetwork: 'yes' },
      'json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool',
    ],
    [
      'a number as the value of a string map',
      { nodeSelector: { a: 1 } },
      'json: cannot unmarshal number into Go struct field PodSpec.spec.nodeSelector of type string',
    ],
    [
      'a list where a map belongs',
      { nodeSelector: [] },
      'json: cannot unmarshal array into Go struct field PodSpec.spec.nodeSelector of type map[string]string',
    ],
    [
      'a list where a struct belongs',
      [],
      'json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec',
    ],
    [
      'a map of quantities is a named type',
      { containers: [{ resources: { limits: 'x' } }] },
      'json: cannot unmarshal string into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList',
    ],
    [
      'a port that is neither integer nor string',
      { containers: [{ livenessProbe: { httpGet: { port: true } } }] },
      'json: cannot unmarshal bool into Go value of type int32',
    ],
    [
      'an invalid quantity',
      { containers: [{ resources: { limits: { cpu: 'many' } } }] },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      'only the first of several faults is reported',
      { nodeName: 4, hostNetwork: 'x' },
      'json: cannot unmarshal number into Go struct field PodSpec.spec.nodeName of type string',
    ],
  ];
  it.each(cases)('%s', (_name, spec, message) => {
    const error = refusal(Pod, pod(spec));
    expect(error.code).toBe(400);
    expect(error.reason).toBe('BadRequest');
    expect(error.message).toBe(prefix + message);
  });

  it('a label that is not a string', () => {
    expect(refusal(Pod, { ...pod({}), metadata: { labels: { a: 1 } } }).message).toBe(
      `${prefix}json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string`,
    );
  });

  it('a replica count that is a string', () => {
    expect(refusal(Deployment, { spec: { replicas: '3' } }).message).toBe(
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    );
  });
});

describe('rejects a body that is not an object of the kind with 400', () => {
  it.each([
    [[], 'array'],
    ['x', 'string'],
    [4, 'number'],
    [null, 'null'],
  ])('a body that is %j', (body, shown) => {
    expect(refusal(Pod, body).message).toContain(
      `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: json: cannot unmarshal ${shown} into Go value of type struct`,
    );
  });

  it('another apiVersion', () => {
    expect(refusal(Deployment, { apiVersion: 'apps/v1beta1', kind: 'Deployment' }).message).toBe(
      'the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)',
    );
  });

  it('another kind of the same version', () => {
    expect(refusal(Pod, { apiVersion: 'v1', kind: 'Service' }).message).toBe(
      'Service in version "v1" cannot be handled as a Pod: converting (v1.Service) to (core.Pod): unknown conversion',
    );
  });

  it('an unknown kind', () => {
    expect(refusal(Pod, { apiVersion: 'v1', kind: 'Pot' }).message).toContain(
      'Pot in version "v1" cannot be handled as a Pod: no kind "Pot" is registered for version "v1" in scheme',
    );
  });

  it('an absent apiVersion and kind are those of the resource', () => {
    expect(decodeObject(Pod, { metadata: { name: 'x' } }, 'Strict').object).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x' },
    });
  });

  it('nesting deeper than 100 levels', () => {
    let value: unknown = {};
    for (let i = 0; i < 200; i++) value = { a: value };
    expect(refusal(Pod, { ...pod({}), metadata: { managedFields: [{ fieldsV1: value }] } }).message).toContain(
      'nested too deep',
    );
  });
});

describe('unknown fields', () => {
  const body = {
    ...pod({ foo: 1, containers: [{ name: 'c', image: 'i', bar: null, Image: 'i' }] }),
    other: {},
  };
  it('are all named when validation is strict', () => {
    const error = refusal(Pod, body);
    expect(error.code).toBe(400);
    expect(error.message).toBe(
      `${prefix}strict decoding error: unknown field "spec.foo", unknown field "spec.containers[0].bar", unknown field "spec.containers[0].Image", unknown field "other"`,
    );
  });
  it('are warnings, and dropped, when asked so', () => {
    const { object, warnings } = decodeObject(Pod, body, 'Warn');
    expect(warnings).toEqual([
      'unknown field "spec.foo"',
      'unknown field "spec.containers[0].bar"',
      'unknown field "spec.containers[0].Image"',
      'unknown field "other"',
    ]);
    expect(object).toEqual(pod({ containers: [{ name: 'c', image: 'i' }] }));
  });
  it('are dropped in silence when asked so', () => {
    const { object, warnings } = decodeObject(Pod, body, 'Ignore');
    expect(warnings).toEqual([]);
    expect(object).toEqual(pod({ containers: [{ name: 'c', image: 'i' }] }));
  });
  it('a mistyped field is reported before unknown ones', () => {
    expect(refusal(Pod, pod({ foo: 1, nodeName: 4 })).message).toContain('cannot unmarshal number');
  });
  it('names of JavaScript are fields like any other', () => {
    const hostile = JSON.parse('{"metadata":{"name":"x"},"constructor":1,"__proto__":{"a":1}}');
    expect(decodeObject(Pod, hostile, 'Warn').warnings).toEqual([
      'unknown field "constructor"',
      'unknown field "__proto__"',
    ]);
    const map = JSON.parse('{"data":{"__proto__":"v","a":null}}');
    const { data } = decodeObject(ConfigMap, map, 'Strict').object as ConfigMap;
    expect(Object.keys(data ?? {})).toEqual(['__proto__', 'a']);
  });
});

describe('the stored form', () => {
  it('is the input itself when nothing changes, also when it is frozen', () => {
    const body = deepFreeze(pod({ containers: [{ name: 'c', resources: { limits: { cpu: '500m' } } }] }));
    expect(decodeObject(Pod, body, 'Strict').object).toBe(body);
  });
  it('shares unchanged parts', () => {
    const body = pod({
      containers: [
        { name: 'a', image: 'i' },
        { name: 'b', resources: { limits: { cpu: 1 } } },
      ],
    });
    const { object } = decodeObject(Pod, body, 'Strict') as unknown as { object: Pod };
    expect(object.spec.containers[1]?.resources?.limits).toEqual({ cpu: '1' });
    expect(object.spec.containers[0]).toBe((body.spec as Pod['spec']).containers[0]);
    expect(object.metadata).toBe(body.metadata);
  });
  it('has no nulls, and no empty lists and maps where they are optional', () => {
    const body = { ...pod({ containers: [], volumes: [], nodeSelector: {}, securityContext: {}, nodeName: null }) };
    expect(decodeObject(Pod, { ...body, metadata: { name: 'x', creationTimestamp: null } }, 'Strict').object).toEqual(
      pod({ containers: [], securityContext: {} }),
    );
  });
  it('reads null in a list or map as the empty value', () => {
    const body = pod({ nodeSelector: { a: null }, containers: [{ args: ['a', null] }] });
    expect(decodeObject(Pod, body, 'Strict').object).toEqual(
      pod({ nodeSelector: { a: '' }, containers: [{ args: ['a', ''] }] }),
    );
  });
  it('writes quantities canonically', () => {
    const body = pod({
      containers: [{ resources: { limits: { cpu: '1000m', memory: '1024Mi' }, requests: { cpu: 0.5 } } }],
    });
    expect(decodeObject(Pod, body, 'Strict').object).toEqual(
      pod({ containers: [{ resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } }] }),
    );
  });
  it.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
    ['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05Z'],
    ['2026-01-02T03:04:05+02:00', '2026-01-02T01:04:05Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ])('writes the time %s in UTC and whole seconds', (given, stored) => {
    const body = { metadata: { name: 'x', creationTimestamp: given } };
    expect(decodeObject(Pod, body, 'Strict').object.metadata?.creationTimestamp).toBe(stored);
  });
  it('writes a MicroTime with six digits', () => {
    const body = { spec: { renewTime: '2026-01-02T03:04:05.12Z' } };
    expect((decodeObject(Lease, body, 'Strict').object as Lease).spec.renewTime).toBe('2026-01-02T03:04:05.120000Z');
  });
  it.each([
    ['', 'parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"'],
    ['2026-01-02', 'parsing time "2026-01-02" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
    ['2026-13-02T03:04:05Z', 'parsing time "2026-13-02T03:04:05Z": month out of range'],
    ['2026-02-29T03:04:05Z', 'parsing time "2026-02-29T03:04:05Z": day out of range'],
    ['2026-01-02T24:04:05Z', 'parsing time "2026-01-02T24:04:05Z": hour out of range'],
    ['2026-01-02T03:04:05Zx', 'parsing time "2026-01-02T03:04:05Zx": extra text: "x"'],
  ])('refuses the time %j', (given, message) => {
    expect(refusal(Pod, { metadata: { creationTimestamp: given } }).message).toBe(prefix + message);
  });
  it('rejects a time that is not a string', () => {
    expect(refusal(Pod, { metadata: { creationTimestamp: 4 } }).message).toBe(
      `${prefix}json: cannot unmarshal number into Go value of type string`,
    );
  });
  it('keeps a named port as text and a numbered one as number', () => {
    const body = {
      apiVersion: 'v1',
      kind: 'Service',
      spec: {
        ports: [
          { port: 80, targetPort: 'http' },
          { port: 81, targetPort: 8 },
        ],
      },
    };
    expect(decodeObject(Service, body, 'Strict').object).toBe(body);
  });
});

describe('a Secret', () => {
  const secret = (data: unknown, stringData?: unknown) =>
    decodeObject(Secret, { metadata: { name: 's' }, data, stringData }, 'Strict').object as Secret;
  it('accepts base64, removing line breaks and clearing stray bits', () => {
    expect(secret({ a: 'aGVs\nbG8=', b: 'aGVsbG9=', c: '', d: 'QQ==' }).data).toEqual({
      a: 'aGVsbG8=',
      b: 'aGVsbG8=',
      c: '',
      d: 'QQ==',
    });
  });
  it.each([
    ['!!!!', 0],
    ['aGVsbG8', 4],
    ['aGVsb', 4],
    ['aG=s', 2],
    ['a===', 1],
    ['aG=', 3],
    ['aGVsbG8=x', 8],
    ['aGVsbG8=====', 8],
    ['äöü', 0],
  ])('refuses %j at byte %i', (text, at) => {
    expect(refusal(Secret, { data: { a: text } }).message).toBe(
      `Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte ${at}`,
    );
  });
  it('merges stringData over data and forgets it', () => {
    const merged = secret({ a: 'QQ==', b: 'Qg==' }, { b: 'grün', c: '' });
    expect(merged.data).toEqual({ a: 'QQ==', b: 'Z3LDvG4=', c: '' });
    expect('stringData' in merged).toBe(false);
  });
});
