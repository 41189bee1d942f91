import { Deployment, type Kind, Namespace, Pod, ServiceAccount, type Stored } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { configMap, expectFrozen, type OpenClient, pod, refusal, Website } from './client-under-test.fixture.ts';

/** What `getSubresource`, `createSubresource` and `updateSubresource` must hold. */
export function subresourcesContract(name: string, open: OpenClient): void {
  describe(`${name}: subresources`, () => {
    it('scale is read, written and patched', async () => {
      const { client } = await open();
      await client.create(deployment);
      const scale = await client.getSubresource(Deployment, 'default/web', 'scale');
      expect(scale).toMatchObject({ apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 2 } });
      expectFrozen(scale);
      const written = await client.updateSubresource(Deployment, 'default/web', 'scale', {
        ...scale,
        spec: { replicas: 5 },
      });
      expect(written.spec?.replicas).toBe(5);
      const patch = { type: 'merge', patch: { spec: { replicas: 7 } } } as const;
      await client.patch(Deployment, 'default/web', patch, { subresource: 'scale' });
      expect((await client.get(Deployment, 'default/web')).spec.replicas).toBe(7);
      const stale = client.updateSubresource(Deployment, 'default/web', 'scale', scale);
      expect((await refusal(stale)).reason).toBe('Conflict');
    });

    it('scale works for custom kinds', async () => {
      const { client } = await open();
      const site = { apiVersion: 'contract.orrery.dev/v1', kind: 'Website', spec: { title: 'a', servers: 3 } };
      await client.create({ ...site, metadata: { name: 'w', namespace: 'default' } });
      const scale = await client.getSubresource(Website, { namespace: 'default', name: 'w' }, 'scale');
      expect(scale.spec?.replicas).toBe(3);
    });

    it('binding assigns a Pod to a node, once', async () => {
      const { client } = await open();
      await client.create(pod('p'));
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { name: 'n1' } } as const;
      const answer = await client.createSubresource(Pod, 'default/p', 'binding', binding);
      expect(answer).toMatchObject({ kind: 'Status', status: 'Success' });
      expect((await client.get(Pod, 'default/p')).spec.nodeName).toBe('n1');
      expect((await refusal(client.createSubresource(Pod, 'default/p', 'binding', binding))).reason).toBe('Conflict');
    });

    it('eviction deletes a Pod, and supports dry runs', async () => {
      const { client } = await open();
      await client.create(pod('p'));
      const eviction = {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: 'p', namespace: 'default' },
      } as const;
      await client.createSubresource(Pod, 'default/p', 'eviction', eviction, { dryRun: true });
      expect((await client.list(Pod)).items).toHaveLength(1);
      const answer = await client.createSubresource(Pod, 'default/p', 'eviction', eviction);
      expect(answer).toMatchObject({ kind: 'Status', status: 'Success' });
      expect((await client.list(Pod)).items).toEqual([]);
    });

    it('eviction is refused when a disruption budget forbids it', async () => {
      const { client } = await open();
      await client.create(pod('p', { nodeName: 'n' }, { labels: { app: 'x' } }));
      await client.patch(
        Pod,
        'default/p',
        { type: 'merge', patch: { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } } },
        { subresource: 'status' },
      );
      const budget = {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'b', namespace: 'default' },
        spec: { minAvailable: 1, selector: { matchLabels: { app: 'x' } } },
      };
      const created = await client.create(budget);
      const counts = { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 };
      const observedGeneration = created.metadata.generation;
      await client.updateStatus({ ...created, status: { ...counts, observedGeneration } });
      const eviction = {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: 'p', namespace: 'default' },
      } as const;
      const error = await refusal(client.createSubresource(Pod, 'default/p', 'eviction', eviction));
      expect(error).toMatchObject({ code: 429, reason: 'TooManyRequests' });
      expect(error.status.details?.causes?.[0]).toMatchObject({ reason: 'DisruptionBudget' });
    });

    it('token issues a ServiceAccount’s token', async () => {
      const { client } = await open();
      await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 's', namespace: 'default' } });
      const request = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { audiences: ['somebody'], expirationSeconds: 600 },
      } as const;
      const answer = await client.createSubresource(ServiceAccount, 'default/s', 'token', request);
      expect(answer).toMatchObject({ kind: 'TokenRequest', spec: { audiences: ['somebody'] } });
      expect(answer.status?.token).toMatch(/^[^.]+\.[^.]+\.[^.]+$/);
    });

    it('status is read and written', async () => {
      const { client } = await open();
      const created = await client.create(pod('p'));
      const running = { ...created, status: { phase: 'Running' } } as const;
      const written = await client.updateSubresource(Pod, 'default/p', 'status', running);
      expect(written.status?.phase).toBe('Running');
      expect((await client.getSubresource(Pod, 'default/p', 'status')).status?.phase).toBe('Running');
    });

    it('finalize lets a Namespace go', async () => {
      const { client } = await open();
      await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
      const left = await client.delete(Namespace, 'n');
      const finalized: Namespace = { ...(left as Stored<Namespace>), spec: { finalizers: [] } };
      await client.updateSubresource(Namespace, 'n', 'finalize', finalized);
      expect((await refusal(client.get(Namespace, 'n'))).reason).toBe('NotFound');
    });

    it('ephemeralcontainers adds one to a Pod', async () => {
      const { client } = await open();
      const created = await client.create(pod('p'));
      const ephemeralContainers = [{ name: 'debug', image: 'busybox' }];
      const changed = { ...created, spec: { ...created.spec, ephemeralContainers } };
      const written = await client.updateSubresource(Pod, 'default/p', 'ephemeralcontainers', changed);
      expect(written.spec.ephemeralContainers).toMatchObject(ephemeralContainers);
    });

    it('an unknown subresource is not found', async () => {
      const { client } = await open();
      await client.create(configMap('c'));
      await client.create(pod('p'));
      expect((await refusal(client.getSubresource(Pod as Kind, 'default/p', 'scale'))).code).toBe(404);
      expect((await refusal(client.getSubresource(Deployment, 'default/none', 'scale'))).reason).toBe('NotFound');
    });
  });
}

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'nginx' }] } },
  },
};
