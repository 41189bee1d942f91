import { type Kind, type KubernetesObject, Pod, ServiceAccount, TokenReview } from '@orrery/api';
import type { UserInfo } from '@orrery/core';
import { describe, expect, it } from 'vitest';
import { adminUser, podNamed, refusal, type TestApi, testApi } from '../api.fixture.ts';
import { createSimulatedTokenAuthority, defaultIssuer } from './simulated-authority.ts';
import type { TokenClaims } from './token-authority.ts';

const key = { namespace: 'default', name: 'robot' };
const start = Date.UTC(2026, 0, 1) / 1000;

/** A service account, a Secret, and a Pod of that account on a node. */
async function withAccount(): Promise<TestApi> {
  const api = await testApi();
  const { admin } = api;
  await admin.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: key } as KubernetesObject);
  await admin.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } } as KubernetesObject);
  await admin.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'default' },
  } as KubernetesObject);
  await admin.create(podNamed('p', {}, { serviceAccountName: 'robot', nodeName: 'n1' }));
  return api;
}

async function request(api: TestApi, spec: object): Promise<{ token: string; expires: string; claims: TokenClaims }> {
  const answer = (await api.admin.createSubresource(ServiceAccount as Kind, key, 'token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec,
  } as KubernetesObject)) as { status: { token: string; expirationTimestamp: string } };
  const { token, expirationTimestamp: expires } = answer.status;
  const claims = (await createSimulatedTokenAuthority('test').verify(token)) as TokenClaims;
  return { token, expires, claims };
}

const bearer = (api: TestApi, bearerToken: string): Promise<UserInfo> => api.server.authenticate({ bearerToken });
const boundTo = (kind: string, name: string, uid?: string) => ({
  boundObjectRef: { apiVersion: 'v1', kind, name, ...(uid === undefined ? {} : { uid }) },
});

describe('a token request', () => {
  it('returns a token with the claims of a service account, valid for an hour', async () => {
    const api = await withAccount();
    const { claims, expires } = await request(api, {});
    const account = await api.admin.get(ServiceAccount, key);
    expect(claims).toEqual({
      iss: defaultIssuer,
      sub: 'system:serviceaccount:default:robot',
      aud: [defaultIssuer],
      iat: start,
      nbf: start,
      exp: start + 3600,
      jti: expect.any(String),
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot', uid: account.metadata.uid } },
    });
    expect(expires).toBe('2026-01-01T01:00:00Z');
  });

  it('returns a token with the requested audiences and lifetime', async () => {
    const { claims } = await request(await withAccount(), { audiences: ['vault'], expirationSeconds: 600 });
    expect([claims.aud, claims.exp]).toEqual([['vault'], start + 600]);
  });

  it('bound to a Pod names the Pod and its node', async () => {
    const api = await withAccount();
    const { uid } = (await api.admin.get(Pod, 'default/p')).metadata;
    const { claims } = await request(api, boundTo('Pod', 'p', uid));
    expect(claims['kubernetes.io']).toMatchObject({ pod: { name: 'p', uid }, node: { name: 'n1' } });
  });

  it.each<[string, object, string]>([
    ['a Secret names it', boundTo('Secret', 's'), 'secret'],
    ['a Node names it', boundTo('Node', 'n1'), 'node'],
  ])('bound to %s', async (_, spec, claim) => {
    const { claims } = await request(await withAccount(), spec);
    const { name } = (spec as ReturnType<typeof boundTo>).boundObjectRef;
    expect(claims['kubernetes.io']).toMatchObject({ [claim]: { name, uid: expect.any(String) } });
    expect(claims['kubernetes.io']).not.toHaveProperty('pod');
  });

  it('of a Pod that is not bound names no node', async () => {
    const api = await withAccount();
    await api.admin.create(podNamed('early', {}, { serviceAccountName: 'robot' }));
    const { claims } = await request(api, boundTo('Pod', 'early'));
    expect(claims['kubernetes.io']).not.toHaveProperty('node');
  });

  it('of exactly 3607 seconds for a Pod returns a token for a year, with the time to renew it', async () => {
    const api = await withAccount();
    const { claims, expires } = await request(api, { ...boundTo('Pod', 'p'), expirationSeconds: 3607 });
    expect(claims.exp).toBe(start + 31_536_000);
    expect(claims['kubernetes.io'].warnafter).toBe(start + 3607);
    expect(expires).toBe('2026-01-01T01:00:07Z');
    const other = { ...boundTo('Pod', 'p'), expirationSeconds: 3607, audiences: ['vault'] };
    expect((await request(api, other)).claims.exp).toBe(start + 3607);
  });

  it.each<[string, object, number, RegExp]>([
    ['less than ten minutes', { expirationSeconds: 599 }, 422, /may not specify a duration less than 10 minutes/],
    [
      'more than 2^32 seconds',
      { expirationSeconds: 2 ** 33 },
      422,
      /may not specify a duration larger than 2\^32 seconds/,
    ],
    ['a lifetime that is not a number', { expirationSeconds: 'long' }, 400, /cannot unmarshal string/],
    ['audiences that are not a list', { audiences: 'vault' }, 400, /cannot unmarshal string/],
    [
      'another kind of object',
      boundTo('ConfigMap', 'c'),
      400,
      /^cannot bind token to object of type v1, Kind=ConfigMap$/,
    ],
    ['a missing Pod', boundTo('Pod', 'x'), 404, /^pods "x" not found$/],
    [
      'a Pod of another uid',
      boundTo('Pod', 'p', 'u'),
      409,
      /the UID in the bound object reference \(u\) does not match the UID in record/,
    ],
  ])('is refused for %s', async (_, spec, code, message) => {
    const refused = await refusal(request(await withAccount(), spec));
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(message);
  });

  it('is refused for a Pod of another account, and for a missing account', async () => {
    const api = await withAccount();
    await api.admin.create(podNamed('q', {}, { serviceAccountName: 'other' }));
    expect((await refusal(request(api, boundTo('Pod', 'q')))).message).toBe(
      'cannot bind token for serviceaccount "robot" to pod running with serviceaccount "other"',
    );
    await api.admin.delete(ServiceAccount, key);
    expect((await refusal(request(api, {}))).message).toBe('serviceaccounts "robot" not found');
  });
});

