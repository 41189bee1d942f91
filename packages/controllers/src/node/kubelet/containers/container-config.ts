import { type Container, fnv1a32, namedItem, type Pod, parseQuantity, type Service } from '@orrery/api';
import type { ContainerConfig, NodeFiles } from '@orrery/runtimes';
import { pluginVolumePath } from '../../secret-projector/index.ts';
import { resolveInVolume, SubPathError } from '../volumes/sub-path.ts';
import { isEmptyDir } from '../volumes/volumes.ts';
import { containerMounts, type MountSources } from './container-mounts.ts';
import { containerEnvironment } from './environment.ts';
import { expand } from './expansion.ts';
import type { PodContainer } from './pod-containers.ts';
import { containerAnnotations, containerLabels } from './runtime-labels.ts';

/** What the config of a container is made with. */
export interface ConfigSources extends MountSources {
  readonly services: readonly Service[];
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
  const resources = containerResources(spec);
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
    labels: containerLabels(pod, spec),
    annotations: containerAnnotations(spec, { hash: containerHash(container), resources, attempt }),
    stdin: spec.stdin ?? false,
    stdinOnce: spec.stdinOnce ?? false,
    tty: spec.tty ?? false,
    resources,
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

/** The hash of what a container is made from: its name and image. Another hash means that it is to be made again. */
export function containerHash({ spec }: PodContainer): string {
  return fnv1a32(`${spec.name}\n${spec.image ?? ''}`).toString(16);
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

/** The text of a file in an emptyDir of the Pod; undefined where there is none, or a link leads out. */
function emptyDirFile(pod: Pod, volumeName: string, path: string, files: NodeFiles): string | undefined {
  const volume = namedItem(pod.spec.volumes, volumeName);
  if (volume === undefined || !isEmptyDir(volume)) throw new Error(`volume "${volumeName}" is not an emptyDir volume`);
  try {
    const found = resolveInVolume(files, pluginVolumePath(pod.metadata.uid ?? '', 'empty-dir', volumeName), path);
    if (found === undefined || files.lstat(found)?.type !== 'file') return undefined;
    return new TextDecoder().decode(files.readFile(found));
  } catch (error) {
    // It could reveal something about the node's files.
    if (error instanceof SubPathError) return undefined;
    throw error;
  }
}
