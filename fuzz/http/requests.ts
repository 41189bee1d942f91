import type { Kind } from '@orrery/api';
import fc from 'fast-check';
import { changed, kinds, objectOf, weird } from './objects.ts';

/** A request as it is sent, and as a failure prints it. */
export interface FuzzedRequest {
  readonly user: 'admin' | 'anonymous';
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  /** A text of bytes: one character each. */
  readonly body: string;
}

const json = 'application/json';
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
const contentTypes = [
  json,
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  ...patchTypes,
  'text/csv',
  '',
  ';',
  'a/b;c="',
];
const accepts = [
  undefined,
  json,
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io',
  'image/png',
  '*/*;q=x,,',
];
const queries = [
  '',
  '',
  '',
  'pretty=true',
  'limit=1',
  'limit=-1',
  'limit=x',
  'continue=abc',
  'resourceVersion=0',
  'resourceVersion=x',
  'resourceVersion=99999999&resourceVersionMatch=Exact',
  'resourceVersionMatch=Exact',
  'labelSelector=a%3Db',
  'labelSelector=a+in+(b',
  'fieldSelector=metadata.name%3Da',
  'fieldSelector=spec.nodeName%3D',
  'fieldSelector=%3D%3D',
  'dryRun=All',
  'dryRun=Some',
  'fieldManager=me',
  'fieldManager=me&force=true',
  'fieldValidation=Strict',
  'fieldValidation=Ignore',
  'watch=true&timeoutSeconds=1',
  'watch=true&resourceVersion=1&timeoutSeconds=1',
  'watch=true&sendInitialEvents=true&timeoutSeconds=1',
  'gracePeriodSeconds=0',
  'gracePeriodSeconds=-1',
  'gracePeriodSeconds=99999999999',
  'propagationPolicy=Foreground',
  'propagationPolicy=x',
  'orphanDependents=true',
  'container=a',
  'tailLines=-1',
  'sinceTime=x',
  'limitBytes=0',
  'command=ls&stdout=true',
  'ports=80',
  'path=a',
  '%zz',
  'a=%ff',
  'includeObject=Object',
  'includeObject=x',
];
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE'];
const subresources = [
  '',
  '',
  '',
  '',
  '/status',
  '/scale',
  '/eviction',
  '/binding',
  '/log',
  '/exec',
  '/attach',
  '/portforward',
  '/proxy',
  '/proxy/a',
  '/token',
  '/finalize',
  '/approval',
  '/ephemeralcontainers',
  '/resize',
  '/nothing',
  '/%2f',
  '/a/b/c',
];
const otherPaths = [
  '/',
  '//',
  '/api',
  '/apis',
  '/api/v1',
  '/apis/apps/v1',
  '/version',
  '/healthz',
  '/readyz?verbose',
  '/livez/x',
  '/openapi/v3',
  '/openapi/v3/api/v1',
  '/metrics',
  '/api/v1/namespaces/%zz/pods',
  '/api/v1/watch/pods?timeoutSeconds=1',
  '/apis/%00/v1/a',
  '/api/v1/namespaces/fuzz',
  '/../etc/passwd',
  '/api/v1/nodes/node1/proxy/%2e%2e',
  '/api/v1/nodes/node1/proxy/containerLogs/a/b/c',
  '/api/v1/nodes/node1/proxy/%zz',
  '/api/v1/namespaces/fuzz/pods/http:a:80:b/proxy/',
  '/__proto__',
  '/apis/constructor/v1/toString',
];

const bodyFor = (kind: Kind, subresource: string): fc.Arbitrary<string> => {
  const sub = kind.subresources[subresource.slice(1)]?.kind;
  const named = sub === undefined ? kind : { kind: sub, apiVersion: kind.apiVersion };
  return fc.oneof(
    { weight: 8, arbitrary: objectOf(named).map((value) => JSON.stringify(value) ?? '') },
    { weight: 1, arbitrary: weird.map((value) => JSON.stringify(value) ?? '') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        '{',
        '[',
        'a: b',
        'a: &a [*a]',
        '- '.repeat(600),
        'k8s\x00',
        'k8s\x00\n\x0f\n\x02v1\x12\x03Pod',
        '{"a":'.repeat(600),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text).toString('latin1')),
    },
  );
};

const pointer = fc.constantFrom(
  '',
  '/',
  '/metadata',
  '/metadata/labels/a',
  '/metadata/name',
  '/spec',
  '/spec/replicas',
  '/spec/template',
  '/spec/containers/0',
  '/spec/containers/-',
  '/data',
  '/status',
  '/rules/0/verbs',
  '/kind',
  '/x/y',
  'a',
);
const operation = fc.record(
  {
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
    path: pointer,
    from: pointer,
    value: weird,
  },
  { requiredKeys: ['op', 'path'] },
);

