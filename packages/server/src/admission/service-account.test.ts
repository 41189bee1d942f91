import { Pod, type ServiceAccount } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { podNamed, refusal, type TestApi, testApi } from '../api.fixture.ts';
import { serviceAccount } from './service-account.ts';

const account: ServiceAccount = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'default', namespace: 'default' },
};

describe('a Pod whose namespace is as new as it is', () => {
  const late = async (api: TestApi, milliseconds: number) => {
    await api.sim.advance(milliseconds);
    await api.admin.create(account);
  };

  test('waits for the default account', async () => {
    const api = await testApi({ admission: [serviceAccount] });
    const created = api.admin.create<Pod>(podNamed('p'));
    await late(api, 1400);
    expect((await created).spec.serviceAccountName).toBe('default');
    expect((await api.admin.get(Pod, 'default/p')).spec.serviceAccountName).toBe('default');
  });

  test('is refused when the account does not appear in time', async () => {
    const api = await testApi({ admission: [serviceAccount] });
    const created = refusal(api.admin.create<Pod>(podNamed('p')));
    await late(api, 1600);
    expect(await created).toMatchObject({
      code: 403,
      message:
        'pods "p" is forbidden: error looking up service account default/default: serviceaccount "default" not found',
    });
  });

  test('does not wait for any other account', async () => {
    const api = await testApi({ admission: [serviceAccount] });
    const began = api.sim.environment.clock.now();
    const robot = podNamed('p', {}, { serviceAccountName: 'robot' });
    expect((await refusal(api.admin.create<Pod>(robot))).code).toBe(403);
    expect(api.sim.environment.clock.now()).toBe(began);
  });
});
