import type { Pod } from '../kinds.ts';
import type {
  Container,
  ContainerPort,
  EnvVar,
  EphemeralContainer,
  GRPCAction,
  HTTPGetAction,
  LifecycleHandler,
  PodSpec,
  PodTemplateSpec,
  Probe,
} from '../parts.ts';
import { fill, fillZero, through, throughEach } from './fill.ts';
import { defaultVolume } from './volume.ts';

/** Defaults of a Pod (`SetDefaults_Pod`): those of its spec, and some that templates do not get. */
export function defaultPod(pod: Pod): Pod {
  return through(withContainers(pod), 'spec', (given) => {
    let spec = fill(defaultPodSpec(given), { enableServiceLinks: true });
    spec = through(spec, 'resources', requestsFromLimits);
    for (const list of ['containers', 'initContainers'] as const) {
      spec = throughEach(spec, list, (container) => through(container, 'resources', requestsFromLimits));
      if (spec.hostNetwork === true) spec = throughEach(spec, list, hostPorts);
    }
    return spec;
  });
}

/** A Pod that lacks them has no containers: what reads it before it is validated finds none, as in Go. */
function withContainers(pod: Pod): Pod {
  const { spec } = pod as { readonly spec?: Partial<PodSpec> };
  return spec?.containers === undefined ? { ...pod, spec: { ...spec, containers: [] } } : pod;
}

/** Defaults of a Pod's template in Deployments, Jobs and the like. */
export function defaultPodTemplate(template: PodTemplateSpec): PodTemplateSpec {
  return through(template, 'spec', defaultPodSpec);
}

/** Defaults that Pods and Pods' templates have in common (`SetDefaults_PodSpec`). */
function defaultPodSpec(given: PodSpec): PodSpec {
  let spec = throughEach(given, 'volumes', defaultVolume);
  spec = throughEach(spec, 'initContainers', defaultContainer);
  spec = throughEach(spec, 'containers', defaultContainer);
  spec = throughEach(spec, 'ephemeralContainers', defaultContainer<EphemeralContainer>);
  spec = mirrorServiceAccount(spec);
  return fill(spec, {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    terminationGracePeriodSeconds: 30,
    schedulerName: 'default-scheduler',
    securityContext: {},
  });
}

/** `serviceAccount` is the deprecated name of `serviceAccountName`: each is kept equal to the other. */
function mirrorServiceAccount(spec: PodSpec): PodSpec {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (name === undefined || name === '') return spec;
  if (spec.serviceAccountName === name && spec.serviceAccount === name) return spec;
  return { ...spec, serviceAccountName: name, serviceAccount: name };
}

function defaultContainer<C extends Container | EphemeralContainer>(given: C): C {
  let container: Container = throughEach(given as Container, 'ports', defaultPort);
  container = throughEach(container, 'env', defaultEnvVar);
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    container = through(container, probe, defaultProbe);
  }
  container = through(container, 'lifecycle', (lifecycle) =>
    through(through(lifecycle, 'postStart', defaultHandler), 'preStop', defaultHandler),
  );
  return fill(container, {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicyFor(container.image),
  }) as C;
}

/** The pull policy of an image that states none: `Always` for the tag `latest`, said or implied, else `IfNotPresent`. */
export function pullPolicyFor(image: string | undefined): 'Always' | 'IfNotPresent' {
  const match = /^(?:[^@]*\/)?[^@/:]+(?::([\w][\w.-]{0,127}))?(@.+)?$/.exec(image ?? '');
  if (match === null) return 'IfNotPresent';
  const [, tag, digest] = match;
  return tag === 'latest' || (tag === undefined && digest === undefined) ? 'Always' : 'IfNotPresent';
}

function defaultPort(port: ContainerPort): ContainerPort {
  return fill(port, { protocol: 'TCP' });
}

/** Defaults of an environment variable, in containers and PodPresets. */
export function defaultEnvVar(variable: EnvVar): EnvVar {
  return through(variable, 'valueFrom', (source) =>
    through(
      through(source, 'fieldRef', (ref) => fill(ref, { apiVersion: 'v1' })),
      'resourceFieldRef',
      (ref) => fill(ref, { divisor: '0' }),
    ),
  );
}

function defaultProbe(given: Probe): Probe {
  const probe = through(given, 'grpc', (grpc: GRPCAction) => fill(grpc, { service: '' }));
  return fillZero(through(probe, 'httpGet', defaultHttpGet), {
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  });
}

function defaultHandler(handler: LifecycleHandler): LifecycleHandler {
  return through(handler, 'httpGet', defaultHttpGet);
}

function defaultHttpGet(action: HTTPGetAction): HTTPGetAction {
  return fill(action, { path: '/', scheme: 'HTTP' });
}

type Resources = NonNullable<Container['resources']>;

/** A resource that is limited and not requested is requested up to its limit. */
function requestsFromLimits(resources: Resources): Resources {
  const { limits, requests } = resources;
  if (limits === undefined) return resources;
  const missing = Object.keys(limits).filter((resource) => requests?.[resource] === undefined);
  if (missing.length === 0) return resources;
  const added = Object.fromEntries(missing.map((resource) => [resource, limits[resource] as string]));
  return { ...resources, requests: { ...requests, ...added } };
}

function hostPorts(container: Container): Container {
  return throughEach(container, 'ports', (port) => fillZero(port, { hostPort: port.containerPort }));
}
