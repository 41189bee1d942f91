import { type Container, fnv1a32, type Pod, parseQuantity, type Service, type VolumeMount } from '@orrery/api';
import { type Client, errorText } from '@orrery/core';
import type { ContainerConfig, ContainerRuntime, Mount, NodeFiles, PodSandboxConfig } from '@orrery/runtimes';
import { type PodAddresses, pluginVolumePath, podDirectory, projectionPlugin } from '../../secret-projector/index.ts';
import type { KubeletSettings } from '../options.ts';
import { hashAnnotation } from '../pod/pod-actions.ts';
import {
  checkedSubPath,
  copyTree,
  expandSubPath,
  locateInVolume,
  resolveInVolume,
  SubPathError,
  SubPathFault,
} from '../volumes/sub-path.ts';
import { isEmptyDir, volumePath } from '../volumes/volumes.ts';
import { fitDns, nodeResolver, podDns } from './dns-config.ts';
import { containerEnvironment } from './environment.ts';
import { expand } from './expansion.ts';
import { hostsFile, nodeHostsFile, sandboxHostname } from './hosts-file.ts';
import type { PodContainer } from './pod-containers.ts';
import { StartError } from './start-error.ts';

/** Labels that say which Pod and container an instance belongs to (the kubelet's types package). */
export const labelPodUid = 'io.kubernetes.pod.uid';
const labelPodName = 'io.kubernetes.pod.name';
const labelPodNamespace = 'io.kubernetes.pod.namespace';
const labelContainerName = 'io.kubernetes.container.name';
const annotationPath = 'io.kubernetes.container.terminationMessagePath';
const annotationPolicy = 'io.kubernetes.container.terminationMessagePolicy';
const annotationRestarts = 'io.kubernetes.container.restartCount';

/**
 * The sandbox of a Pod: the infra container that owns its network. `warn` hears what its resolver cannot hold.
 * @throws HostnameTooLong
 */
export function sandboxConfig(
  pod: Pod,
  attempt: number,
  settings: KubeletSettings,
  warn: (reason: string, message: string) => void = () => {},
): PodSandboxConfig {
  const { spec, metadata } = pod;
  const { clusterDns, clusterDomain } = settings;
  const wanted = podDns(pod, { clusterDns, clusterDomain, node: nodeResolver(settings.runtime.files) });
  const { dns, warnings } = fitDns(wanted);
  for (const message of warnings) warn('DNSConfigForming', message);
  return {
    metadata: { name: metadata.name, namespace: metadata.namespace ?? '', uid: metadata.uid ?? '', attempt },
    hostname:
      spec.hostNetwork === true && !spec.hostnameOverride
        ? settings.nodeName
        : sandboxHostname(pod, settings.clusterDomain),
    labels: { ...metadata.labels, ...podLabels(pod) },
    annotations: metadata.annotations ?? {},
    portMappings: spec.containers.flatMap(({ ports }) =>
      (ports ?? []).map(({ containerPort, hostPort, hostIP, protocol }) => ({
        protocol: protocol ?? 'TCP',
        containerPort,
        hostPort: hostPort ?? 0,
        hostIp: hostIP ?? '',
      })),
    ),
    namespaces: {
      network: spec.hostNetwork === true ? 'NODE' : 'POD',
      pid: spec.hostPID === true ? 'NODE' : spec.shareProcessNamespace === true ? 'POD' : 'CONTAINER',
      ipc: spec.hostIPC === true ? 'NODE' : 'POD',
    },
    dns,
    runtimeHandler: spec.runtimeClassName ?? '',
  };
}

function podLabels(pod: Pod): { [key: string]: string } {
  return {
    [labelPodName]: pod.metadata.name,
    [labelPodNamespace]: pod.metadata.namespace ?? '',
    [labelPodUid]: pod.metadata.uid ?? '',
  };
}

/** The hash of what a container is made from: its name and image. Another hash means that it is to be made again. */
export function containerHash({ spec }: PodContainer): string {
  return fnv1a32(`${spec.name}\n${spec.image ?? ''}`).toString(16);
}

/** Annotation of a container's instance: the resources that it was made with. */
export const resourcesAnnotation = 'io.kubernetes.container.resources';

/** Where the file for an instance's last words lies. */
export function terminationLogPath(podUid: string, container: string, attempt: number): string {
  return `${podDirectory(podUid)}/containers/${container}/${attempt}`;
}

/** How an instance's termination message is found: written on it when it was made. */
export function messagePolicy(annotations: { readonly [key: string]: string }): string {
  return annotations[annotationPolicy] ?? 'File';
}

/** What the config of a container is made with. */
export interface ConfigSources {
  readonly runtime: ContainerRuntime;
  readonly client: Client;
  readonly settings: KubeletSettings;
  readonly services: readonly Service[];
  readonly addresses: PodAddresses;
  readonly attempt: number;
  readonly imageRef: string;
  /** The instance whose processes an ephemeral container sees (`targetContainerName`). */
  readonly targetContainerId: string | undefined;
}

