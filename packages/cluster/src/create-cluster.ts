import { type Kind, KindRegistry } from '@orrery/api';
import {
  cronJobController,
  daemonSetController,
  deploymentController,
  disruptionController,
  endpointSliceController,
  endpointsController,
  garbageCollector,
  jobController,
  namespaceController,
  nodeLifecycleController,
  podGarbageCollector,
  presetAdmission,
  replicaSetController,
  replicationController,
  resourceQuotaController,
  rootCaPublisher,
  schedulerController,
  serviceAccountController,
  statefulSetController,
  taintEvictionController,
  tokensController,
  ttlAfterFinishedController,
} from '@orrery/controllers';
import { createServiceProxy } from '@orrery/controllers/node';
import type { SchedulerPlugin } from '@orrery/controllers/scheduler';
import {
  type Controller,
  controllerPolicy,
  createEnvironment,
  createManager,
  type Environment,
  type Plugin,
} from '@orrery/core';
import type { Link } from '@orrery/core/assembly';
import type { MachineProvider, Machines, MachinesContext, ServiceNetwork } from '@orrery/runtimes';
import { type SimulatedMachines, simulatedMachines } from '@orrery/runtimes/sim';
import {
  AdmissionChain,
  type ApiServer,
  arrangeAdmission,
  builtinAdmission,
  createApiDoor,
  createApiServer,
  createNodeAuthorizer,
  createRbacAuthorizer,
  createSimulatedTokenAuthority,
  type NodeDirectory,
  type RequestLimits,
  rbacIndexes,
  serviceNetwork,
  signLegacyToken,
  type TokenAuthority,
} from '@orrery/server';
import type { AdmissionPlugin } from '@orrery/server/admission';
import { createMemoryEngine, openObjectStore, type StorageEngine } from '@orrery/store';
import { bootstrap } from './bootstrap.ts';
import { applyManifest, type Cluster } from './cluster.ts';
import { doorHandler } from './door-handler.ts';
import { adminUser, controllerUser } from './identities.ts';
import { simulatedCertificates } from './in-cluster-access.ts';
import { nodeIpam, occupyPodRanges } from './node-ipam.ts';
import { checkNodeLabels, type NodeOptions, numberedNodes } from './node-options.ts';
import { nodePower } from './node-power.ts';
import { Nodes } from './nodes.ts';
import { type PodRangeOptions, PodRanges } from './pod-ranges.ts';
import { podIndexes } from './store-indexes.ts';

/** Options of a cluster. All have defaults: `createCluster()` is three simulated nodes on the real clock, in memory. */
export interface ClusterOptions<M extends Machines = Machines> extends PodRangeOptions {
  /** Clock, chance, turns and inspection. Default: the real clock. */
  readonly environment?: Environment;
  /** How many nodes (named `node1` …), or which. Default 3. */
  readonly nodes?: number | readonly NodeOptions[];
  /** Where objects are kept. Default: memory. */
  readonly engine?: StorageEngine;
  /** The nodes' machines and the network between them. Default: {@link simulatedMachines}. */
  readonly machines?: MachineProvider<M>;
  readonly plugins?: readonly Plugin[];
  /** How many requests from outside are carried out at once. Default: Kubernetes' 400 that read and 200 that write. */
  readonly requestLimits?: RequestLimits;
  /**
   * Wraps every client between a loop and the request path: those of the control plane's, plugins' and nodes' controllers, their Event
   * recorders (`ACTOR events`) and the caches that they read from (`controller-manager cache`, `kubelet-node1 cache`). The API
   * server itself, containers, and the clients of users and tests are not linked. Default: no link.
   */
  readonly link?: Link;
  /** Signs service account tokens. Default: one for simulations; a cluster that listens on a network needs a real one. */
  readonly tokens?: TokenAuthority;
  /** PEM certificates with which Pods verify the API server's certificate. Default: a placeholder that only simulated containers accept. */
  readonly certificates?: string;
}

/**
 * Starts a whole cluster in this process. Resolves when its control plane and nodes run.
 * @throws Error for contradicting options, or the error of a part that fails to start; everything else is closed then
 */