describe('a token', () => {
  it('identifies its user and Pod', async () => {
    const api = await withAccount();
    const { token, claims } = await request(api, boundTo('Pod', 'p'));
    const { pod, node, serviceaccount } = claims['kubernetes.io'];
    expect(await bearer(api, token)).toEqual({
      username: 'system:serviceaccount:default:robot',
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`],
        'authentication.kubernetes.io/pod-name': ['p'],
        'authentication.kubernetes.io/pod-uid': [pod?.uid],
        'authentication.kubernetes.io/node-name': ['n1'],
        'authentication.kubernetes.io/node-uid': [node?.uid],
      },
    });
  });

  it.each<[string, object, (api: TestApi) => Promise<unknown>, boolean]>([
    ['is good while it lasts', {}, (api) => api.sim.advance('3599s'), true],
    ['is no longer valid when it has expired', {}, (api) => api.sim.advance('1h'), false],
    ['for another audience is not good here', { audiences: ['vault'] }, () => Promise.resolve(), false],
    ['dies with its account', {}, (api) => api.admin.delete(ServiceAccount, key), false],
    [
      'dies with its account, even where another has taken the name',
      {},
      async (api) => {
        await api.admin.delete(ServiceAccount, key);
        await api.admin.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: key } as KubernetesObject);
      },
      false,
    ],
    [
      'dies with its Pod',
      boundTo('Pod', 'p'),
      (api) => api.admin.delete(Pod, 'default/p', { gracePeriodSeconds: 0 }),
      false,
    ],
    [
      'is good for a minute after its Pod should have gone',
      boundTo('Pod', 'p'),
      async (api) => {
        await api.admin.delete(Pod, 'default/p');
        await api.sim.advance('90s');
      },
      true,
    ],
    [
      'is not good a minute after its Pod should have gone',
      boundTo('Pod', 'p'),
      async (api) => {
        await api.admin.delete(Pod, 'default/p');
        await api.sim.advance('91s');
      },
      false,
    ],
    ['dies with its Node', boundTo('Node', 'n1'), (api) => api.admin.delete(nodeKind(api), 'n1'), false],
    ['of a Pod outlives its node', boundTo('Pod', 'p'), (api) => api.admin.delete(nodeKind(api), 'n1'), true],
    ['dies with its Secret', boundTo('Secret', 's'), (api) => api.admin.delete(secretKind(api), 'default/s'), false],
    ['outlives other objects', boundTo('Pod', 'p'), (api) => api.admin.delete(secretKind(api), 'default/s'), true],
  ])('%s', async (_, spec, change, good) => {
    const api = await withAccount();
    const { token } = await request(api, spec);
    await change(api);
    if (good) expect((await bearer(api, token)).username).toBe('system:serviceaccount:default:robot');
    else expect(await refusal(bearer(api, token))).toMatchObject({ code: 401, message: 'Unauthorized' });
  });

  it.each(['', 'x', 'a.b.c', 'ü.ü.ü'])('without a valid signature is rejected: %j', async (token) => {
    expect((await refusal(bearer(await withAccount(), token))).code).toBe(401);
  });
});

const nodeKind = (api: TestApi): Kind => api.server.kinds.byKind('v1', 'Node') as Kind;
const secretKind = (api: TestApi): Kind => api.server.kinds.byKind('v1', 'Secret') as Kind;

describe('a token review', () => {
  const review = async (api: TestApi, spec: object) =>
    (
      (await api.admin.create({
        apiVersion: TokenReview.apiVersion,
        kind: 'TokenReview',
        spec,
      } as KubernetesObject)) as {
        status?: unknown;
      }
    ).status;

  it('reports the user and the audiences', async () => {
    const api = await withAccount();
    const { token } = await request(api, { audiences: ['vault', 'other'] });
    expect(await review(api, { token, audiences: ['vault', 'db'] })).toMatchObject({
      authenticated: true,
      user: { username: 'system:serviceaccount:default:robot' },
      audiences: ['vault'],
    });
  });

  it.each<[string, (token: string) => object, RegExp]>([
    ['another audience', (token) => ({ token }), /token audiences \["vault"\] is invalid for the target audiences/],
    ['a text that is not a token', () => ({ token: 'x' }), /^invalid bearer token$/],
  ])('says why not: %s', async (_, spec, error) => {
    const api = await withAccount();
    const { token } = await request(api, { audiences: ['vault'] });
    expect(await review(api, spec(token))).toMatchObject({ authenticated: false, error: expect.stringMatching(error) });
  });
});

describe("a client's user", () => {
  it.each<[string, Parameters<TestApi['server']['authenticate']>[0], UserInfo]>([
    ['anonymous without credentials', {}, { username: 'system:anonymous', groups: ['system:unauthenticated'] }],
    [
      'what its certificate says',
      { certificate: { commonName: 'jane', organizations: ['developers'] } },
      { username: 'jane', groups: ['developers', 'system:authenticated'] },
    ],
    [
      'whom it impersonates, if it may',
      {
        certificate: { commonName: 'root', organizations: ['system:masters'] },
        impersonate: { username: 'jane', groups: ['developers'] },
      },
      { username: 'jane', groups: ['developers', 'system:authenticated'] },
    ],
    [
      'an impersonated service account with its groups',
      {
        certificate: { commonName: 'root', organizations: ['system:masters'] },
        impersonate: { username: 'system:serviceaccount:default:robot', groups: [] },
      },
      {
        username: 'system:serviceaccount:default:robot',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      },
    ],
    [
      'nobody, if it impersonates nobody',
      {
        certificate: { commonName: 'root', organizations: ['system:masters'] },
        impersonate: { username: 'system:anonymous', groups: [] },
      },
      { username: 'system:anonymous', groups: ['system:unauthenticated'] },
    ],
  ])('is %s', async (_, credentials, user) => {
    const { server } = await testApi();
    expect(await server.authenticate(credentials)).toEqual(user);
  });

  it.each<[string, UserInfo, string]>([
    [
      'a user',
      { username: 'joe', groups: [] },
      'users "joe" is forbidden: User "jane" cannot impersonate resource "users"',
    ],
    [
      'a service account',
      { username: 'system:serviceaccount:default:robot', groups: [] },
      'serviceaccounts "robot" is forbidden: User "jane" cannot impersonate resource "serviceaccounts"',
    ],
  ])('cannot be %s without the right to impersonate it', async (_, impersonate, message) => {
    const { server } = await testApi();
    const certificate = { commonName: 'jane', organizations: [] };
    expect((await refusal(server.authenticate({ certificate, impersonate }))).message).toContain(message);
  });

  it('is returned by a SelfSubjectReview', async () => {
    const { server } = await testApi();
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' } as KubernetesObject;
    expect(await server.client(adminUser).create(body)).toMatchObject({
      status: { userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] } },
    });
  });
});
