import { ConfigMap, Secret } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import type { Client, UserInfo } from '../../client.ts';
import { configMap, nobody, type OpenClient, refusal } from './client-under-test.fixture.ts';

/** What a client must hold about authorization and impersonation. */
export function accessContract(name: string, open: OpenClient): void {
  describe(`${name}: rights`, () => {
    it('are checked on every call', async () => {
      const { client, unprivileged } = await open();
      await client.create(configMap('c'));
      const calls: readonly (() => Promise<unknown>)[] = [
        () => unprivileged.get(ConfigMap, 'default/c'),
        () => unprivileged.list(ConfigMap, { namespace: 'default' }),
        () => unprivileged.create(configMap('d')),
        () => unprivileged.update(configMap('c', '2')),
        () => unprivileged.patch(ConfigMap, 'default/c', { type: 'merge', patch: {} }),
        () => unprivileged.apply(configMap('c', '2'), { fieldManager: 'me' }),
        () => unprivileged.delete(ConfigMap, 'default/c'),
        () => unprivileged.deleteCollection(ConfigMap, { namespace: 'default' }),
      ];
      for (const call of calls) expect(await refusal(call())).toMatchObject({ code: 403, reason: 'Forbidden' });
      expect((await client.list(ConfigMap)).items).toMatchObject([{ data: { value: '1' } }]);
    });

    it('are refused with a message that names what is missing', async () => {
      const { unprivileged } = await open();
      const error = await refusal(unprivileged.get(Secret, 'default/s'));
      expect(error.message).toBe(
        'secrets "s" is forbidden: User "nobody" cannot get resource "secrets" in API group "" in the namespace "default"',
      );
      expect(error.status.details).toEqual({ name: 's', kind: 'secrets' });
    });

    it('follow from roles', async () => {
      const { client, unprivileged } = await open();
      await client.create(configMap('c'));
      await allow(client, nobody, { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] });
      expect((await unprivileged.get(ConfigMap, 'default/c')).data).toEqual({ value: '1' });
      expect((await refusal(unprivileged.list(ConfigMap, { namespace: 'default' }))).reason).toBe('Forbidden');
    });
  });

  describe(`${name}: as`, () => {
    const jane: UserInfo = {
      username: 'jäne',
      uid: '42',
      groups: ['développeurs', 'b'],
      extra: { 'example.dev/scopes': ['a%b', 'ü'], plain: ['x'] },
    };

    it('acts as another user, with uid, groups and extra', async () => {
      const { client } = await open();
      await allowReviews(client);
      expect(await whoIs(client.as(jane))).toEqual({
        ...jane,
        groups: [...jane.groups, 'system:authenticated'],
      });
    });

    it('has the rights of that user', async () => {
      const { client } = await open();
      await client.create(configMap('c'));
      const other = client.as({ username: 'jane', groups: [] });
      expect((await refusal(other.get(ConfigMap, 'default/c'))).message).toContain('User "jane" cannot get');
      await allow(client, { username: 'jane', groups: [] }, { apiGroups: [''], resources: ['*'], verbs: ['*'] });
      expect((await other.get(ConfigMap, 'default/c')).metadata.name).toBe('c');
      const seen: unknown[] = [];
      const subscription = other.watch(ConfigMap, { namespace: 'default' }).subscribe((event) => seen.push(event.type));
      await expect.poll(() => seen).toEqual(['ADDED']);
      subscription.unsubscribe();
      await other.create(configMap('d'));
      await other.delete(ConfigMap, 'default/d');
    });

    it('puts a service account into its groups', async () => {
      const { client } = await open();
      await allowReviews(client);
      const { groups } = await whoIs(client.as({ username: 'system:serviceaccount:shop:web', groups: [] }));
      expect(groups).toEqual(['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated']);
    });

    it('replaces the user when called again, and leaves the client itself alone', async () => {
      const { client } = await open();
      await allowReviews(client);
      const jim = client.as(jane).as({ username: 'jim', groups: [] });
      expect((await whoIs(jim)).username).toBe('jim');
      const before = await whoIs(client);
      expect(before.groups).toContain('system:masters');
    });

    it('requires the right to impersonate', async () => {
      const { client, unprivileged } = await open();
      const pretender = unprivileged.as({ username: 'admin', groups: ['system:masters'] });
      const error = await refusal(pretender.list(ConfigMap));
      expect(error).toMatchObject({ code: 403, reason: 'Forbidden' });
      expect(error.message).toContain('User "nobody" cannot impersonate resource "users"');
      const failed = new Promise((resolve) => {
        pretender.watch(ConfigMap).subscribe({ error: resolve });
      });
      expect(await failed).toMatchObject({ code: 403 });
      await allow(client, nobody, { apiGroups: [''], resources: ['users'], verbs: ['impersonate'] });
      expect((await refusal(pretender.list(ConfigMap))).message).toContain('cannot impersonate resource "groups"');
      const friend = unprivileged.as({ username: 'friend', groups: [] });
      expect((await refusal(friend.list(ConfigMap))).message).toContain('User "friend" cannot list');
    });
  });
}

interface Review {
  readonly status?: { readonly userInfo?: UserInfo };
}

/** The user that the server takes the client for. */
async function whoIs(client: Client): Promise<UserInfo> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} };
  const { status } = (await client.create(review)) as Review;
  if (status?.userInfo === undefined) throw new Error('the review says nothing');
  return status.userInfo;
}

async function allow(client: Client, { username }: UserInfo, rule: object): Promise<void> {
  return grant(client, { kind: 'User', name: username }, rule);
}

/** Lets everybody ask who they are, as Kubernetes' own policy does. */
async function allowReviews(client: Client): Promise<void> {
  const rule = { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] };
  return grant(client, { kind: 'Group', name: 'system:authenticated' }, rule);
}

async function grant(client: Client, subject: { kind: string; name: string }, rule: object): Promise<void> {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const metadata = { name: `allow-${subject.name}` };
  await client.create({ apiVersion, kind: 'ClusterRole', metadata, rules: [rule] });
  await client.create({
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', ...subject }],
  });
}