/**
 * Everything that the runtime needs to make a container (kuberuntime's generateContainerConfig).
 * @throws StartError CreateContainerConfigError
 */
export async function containerConfig(
  pod: Pod,
  container: PodContainer,
  sources: ConfigSources,
): Promise<ContainerConfig> {
  const { spec } = container;
  const { settings, attempt, client } = sources;
  const environment = await containerEnvironment(pod, spec, {
    client,
    services: sources.services,
    addresses: sources.addresses,
    allocatable: settings.allocatable,
    volumeFile: (volume, path) => emptyDirFile(pod, volume, path, sources.runtime.files),
  });
  const own = spec.securityContext;
  const shared = pod.spec.securityContext;
  const runAsUser = own?.runAsUser ?? shared?.runAsUser;
  const runAsGroup = own?.runAsGroup ?? shared?.runAsGroup;
  const groups = new Set(shared?.supplementalGroups ?? []);
  if (shared?.fsGroup !== undefined) groups.add(shared.fsGroup);
  return {
    metadata: { name: spec.name, attempt },
    image: sources.imageRef,
    command: (spec.command ?? []).map((text) => expand(text, environment)),
    args: (spec.args ?? []).map((text) => expand(text, environment)),
    workingDir: spec.workingDir ?? '',
    envs: [...environment].map(([key, value]) => ({ key, value })),
    mounts: await containerMounts(pod, spec, sources, environment),
    labels: { ...podLabels(pod), [labelContainerName]: spec.name },
    annotations: {
      [hashAnnotation]: containerHash(container),
      [resourcesAnnotation]: JSON.stringify(containerResources(spec)),
      [annotationRestarts]: String(attempt),
      [annotationPath]: spec.terminationMessagePath ?? '/dev/termination-log',
      [annotationPolicy]: spec.terminationMessagePolicy ?? 'File',
    },
    stdin: spec.stdin ?? false,
    stdinOnce: spec.stdinOnce ?? false,
    tty: spec.tty ?? false,
    resources: containerResources(spec),
    security: {
      ...(runAsUser === undefined ? {} : { runAsUser }),
      ...(runAsGroup === undefined ? {} : { runAsGroup }),
      supplementalGroups: [...groups],
      readonlyRootFilesystem: own?.readOnlyRootFilesystem ?? false,
      privileged: own?.privileged ?? false,
      supplementalGroupsPolicy: shared?.supplementalGroupsPolicy ?? 'Merge',
      capabilities: { add: own?.capabilities?.add ?? [], drop: own?.capabilities?.drop ?? [] },
      noNewPrivileges: own?.allowPrivilegeEscalation === false,
      ...(sources.targetContainerId === undefined ? {} : { targetContainerId: sources.targetContainerId }),
    },
    ...(spec.lifecycle?.stopSignal === undefined ? {} : { stopSignal: spec.lifecycle.stopSignal }),
  };
}

/** The text of a file in an emptyDir of the Pod; undefined where there is none, or a link leads out. */
function emptyDirFile(pod: Pod, volumeName: string, path: string, files: NodeFiles): string | undefined {
  const volume = pod.spec.volumes?.find(({ name }) => name === volumeName);
  if (volume === undefined || !isEmptyDir(volume)) throw new Error(`volume "${volumeName}" is not an emptyDir volume`);
  try {
    const found = resolveInVolume(files, pluginVolumePath(pod.metadata.uid ?? '', 'empty-dir', volumeName), path);
    if (found === undefined || files.lstat(found)?.type !== 'file') return undefined;
    return new TextDecoder().decode(files.readFile(found));
  } catch (error) {
    // It could say something of the node's files.
    if (error instanceof SubPathError) return undefined;
    throw error;
  }
}

/** What a container is held to: its limits, and its share of the CPU. */
export function containerResources({ resources }: Container): ContainerConfig['resources'] {
  const milli = (text: string | number | undefined) => (text === undefined ? 0 : parseQuantity(text).milliValue());
  const limit = resources?.limits?.memory;
  const cpuLimit = milli(resources?.limits?.cpu);
  const cpuRequest = milli(resources?.requests?.cpu) || cpuLimit;
  return {
    memoryLimitBytes: limit === undefined ? 0 : parseQuantity(limit).value(),
    // Linux's weights: 1024 for one CPU, never under 2; a quota of microseconds in each 100 ms.
    cpuShares: Math.max(2, Math.floor((cpuRequest * 1024) / 1000)),
    cpuQuota: cpuLimit === 0 ? 0 : Math.max(1000, cpuLimit * 100),
  };
}

