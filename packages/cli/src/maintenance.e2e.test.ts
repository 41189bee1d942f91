import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, type RunningCluster, said, startCluster } from './running-cluster.fixture.ts';

/** `kubectl proxy`, `get --raw` through it to Pods, Services and nodes; `cordon`, `drain`, `taint`. */
let cluster: RunningCluster;

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '2']);
  await cluster.kubectl(['create', 'deployment', 'web', '--image=nginx', '--port=80', '--replicas=2']);
  await cluster.kubectl(['expose', 'deployment', 'web', '--port=8080', '--target-port=80']);
  await cluster.kubectl(['create', 'service', 'clusterip', 'empty', '--tcp=80']);
  await cluster.kubectl(['run', 'box', '--image=nginx', '--port=80']);
  await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s']);
  await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/box', '--timeout=60s']);
  await cluster.until(['get', 'endpoints', 'web', '-o', 'jsonpath={.subsets[0].addresses[*].ip}'], (out) =>
    out.includes(' '),
  );
});

afterAll(async () => {
  await cluster?.stop();
});

const inDefault = '/api/v1/namespaces/default';
const raw = (path: string) => cluster.tryKubectl(['get', '--raw', path]);

describe('the subresource proxy', () => {
  test.each(['services/web/proxy/', 'services/http:web:8080/proxy', 'pods/box/proxy/', 'pods/box:80/proxy/index.html'])(
    '%s shows the page of nginx',
    async (path) => {
      const { stdout, code } = await raw(`${inDefault}/${path}`);
      expect(stdout).toContain('<title>Welcome to nginx!</title>');
      expect(code).toBe(0);
    },
  );

  test.each([
    ['services/empty/proxy/', 'Error from server (ServiceUnavailable): no endpoints available for service "empty"\n'],
    ['services/web:9/proxy/', 'Error from server (ServiceUnavailable): no service port 9 found for service "web"\n'],
    ['services/none/proxy/', 'Error from server (NotFound): endpoints "none" not found\n'],
    ['pods/none/proxy/', 'Error from server (NotFound): pods "none" not found\n'],
    ['pods/a:b:c:d/proxy/', 'Error from server (BadRequest): invalid pod request "a:b:c:d"\n'],
    ['pods/box/proxy/missing', 'Error from server (NotFound): the server could not find the requested resource\n'],
  ])('%s is refused', async (path, message) => {
    expect(await raw(`${inDefault}/${path}`)).toMatchObject({ code: 1, stderr: message });
  });

  test('a port without a listener', async () => {
    expect((await raw(`${inDefault}/pods/box:81/proxy/`)).stderr).toMatch(
      /^Error from server \(ServiceUnavailable\): error trying to reach service: dial tcp 10\.224\.\d+\.\d+:81: connect: connection refused\n$/,
    );
  });

  test('a node’s kubelet: health, Pods and logs', async () => {
    const node = await cluster.kubectl(['get', 'pod', 'box', '-o', 'jsonpath={.spec.nodeName}']);
    const kubelet = `/api/v1/nodes/${node}/proxy`;
    expect((await raw(`${kubelet}/healthz`)).stdout).toBe('ok');
    const list = JSON.parse((await raw(`${kubelet}/pods`)).stdout) as { items: { metadata: { name: string } }[] };
    expect(list.items.map(({ metadata }) => metadata.name)).toContain('box');
    const log = await raw(`${kubelet}/containerLogs/default/box/box?tailLines=5`);
    expect(log.stdout).toBe(await cluster.kubectl(['logs', 'box', '--tail=5']));
    expect((await raw(`${kubelet}/nothing`)).code).toBe(1);
  });

  test('kubectl proxy forwards methods, redirects and responses', async () => {
    const proxy = cluster.startKubectl(['proxy', '--port=0']);
    const [, address] = /Starting to serve on (\S+)/.exec(await said(proxy, /Starting to serve on \S+/)) ?? [];
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`http://${address}${inDefault}/${path}`, { ...init, redirect: 'manual' });
    const page = await ask('services/web/proxy/');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html']);
    expect(page.headers.get('server')).toContain('nginx');
    expect(await page.text()).toContain('Welcome to nginx!');
    const root = await ask('services/web/proxy');
    expect([root.status, root.headers.get('location')]).toEqual([301, `${inDefault}/services/web/proxy/`]);
    expect((await ask('pods/box/proxy/missing')).status).toBe(404);
    expect((await ask('pods/box/proxy/', { method: 'POST', body: 'x' })).status).toBe(405);
    const head = await ask('pods/box/proxy/', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    proxy.kill();
    await ended(proxy);
  });
});

