import {
  ConfigMap,
  Deployment,
  EndpointSlice,
  Endpoints,
  Event,
  Namespace,
  Node,
  Pod,
  ReplicaSet,
  Service,
  ServiceAccount,
} from '/work/main/packages/api/src/index.ts';
import { FakeRuntime } from '/work/main/packages/controllers/src/kubelet/test-node/fake-runtime.ts';
import { createSimulation, formatInspection } from '/work/main/packages/core/src/index.ts';
import { createCluster } from './create.ts';

const simulation = createSimulation({ seed: Number(process.env.SEED ?? 1) });
const environment = simulation.environment;
environment.inspector.events.subscribe((e) => {
  if (e.type === 'failed' || (e.type === 'log' && (e.level === 'warn' || e.level === 'error')) || process.env.V)
    console.log(formatInspection(e));
});
const cluster = await createCluster({ environment, nodes: 3, runtime: () => new FakeRuntime(environment.clock) as any });
  environment,
  nodes: 3,
  runtime: () => new FakeRuntime(environment.clock) as any,
});
const c = cluster.client;
await simulation.settle();
const show = async (title: string) => {
  console.log('==', title, new Date(environment.clock.now()).toISOString());
  for (const d of (await c.list(Deployment)).items)
    console.log(
      'deploy',
      d.metadata.name,
      JSON.stringify(d.metadata.annotations),
      JSON.stringify({
        ...d.status,
        conditions: d.status?.conditions?.map((x) => `${x.type}=${x.status} ${x.reason}`),
      }),
    );
  for (const r of (await c.list(ReplicaSet)).items)
    console.log(
      'rs',
      r.metadata.name,
      r.spec.replicas,
      JSON.stringify(r.status),
      r.metadata.annotations?.['deployment.kubernetes.io/revision'],
    );
  for (const p of (await c.list(Pod)).items)
    console.log(
      'pod',
      p.metadata.name,
      p.spec.nodeName,
      p.status?.phase,
      p.metadata.deletionTimestamp ?? '',
      p.status?.conditions?.map((x) => x.type + '=' + x.status + (x.message ? `(${x.message})` : '')).join(' '),
    );
};
const evs = async () => {
  for (const e of (await c.list(Event)).items)
    console.log(
      'ev',
      e.source?.component,
      e.type,
      e.involvedObject.kind + '/' + e.involvedObject.name,
      e.reason,
      e.message,
      e.count,
    );
};
const tpl = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image, ports: [{ containerPort: 80 }] }] },
});
await c.create({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
} as any);
await c.create({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: { replicas: 4, selector: { matchLabels: { app: 'web' } }, template: tpl('nginx') },
} as any);
await simulation.settle();
await show('created');
const d = await c.get(Deployment, { namespace: 'default', name: 'web' });
await c.update({ ...d, spec: { ...d.spec, template: tpl('busybox') } } as any);
await simulation.settle();
await simulation.advance('2m');
await show('rolled');
for (const s of (await c.list(EndpointSlice, { namespace: 'default' })).items)
  console.log(
    'slice',
    JSON.stringify(s.endpoints?.map((e) => e.addresses + ':' + JSON.stringify(e.conditions))),
    JSON.stringify(s.ports),
  );
for (const s of (await c.list(Endpoints, { namespace: 'default' })).items)
  console.log('ep', s.metadata.name, JSON.stringify(s.subsets));
await c.create({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'big', namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'nginx', resources: { requests: { memory: '900Gi' } } }] },
} as any);
await simulation.settle();
await show('big');
await c.delete(Pod, { namespace: 'default', name: 'big' });
console.log('-- node dies');
await (cluster.nodes as any).stop?.('node1');
await simulation.advance('1m');
await show('1 m');
for (const n of (await c.list(Node)).items)
  console.log(
    'node',
    n.metadata.name,
    JSON.stringify(n.spec?.taints),
    n.status?.conditions?.map((x) => x.type + '=' + x.status).join(' '),
  );
await simulation.advance('6m');
await show('7 m');
await evs();
console.log('-- namespace');
await c.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns1' } } as any);
await simulation.settle();
console.log(
  (await c.list(ServiceAccount, { namespace: 'ns1' })).items.map((x) => x.metadata.name),
  (await c.list(ConfigMap, { namespace: 'ns1' })).items.map((x) => x.metadata.name),
);
await c.create({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web2', namespace: 'ns1' },
  spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: tpl('nginx') },
} as any);
await simulation.settle();
await c.delete(Namespace, 'ns1');
await simulation.advance('2m');
console.log((await c.list(Namespace)).items.map((x) => x.metadata.name + JSON.stringify(x.status)));
await c.delete(
  Deployment,
  { namespace: 'default', name: 'web' },
  { propagationPolicy: (process.env.POLICY as any) ?? 'Foreground' },
);
await simulation.advance('2m');
await show('deleted');
await cluster.close();