async function containerMounts(
  pod: Pod,
  container: Container,
  sources: ConfigSources,
  environment: ReadonlyMap<string, string>,
): Promise<Mount[]> {
  const { files } = sources.runtime;
  const uid = pod.metadata.uid ?? '';
  const mounts: Mount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    mounts.push(await volumeMount(pod, container, mount, index, sources, environment));
  }
  const mounted = new Set(mounts.map(({ containerPath }) => containerPath));
  if (!mounted.has('/etc/hosts')) {
    const path = `${podDirectory(uid)}/etc-hosts`;
    const { settings, addresses } = sources;
    const text =
      pod.spec.hostNetwork === true
        ? nodeHostsFile(pod, nodeHosts(sources.runtime))
        : hostsFile(pod, addresses.podIps, settings.clusterDomain);
    files.mkdir(podDirectory(uid), { mode: 0o750 });
    files.writeFile(path, text, { mode: 0o644 });
    mounts.push(privateMount('/etc/hosts', path, false));
  }
  const log = terminationLogPath(uid, container.name, sources.attempt);
  files.mkdir(log.slice(0, log.lastIndexOf('/')), { mode: 0o750 });
  files.writeFile(log, '', { mode: 0o666 });
  mounts.push(privateMount(container.terminationMessagePath ?? '/dev/termination-log', log, false));
  return mounts;
}

function nodeHosts({ files }: ContainerRuntime): string {
  return files.stat('/etc/hosts')?.type === 'file' ? new TextDecoder().decode(files.readFile('/etc/hosts')) : '';
}

function privateMount(containerPath: string, hostPath: string, readonly: boolean): Mount {
  return { containerPath, hostPath, readonly, propagation: 'PRIVATE' };
}

const propagations = {
  None: 'PRIVATE',
  HostToContainer: 'HOST_TO_CONTAINER',
  Bidirectional: 'BIDIRECTIONAL',
} as const;

async function volumeMount(
  pod: Pod,
  container: Container,
  mount: VolumeMount,
  index: number,
  sources: ConfigSources,
  environment: ReadonlyMap<string, string>,
): Promise<Mount> {
  const volume = (pod.spec.volumes ?? []).find(({ name }) => name === mount.name);
  if (volume === undefined) {
    throw new StartError(
      'CreateContainerConfigError',
      `cannot find volume "${mount.name}" to mount into container "${container.name}"`,
    );
  }
  const root = await volumePath(sources.client, pod, volume);
  const projected = projectionPlugin(volume) !== undefined;
  const subPath = mountSubPath(mount, environment);
  let hostPath = root;
  if (subPath !== '') hostPath = subPathSource(pod, container, volume.name, root, subPath, index, projected, sources);
  else if (volume.hostPath !== undefined && sources.runtime.files.stat(root) === undefined) {
    // A path without a type that is not there is made as a directory, as container runtimes do.
    sources.runtime.files.mkdir(root, { mode: 0o755 });
  }
  const path = mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`;
  return {
    containerPath: path.length > 1 ? path.replace(/\/+$/, '') : path,
    hostPath,
    readonly: mount.readOnly === true || projected || volume.persistentVolumeClaim?.readOnly === true,
    propagation: propagations[mount.mountPropagation ?? 'None'],
  };
}

function mountSubPath({ subPath, subPathExpr }: VolumeMount, environment: ReadonlyMap<string, string>): string {
  if (subPathExpr === undefined || subPathExpr === '') return subPath ?? '';
  try {
    return expandSubPath(subPathExpr, environment);
  } catch (error) {
    throw new StartError('CreateContainerConfigError', errorText(error));
  }
}

function subPathSource(
  pod: Pod,
  container: Container,
  volume: string,
  root: string,
  subPath: string,
  index: number,
  projected: boolean,
  { runtime: { files } }: ConfigSources,
): string {
  // What exactly is wrong inside of the volume is not told: it could say something of the node's files.
  const of = `for volumeMount ${JSON.stringify(volume)} of container ${JSON.stringify(container.name)}`;
  const found = orConfigError(
    () => locateInVolume(files, root, checkedSubPath(subPath)),
    (error) => (error instanceof SubPathFault ? error.message : `failed to prepare subPath ${of}`),
  );
  const path = [found.path, ...found.missing].join('/');
  if (found.missing.length > 0) {
    const stat = files.stat(root);
    orConfigError(
      () =>
        files.mkdir(path, { mode: (stat?.mode ?? 0o755) & 0o7777, ...(stat === undefined ? {} : { gid: stat.gid }) }),
      () => `failed to create subPath directory ${of}`,
    );
  }
  if (!projected) return path;
  const copy = `${podDirectory(pod.metadata.uid ?? '')}/volume-subpaths/${volume}/${container.name}/${index}`;
  files.remove(copy);
  files.mkdir(copy.slice(0, copy.lastIndexOf('/')), { mode: 0o750 });
  copyTree(files, path, copy);
  return copy;
}

/** @throws StartError CreateContainerConfigError with what is said of the failure */
function orConfigError<T>(task: () => T, message: (error: unknown) => string): T {
  try {
    return task();
  } catch (error) {
    throw new StartError('CreateContainerConfigError', message(error));
  }
}