describe('taking a node out of service', () => {
  const placed = async (selector: string) =>
    (await cluster.kubectl(['get', 'pods', '-l', selector, '-o', 'jsonpath={.items[*].spec.nodeName}'])).split(' ');

  test('cordon and uncordon are idempotent, and a cordoned node receives no Pods', async () => {
    expect(await cluster.kubectl(['cordon', 'node1'])).toBe('node/node1 cordoned\n');
    expect(await cluster.kubectl(['cordon', 'node1'])).toBe('node/node1 already cordoned\n');
    expect(await cluster.kubectl(['get', 'node', 'node1', '--no-headers'])).toMatch(/Ready,SchedulingDisabled/);
    await cluster.kubectl(['scale', 'deployment/web', '--replicas=5']);
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s']);
    expect((await placed('app=web')).filter((node) => node === 'node2').length).toBeGreaterThanOrEqual(3);
    expect(await cluster.kubectl(['uncordon', 'node1'])).toBe('node/node1 uncordoned\n');
    expect(await cluster.kubectl(['uncordon', 'node1'])).toBe('node/node1 already uncordoned\n');
  });

  test('drain refuses Pods without a controller, evicts them with --force, and supports a dry run', async () => {
    const node = await cluster.kubectl(['get', 'pod', 'box', '-o', 'jsonpath={.spec.nodeName}']);
    const refused = await cluster.tryKubectl(['drain', node]);
    expect(refused.stderr).toContain(
      'cannot delete Pods that declare no controller (use --force to override): default/box',
    );
    expect(refused.code).toBe(1);
    expect(await cluster.kubectl(['drain', node, '--force', '--dry-run=server'])).toContain(
      'evicting pod default/box (server dry run)',
    );
    expect(await cluster.kubectl(['drain', node, '--force', '--grace-period=1', '--timeout=60s'])).toMatch(
      /pod\/box evicted\n[\s\S]*node\/node\d drained\n$/,
    );
    expect((await cluster.tryKubectl(['get', 'pod', 'box'])).code).toBe(1);
    await cluster.kubectl(['uncordon', node]);
  });

  test('drain with --pod-selector evicts only the selected Pods', async () => {
    const [node = ''] = await placed('app=web');
    expect(await cluster.kubectl(['drain', node, '--pod-selector=app=web', '--timeout=60s'])).toMatch(
      /pod\/web-\S+ evicted\nnode\/node\d drained\n$/,
    );
    expect(await placed('app=web')).not.toContain(node);
    await cluster.kubectl(['uncordon', node]);
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s']);
  });

  test('taint: added, rejected as a duplicate, overwritten, removed; NoExecute evicts Pods that do not tolerate it', async () => {
    expect(await cluster.kubectl(['taint', 'node', 'node1', 'a=b:NoExecute'])).toBe('node/node1 tainted\n');
    expect((await cluster.tryKubectl(['taint', 'node', 'node1', 'a=c:NoExecute'])).stderr).toContain(
      'node node1 already has a taint(s) with same effect(s) and --overwrite is false',
    );
    await cluster.until(['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].spec.nodeName}'], (out) =>
      /^node2( node2){4}$/.test(out),
    );
    expect(await cluster.kubectl(['taint', 'node', 'node1', 'a=c:NoExecute', '--overwrite'])).toBe(
      'node/node1 modified\n',
    );
    expect(await cluster.kubectl(['taint', 'node', 'node1', 'a-'])).toBe('node/node1 untainted\n');
    expect((await cluster.tryKubectl(['taint', 'node', 'node1', 'a-'])).stderr).toContain('taint "a" not found');
  });
});