export async function createCluster<M extends Machines = SimulatedMachines>(
  options: ClusterOptions<M> = {},
): Promise<Cluster<M>> {
  const { nodes: nodeOptions = 3, environment = createEnvironment(), plugins = [] } = options;
  const certificates = options.certificates ?? simulatedCertificates;
  const link = options.link === undefined ? {} : { link: options.link };
  const wanted = typeof nodeOptions === 'number' ? numberedNodes(nodeOptions) : nodeOptions;
  wanted.forEach(checkNodeLabels);
  const podRanges = new PodRanges(options, [serviceNetwork.range]);
  // Nodes need the server, and the server finds kubelets through the nodes.
  const directory: { nodes: NodeDirectory | undefined } = { nodes: undefined };

  await using opened = new AsyncDisposableStack();
  const { server, tokens } = await openServer(
    options,
    environment,
    { find: (name) => directory.nodes?.find(name) },
    opened,
  );
  const { kinds } = server;
  const client = server.client(adminUser);
  const machines = await openMachines(options.machines, { environment, plugins, clusterDns: [serviceNetwork.dns] });
  opened.defer(() => machines.close());
  podRanges.checkOutside(machines.apiServer.ip, 'the API server');
  await bootstrap(server, client, machines.apiServer);
  const addedControllers = plugins.flatMap((plugin) => plugin.controllers ?? []);
  await applyManifest(
    client,
    addedControllers.flatMap((controller) => controllerPolicy(controller)),
  );
  const door = createApiDoor({ requestPath: server, environment, random: environment.random.fork('in-cluster') });
  opened.use(await machines.serveApi({ handle: doorHandler(door, environment), certificateAuthority: certificates }));

  await occupyPodRanges(podRanges, client);
  const nodes = new Nodes({ server, environment, machines, podRanges, ...link });
  directory.nodes = nodes;
  const manager = createManager({
    environment,
    clientFor: (name) => server.client(controllerUser(name)),
    ...link,
    componentFor: ({ name }) => ({ component: name }),
  });
  opened.defer(async () => {
    // Requesting a turn lets waiting loops continue and see that they must stop: after a livelock, nothing else requests one.
    await Promise.all([nodes.close(), manager.stop(), environment.work.turn('cluster')]);
  });
  const schedulerPlugins = plugins.flatMap((plugin) => plugin.scheduler ?? []);
  const controllers: readonly Controller[] = [
    ...builtinControllers({ kinds, certificates, schedulerPlugins, network: machines.network, tokens }),
    nodePower(nodes),
    nodeIpam(podRanges, nodes),
    ...addedControllers,
  ];
  for (const controller of controllers) await manager.add(controller);
  await manager.start();
  await Promise.all(wanted.map((node) => nodes.add(node)));

  const running = opened.move();
  return {
    environment,
    server,
    kinds,
    client,
    nodes,
    machines,
    manager,
    as: (user) => server.client(user),
    apply: (manifest) => applyManifest(client, manifest),
    close: () => running.disposeAsync(),
  };
}

/** Opens the store, and the API server on it. */
async function openServer(
  {
    engine = createMemoryEngine(),
    plugins = [],
    tokens = createSimulatedTokenAuthority('orrery'),
    requestLimits,
  }: ClusterOptions,
  environment: Environment,
  nodes: NodeDirectory,
  opened: AsyncDisposableStack,
): Promise<{ readonly server: ApiServer; readonly tokens: TokenAuthority }> {
  const kinds = new KindRegistry();
  for (const kind of plugins.flatMap((plugin) => plugin.kinds ?? [])) kinds.add(kind as Kind);
  const store = await openObjectStore({ engine, indexes: { ...podIndexes, ...rbacIndexes } });
  opened.defer(() => store.close());
  const added: AdmissionPlugin[] = [presetAdmission, ...plugins.flatMap((plugin) => plugin.admission ?? [])];
  const server = createApiServer({
    store,
    kinds,
    environment,
    admission: new AdmissionChain(arrangeAdmission(builtinAdmission(), added)),
    authorizers: [createNodeAuthorizer(store), createRbacAuthorizer(store)],
    tokens,
    nodes,
    ...(requestLimits === undefined ? {} : { requestLimits }),
  });
  return { server, tokens };
}

function openMachines<M extends Machines>(
  provider: MachineProvider<M> | undefined,
  context: MachinesContext,
): M | Promise<M> {
  // Without a provider, M is its default.
  const open = provider ?? (simulatedMachines() as MachineProvider<Machines> as MachineProvider<M>);
  return open(context);
}

interface BuiltinOptions {
  readonly kinds: KindRegistry;
  readonly certificates: string;
  readonly schedulerPlugins: readonly SchedulerPlugin[];
  readonly network: ServiceNetwork;
  readonly tokens: TokenAuthority;
}

/** The loops of the control plane, each with its own account. */
function builtinControllers({
  kinds,
  certificates,
  schedulerPlugins,
  network,
  tokens,
}: BuiltinOptions): readonly Controller[] {
  return [
    schedulerController({ plugins: schedulerPlugins }),
    deploymentController(),
    replicaSetController(),
    replicationController(),
    jobController(),
    cronJobController(),
    ttlAfterFinishedController(),
    daemonSetController(),
    statefulSetController(),
    garbageCollector({ kinds }),
    namespaceController({ kinds }),
    serviceAccountController(),
    tokensController({
      certificates,
      issue: (account, secretName) => signLegacyToken(tokens, account, secretName),
      isSigned: async (token) => (await tokens.verify(token)) !== undefined,
    }),
    rootCaPublisher({ certificates }),
    endpointSliceController(),
    endpointsController(),
    nodeLifecycleController(),
    taintEvictionController(),
    podGarbageCollector(),
    disruptionController({ kinds }),
    resourceQuotaController({ kinds }),
    createServiceProxy({ network }),
  ];
}
