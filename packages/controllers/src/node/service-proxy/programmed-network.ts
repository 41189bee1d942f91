import type { ServiceNetwork } from '@orrery/runtimes';
import type { ServiceRouting } from './routing.ts';

const nothing: ServiceRouting = { routes: [], names: [] };

/** The part that a Service itself is: its addresses, which are there while it has no endpoints, too. */
const ownPart = '';

/** Programs a network part by part, and keeps account of what it may have, to remove that when it is no longer wanted. */
export class ProgrammedNetwork {
  readonly #network: ServiceNetwork;
  /** By Service, then by part. */
  readonly #written = new Map<string, Map<string, ServiceRouting>>();

  constructor(network: ServiceNetwork) {
    this.#network = network;
  }

  /** The slices of which the network may have something. */
  slicesOf(service: string): readonly string[] {
    return [...(this.#written.get(service)?.keys() ?? [])].filter((part) => part !== ownPart);
  }

  /** @throws what the network throws; it has some of both then, and may be programmed again. */
  async writeService(service: string, next: ServiceRouting): Promise<void> {
    await this.#write(service, ownPart, next);
  }

  /** Undefined for a slice that is gone. @throws as {@link writeService} */
  async writeSlice(service: string, slice: string, next: ServiceRouting | undefined): Promise<void> {
    await this.#write(service, slice, next ?? nothing);
  }

  /** The Service is gone. @throws as {@link writeService} */
  async remove(service: string): Promise<void> {
    for (const slice of this.slicesOf(service)) await this.#write(service, slice, nothing);
    await this.#write(service, ownPart, nothing);
  }

  async #write(service: string, part: string, next: ServiceRouting): Promise<void> {
    const { routes, names } = this.#network;
    const parts = this.#partsOf(service);
    const stale = outdated(parts.get(part) ?? nothing, next);
    parts.set(part, { routes: [...stale.routes, ...next.routes], names: [...stale.names, ...next.names] });
    for (const { ip, port } of stale.routes) {
      if (part === ownPart) await routes.delete(ip, port);
      else await routes.set(ip, port, [], part);
    }
    for (const { name } of stale.names) {
      if (part === ownPart) await names.delete(name);
      else await names.set(name, [], part);
    }
    for (const { ip, port, backends } of next.routes) await routes.set(ip, port, backends, part);
    for (const { name, ips } of next.names) await names.set(name, ips, part);
    if (next.routes.length + next.names.length > 0) parts.set(part, next);
    else parts.delete(part);
    if (parts.size === 0) this.#written.delete(service);
  }

  #partsOf(service: string): Map<string, ServiceRouting> {
    let parts = this.#written.get(service);
    if (parts === undefined) {
      parts = new Map();
      this.#written.set(service, parts);
    }
    return parts;
  }
}

/** The routes and names that are not in `next`. */
function outdated(before: ServiceRouting, next: ServiceRouting): ServiceRouting {
  const routes = new Set(next.routes.map(({ ip, port }) => `${ip}:${port}`));
  const names = new Set(next.names.map(({ name }) => name));
  return {
    routes: before.routes.filter(({ ip, port }) => !routes.has(`${ip}:${port}`)),
    names: before.names.filter(({ name }) => !names.has(name)),
  };
}