const patchFor = (kind: Kind): fc.Arbitrary<readonly [type: string, body: string]> =>
  fc.oneof(
    fc
      .array(operation, { maxLength: 5 })
      .map((operations) => [patchTypes[0] ?? '', JSON.stringify(operations)] as const),
    fc
      .tuple(fc.constantFrom(...patchTypes.slice(1)), objectOf(kind))
      .map(([type, value]) => [type, JSON.stringify(value) ?? 'null'] as const),
    fc
      .tuple(fc.constantFrom(...patchTypes), weird)
      .map(([type, value]) => [type, JSON.stringify(value) ?? ''] as const),
    fc
      .tuple(
        fc.constantFrom('$patch', '$setElementOrder/containers', '$retainKeys', '$deleteFromPrimitiveList/finalizers'),
        weird,
      )
      .map(
        ([key, value]) =>
          [
            patchTypes[2] ?? '',
            JSON.stringify(changed({ spec: { [key]: value }, metadata: { [key]: value } }, { at: 99, value: 1 })) ?? '',
          ] as const,
      ),
  );

const ofKind = (kind: Kind): fc.Arbitrary<FuzzedRequest> => {
  const base = `${kind.group === '' ? '/api' : `/apis/${kind.group}`}/${kind.version}`;
  const collection = `${base}${kind.namespaced ? '/namespaces/fuzz' : ''}/${kind.resource}`;
  const user = fc.oneof(
    { weight: 9, arbitrary: fc.constant('admin' as const) },
    { weight: 1, arbitrary: fc.constant('anonymous' as const) },
  );
  const where = fc.record({
    user,
    query: fc.constantFrom(...queries),
    name: fc.constantFrom('a', 'b', 'c', 'none', 'A_'),
    accept: fc.constantFrom(...accepts),
  });
  const at = (
    { user: who, query, accept }: { user: 'admin' | 'anonymous'; query: string; accept: string | undefined },
    method: string,
    path: string,
    type: string,
    body: string,
  ): FuzzedRequest => ({
    user: who,
    method,
    path: query === '' ? path : `${path}?${query}`,
    headers: { ...(accept === undefined ? {} : { accept }), ...(type === '' ? {} : { 'content-type': type }) },
    body,
  });
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(where, bodyFor(kind, '')).map(([one, body]) => at(one, 'POST', collection, json, body)),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(where, bodyFor(kind, ''))
        .map(([one, body]) => at(one, 'PUT', `${collection}/${one.name}`, json, body)),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(where, patchFor(kind))
        .map(([one, [type, body]]) => at(one, 'PATCH', `${collection}/${one.name}`, type, body)),
    },
    { weight: 2, arbitrary: where.map((one) => at(one, 'GET', collection, '', '')) },
    { weight: 2, arbitrary: where.map((one) => at(one, 'DELETE', `${collection}/${one.name}`, '', '')) },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom(...subresources)
        .chain((sub) =>
          fc.tuple(
            where,
            fc.constantFrom(...methods),
            fc.constantFrom(...contentTypes),
            bodyFor(kind, sub),
            fc.constant(sub),
          ),
        )
        .map(([one, method, type, body, sub]) =>
          at(
            one,
            method,
            `${collection}/${one.name}${sub}`,
            type,
            method === 'GET' || method === 'HEAD' || method === 'TRACE' ? '' : body,
          ),
        ),
    },
  );
};

const elsewhere: fc.Arbitrary<FuzzedRequest> = fc.record({
  user: fc.constantFrom('admin' as const, 'anonymous' as const),
  method: fc.constantFrom(...methods),
  path: fc.oneof(
    fc.constantFrom(...otherPaths),
    fc.webPath().map((path) => `/${path.replace(/^\/+/, '')}`),
  ),
  headers: fc.constantFrom<{ [name: string]: string }>(
    {},
    { accept: 'application/yaml' },
    { authorization: 'Bearer x' },
    { authorization: 'Basic eDp4' },
    { 'impersonate-user': 'a', 'impersonate-extra-%zz': 'a' },
    { 'if-none-match': '*' },
    { range: 'bytes=0-1' },
    { 'content-type': json, 'content-length': '0' },
  ),
  body: fc.constant(''),
});

/** Requests of all kinds, right and wrong. */
export const request: fc.Arbitrary<FuzzedRequest> = fc.oneof(
  { weight: 1, arbitrary: elsewhere },
  { weight: 12, arbitrary: fc.constantFrom(...kinds).chain(ofKind) },
);
