import { type Container, namedItem, type Pod, type VolumeMount } from '@orrery/api';
import { type Client, errorText } from '@orrery/core';
import type { ContainerRuntime, Mount } from '@orrery/runtimes';
import { type PodAddresses, podDirectory, projectionPlugin } from '../../secret-projector/index.ts';
import type { KubeletSettings } from '../options.ts';
import { checkedSubPath, copyTree, expandSubPath, locateInVolume, SubPathFault } from '../volumes/sub-path.ts';
import { volumePath } from '../volumes/volumes.ts';
import { hostsFile, nodeHostsFile } from './hosts-file.ts';
import { StartError } from './start-error.ts';

/** What the mounts of a container are made with. */
export interface MountSources {
  readonly runtime: ContainerRuntime;
  readonly client: Client;
  readonly settings: KubeletSettings;
  readonly addresses: PodAddresses;
  readonly attempt: number;
}

/**
 * What a container sees of its node: its volumes, its hosts file and the file for its last words, which are made here.
 * @throws StartError CreateContainerConfigError
 */
export async function containerMounts(
  pod: Pod,
  container: Container,
  sources: MountSources,
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
  sources: MountSources,
  environment: ReadonlyMap<string, string>,
): Promise<Mount> {
  const volume = namedItem(pod.spec.volumes, mount.name);
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
    containerPath: path.length > 1 ? withoutSlashes(path) : path,
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
  { runtime: { files } }: MountSources,
): string {
  // What exactly is wrong inside the volume is kept back: it could reveal something about the node's files.
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

/** Where the file for an instance's last words lies. */
export function terminationLogPath(podUid: string, container: string, attempt: number): string {
  return `${podDirectory(podUid)}/containers/${container}/${attempt}`;
}

/** @throws StartError CreateContainerConfigError with what is said of the failure */
function orConfigError<T>(task: () => T, message: (error: unknown) => string): T {
  try {
    return task();
  } catch (error) {
    throw new StartError('CreateContainerConfigError', message(error));
  }
}

/** A path without the slashes at its end. */
function withoutSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end--;
  return path.slice(0, end);
}
