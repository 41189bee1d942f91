import type { KubernetesObject } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { adminUser, refusal, type TestApi, testApi } from '../api.fixture.ts';

describe('access reviews', () => {
  const authorization = 'authorization.k8s.io/v1';
  const ask = async (api: TestApi, kind: string, spec: object, more: object = {}, user = adminUser) =>
    (
      (await api.server
        .client(user)
        .create({ apiVersion: authorization, kind, spec, ...more } as KubernetesObject)) as {
        status?: { allowed?: boolean; reason?: string };
      }
    ).status;
  const attributes = { verb: 'get', resource: 'pods', namespace: 'default' };

  it('report what the user may do', async () => {
    const api = await testApi();
    expect(await ask(api, 'SelfSubjectAccessReview', { resourceAttributes: attributes })).toEqual({ allowed: true });
    const path = { nonResourceAttributes: { verb: 'get', path: '/metrics' } };
    expect(await ask(api, 'SelfSubjectAccessReview', path)).toEqual({ allowed: true });
  });

  it('report what others may do', async () => {
    const api = await testApi();
    const asked = { resourceAttributes: attributes };
    expect(await ask(api, 'SubjectAccessReview', { ...asked, user: 'jane' })).toEqual({ allowed: false });
    expect(await ask(api, 'SubjectAccessReview', { ...asked, groups: ['system:masters'] })).toEqual({ allowed: true });
    const local = { metadata: { namespace: 'default' } };
    expect(await ask(api, 'LocalSubjectAccessReview', { ...asked, user: 'jane' }, local)).toEqual({ allowed: false });
  });

  it.each<[string, string, object, string]>([
    ['neither resource nor path', 'SelfSubjectAccessReview', {}, 'spec.resourceAttributes'],
    [
      'both resource and path',
      'SelfSubjectAccessReview',
      { resourceAttributes: attributes, nonResourceAttributes: { verb: 'get', path: '/' } },
      'spec.nonResourceAttributes',
    ],
    ['neither user nor group', 'SubjectAccessReview', { resourceAttributes: attributes }, 'spec.user'],
    [
      'another namespace',
      'LocalSubjectAccessReview',
      { user: 'jane', resourceAttributes: { ...attributes, namespace: 'other' } },
      'spec.resourceAttributes.namespace',
    ],
  ])('are invalid with %s', async (_, kind, spec, field) => {
    const api = await testApi();
    const refused = await refusal(ask(api, kind, spec, { metadata: { namespace: 'default' } }));
    expect([refused.code, refused.causes.map((cause) => cause.field)]).toEqual([422, [field]]);
  });

  it("list the user's rules", async () => {
    const api = await testApi();
    expect(await ask(api, 'SelfSubjectRulesReview', { namespace: 'default' })).toMatchObject({
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    });
    expect((await refusal(ask(api, 'SelfSubjectRulesReview', {}))).message).toBe('no namespace on request');
  });
});
