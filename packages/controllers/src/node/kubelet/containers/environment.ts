import { ConfigMap, type Container, isNotFound, type Pod, Secret, type Service, textFromBase64 } from '@orrery/api';
import { type Client, errorText } from '@orrery/core';
import { type Allocatable, fieldValue, type PodAddresses, resourceValue } from '../../secret-projector/index.ts';
import { envFileValue } from './env-file.ts';
import { expand } from './expansion.ts';
import { serviceVariables, visibleServices } from './service-environment.ts';
import { StartError } from './start-error.ts';

/** What a container's variables are made from. */
export interface EnvironmentSources {
  readonly client: Client;
  readonly services: readonly Service[];
  readonly addresses: PodAddresses;
  readonly allocatable: Allocatable;
  /** The text of a file in one of the Pod's emptyDir volumes; undefined where there is none. */
  volumeFile(volume: string, path: string): string | undefined;
}

/**
 * A container's environment (Kubernetes "Define Environment Variables for a Container"): `envFrom` in order, then `env` in
 * order, each value expanded with what stands before it, then the Services' variables where the name is still free.
 * @throws StartError CreateContainerConfigError if something it needs is missing.
 */
export async function containerEnvironment(
  pod: Pod,
  container: Container,
  sources: EnvironmentSources,
): Promise<Map<string, string>> {
  const namespace = pod.metadata.namespace ?? '';
  const objects = new Objects(sources.client, namespace);
  const variables = new Map<string, string>();
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const data =
      configMapRef !== undefined
        ? await objects.configMap(configMapRef.name ?? '', configMapRef.optional)
        : secretRef !== undefined
          ? await objects.secret(secretRef.name ?? '', secretRef.optional)
          : undefined;
    for (const [key, value] of data ?? []) variables.set(prefix + key, value);
  }
  const links = pod.spec.enableServiceLinks ?? true;
  const services = serviceVariables(visibleServices(sources.services, namespace, links));
  const known: ReadonlyMap<string, string> = {
    get: (name: string) => variables.get(name) ?? services.get(name),
  } as ReadonlyMap<string, string>;
  for (const variable of container.env ?? []) {
    const { name, valueFrom } = variable;
    if (valueFrom === undefined) {
      variables.set(name, expand(variable.value ?? '', known));
      continue;
    }
    const value = await fromSource(pod, container, valueFrom, objects, sources);
    if (value !== undefined) variables.set(name, value);
  }
  for (const [name, value] of services) if (!variables.has(name)) variables.set(name, value);
  return variables;
}

type Source = NonNullable<NonNullable<Container['env']>[number]['valueFrom']>;

async function fromSource(
  pod: Pod,
  container: Container,
  source: Source,
  objects: Objects,
  { addresses, allocatable, volumeFile }: EnvironmentSources,
): Promise<string | undefined> {
  const namespace = pod.metadata.namespace ?? '';
  if (source.configMapKeyRef !== undefined) {
    const { name = '', key, optional } = source.configMapKeyRef;
    const value = (await objects.configMap(name, optional))?.get(key);
    if (value === undefined && optional !== true) {
      throw new StartError('CreateContainerConfigError', `couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    }
    return value;
  }
  if (source.secretKeyRef !== undefined) {
    const { name = '', key, optional } = source.secretKeyRef;
    const value = (await objects.secret(name, optional))?.get(key);
    if (value === undefined && optional !== true) {
      throw new StartError('CreateContainerConfigError', `couldn't find key ${key} in Secret ${namespace}/${name}`);
    }
    return value;
  }
  try {
    if (source.fieldRef !== undefined) return fieldValue(pod, source.fieldRef.fieldPath, addresses);
    if (source.resourceFieldRef !== undefined) {
      return resourceValue(pod, source.resourceFieldRef, allocatable, container.name);
    }
    if (source.fileKeyRef !== undefined) return fileValue(source.fileKeyRef, volumeFile);
  } catch (error) {
    throw new StartError('CreateContainerConfigError', errorText(error));
  }
  return undefined;
}

function fileValue(
  { volumeName, path, key, optional }: NonNullable<Source['fileKeyRef']>,
  volumeFile: EnvironmentSources['volumeFile'],
): string | undefined {
  const text = volumeFile(volumeName, path);
  if (text === undefined && optional !== true) {
    throw new Error(`failed to open environment variable file "${path}" of volume "${volumeName}"`);
  }
  const value = text === undefined ? undefined : envFileValue(text, key);
  if (value === undefined && optional !== true) {
    throw new Error(`environment variable key "${key}" not found in file "${path}" of volume "${volumeName}"`);
  }
  return value;
}

/** ConfigMaps and Secrets of a namespace, each read once. */
class Objects {
  readonly #client: Client;
  readonly #namespace: string;
  readonly #read = new Map<string, Map<string, string> | undefined>();

  constructor(client: Client, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  configMap(name: string, optional: boolean | undefined): Promise<Map<string, string> | undefined> {
    return this.#once(`configmap "${name}"`, optional, async () => {
      const { data } = await this.#client.get(ConfigMap, { namespace: this.#namespace, name });
      return new Map(Object.entries(data ?? {}));
    });
  }

  secret(name: string, optional: boolean | undefined): Promise<Map<string, string> | undefined> {
    return this.#once(`secret "${name}"`, optional, async () => {
      const { data } = await this.#client.get(Secret, { namespace: this.#namespace, name });
      return new Map(Object.entries(data ?? {}).map(([key, value]) => [key, textFromBase64(value)]));
    });
  }

  async #once(
    what: string,
    optional: boolean | undefined,
    read: () => Promise<Map<string, string>>,
  ): Promise<Map<string, string> | undefined> {
    if (!this.#read.has(what)) {
      try {
        this.#read.set(what, await read());
      } catch (error) {
        if (!isNotFound(error)) {
          throw new StartError('CreateContainerConfigError', errorText(error));
        }
        this.#read.set(what, undefined);
      }
    }
    const found = this.#read.get(what);
    if (found === undefined && optional !== true)
      throw new StartError('CreateContainerConfigError', `${what} not found`);
    return found;
  }
}