describe('everyday commands', () => {
  const ask = (...args: string[]) => cluster.tryKubectl(args);

  test('wait: for a condition, a JSON path, creation and deletion, and until a timeout', async () => {
    const deployment = 'deployment/web';
    expect(await ask('wait', '--for=condition=Available', deployment, '--timeout=60s')).toMatchObject({
      stdout: 'deployment.apps/web condition met\n',
      code: 0,
    });
    expect(await ask('wait', '--for=jsonpath={.spec.replicas}=5', deployment)).toMatchObject({ code: 0 });
    const created = cluster.kubectl(['wait', '--for=create', 'configmap/coming', '--timeout=60s']);
    await cluster.kubectl(['create', 'configmap', 'coming']);
    expect(await created).toBe('configmap/coming condition met\n');
    expect(await ask('wait', '--for=delete', 'configmap/none')).toMatchObject({ code: 0 });
    expect(await ask('wait', '--for=delete', 'configmap/coming', '--timeout=1s')).toMatchObject({
      stderr: expect.stringContaining('error: timed out waiting for the condition on configmaps/coming\n'),
      code: 1,
    });
  });

  test('set image, env, resources and serviceaccount change the template', async () => {
    const set = (...args: string[]) => cluster.kubectl(['set', ...args]);
    expect(await set('image', 'deployment/web', 'nginx=nginx:1.27')).toBe('deployment.apps/web image updated\n');
    expect(await set('env', 'deployment/web', 'A=1')).toBe('deployment.apps/web env updated\n');
    expect(await set('resources', 'deployment/web', '--limits=cpu=1,memory=64Mi')).toBe(
      'deployment.apps/web resource requirements updated\n',
    );
    expect(await set('serviceaccount', 'deployment/web', 'default')).toBe(
      'deployment.apps/web serviceaccount updated\n',
    );
    const template = JSON.parse(
      await cluster.kubectl(['get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec}']),
    );
    expect(template).toMatchObject({
      serviceAccountName: 'default',
      containers: [
        { image: 'nginx:1.27', env: [{ name: 'A', value: '1' }], resources: { limits: { cpu: '1', memory: '64Mi' } } },
      ],
    });
  });

  test('pause, resume, restart and history of a rollout', async () => {
    const rollout = (...args: string[]) => cluster.kubectl(['rollout', ...args]);
    expect(await rollout('pause', 'deployment/web')).toBe('deployment.apps/web paused\n');
    expect((await ask('rollout', 'restart', 'deployment/web')).stderr).toContain(
      "can't restart paused deployment (run rollout resume first)",
    );
    expect(await rollout('resume', 'deployment/web')).toBe('deployment.apps/web resumed\n');
    expect(await rollout('restart', 'deployment/web')).toBe('deployment.apps/web restarted\n');
    expect(await rollout('status', 'deployment/web', '--timeout=60s')).toContain('successfully rolled out');
    expect(await rollout('history', 'deployment/web', '--revision=1')).toMatch(/with revision #1\nPod Template:/);
  });

  test('labels and annotations: overwritten with --overwrite, removed with a trailing -', async () => {
    expect(await ask('label', 'configmap', 'coming', 'a=1')).toMatchObject({ stdout: 'configmap/coming labeled\n' });
    expect(await ask('label', 'configmap', 'coming', 'a=2', '--overwrite')).toMatchObject({ code: 0 });
    expect(await ask('label', 'configmap', 'coming', 'a-')).toMatchObject({ stdout: 'configmap/coming unlabeled\n' });
    expect(await ask('annotate', 'configmap', 'coming', 'b=1')).toMatchObject({ code: 0 });
    expect(await ask('annotate', 'configmap', 'coming', 'b-')).toMatchObject({
      stdout: 'configmap/coming annotated\n',
    });
  });

  test('delete --cascade=orphan keeps dependents, background deletes them', async () => {
    await cluster.kubectl(['create', 'deployment', 'left', '--image=nginx']);
    await cluster.kubectl(['rollout', 'status', 'deployment/left', '--timeout=60s']);
    await cluster.kubectl(['delete', 'deployment', 'left', '--cascade=orphan']);
    const sets = await cluster.kubectl(['get', 'replicasets', '-l', 'app=left', '-o', 'name']);
    expect(sets).toMatch(/^replicaset\.apps\/left-\S+\n$/);
    await cluster.kubectl(['delete', 'replicasets', '-l', 'app=left', '--cascade=background']);
    await cluster.until(['get', 'pods', '-l', 'app=left', '-o', 'name'], (out) => out === '');
  });

  test('top reports that there are no metrics; cluster-info, api-versions and completion work', async () => {
    expect(await ask('top', 'nodes')).toMatchObject({ code: 1, stderr: 'error: Metrics API not available\n' });
    expect((await ask('cluster-info')).stdout).toContain('Kubernetes control plane');
    expect((await ask('api-versions')).stdout).toMatch(/^apps\/v1$/m);
    expect((await ask('completion', 'bash')).code).toBe(0);
    expect((await ask('config', 'view')).stdout).toContain('DATA+OMITTED');
    expect((await ask('explain', 'deployment.spec.strategy', '--recursive')).stdout).toContain('rollingUpdate');
    expect((await ask('get', 'events', '--sort-by=.lastTimestamp')).code).toBe(0);
  });
});
