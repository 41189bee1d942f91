export type { Credentials, FileView } from './files/file-view.ts';
export { catalogue } from './images/catalogue/index.ts';
export { defineImage, type Image, type ImageDefinition, type ImageFile } from './images/image.ts';
export { type SimulatedMachines, type SimulatedMachinesOptions, simulatedMachines } from './machines.ts';
export { type RequestOptions, requestFrom, resolveHost } from './network/client.ts';
export {
  type HttpHandler,
  type HttpHeader,
  type HttpRequest,
  type HttpResponse,
  headerOf,
  textResponse,
} from './network/http.ts';
export { listen } from './network/listen.ts';
export { ConnectError, SimNetwork } from './network/network.ts';
export type { Connection, Listener, ServiceOptions } from './network/network-namespace.ts';
export type { Process } from './process/process.ts';
export type { Program } from './process/program.ts';
export type { Signal } from './process/signals.ts';
export type { SimulatedRuntime } from './runtime.ts';
