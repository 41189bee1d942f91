import type { ApiResponse, BodyController, BodySource } from './api-response.ts';
import { isSource } from './api-response.ts';

/**
 * A response whose request has ended when its body has: what is streamed is work until it is sent or the client is gone. A watch ends
 * for this purpose once its body has begun, since what came before is sent by then.
 */
export function withEnd(response: ApiResponse, end: () => void): ApiResponse {
  if (!isSource(response.body)) {
    end();
    return response;
  }
  return { ...response, body: new HeldBody(response.body, end) };
}

class HeldBody implements BodySource {
  readonly openEnded: boolean;
  readonly compressible: boolean;
  readonly #source: BodySource;
  readonly #end: () => void;

  constructor(source: BodySource, end: () => void) {
    this.openEnded = source.openEnded;
    this.compressible = source.compressible;
    this.#source = source;
    this.#end = end;
  }

  start(controller: BodyController): void {
    if (this.openEnded) {
      this.#source.start(controller);
      this.#end();
      return;
    }
    this.#source.start(this.#held(controller));
  }

  pull(controller: BodyController): void {
    this.#source.pull(this.openEnded ? controller : this.#held(controller));
  }

  cancel(): void {
    this.#end();
    this.#source.cancel();
  }

  #held(controller: BodyController): BodyController {
    const end = this.#end;
    return {
      get desiredSize() {
        return controller.desiredSize;
      },
      enqueue: (chunk) => controller.enqueue(chunk),
      close: () => {
        end();
        controller.close();
      },
      error: (reason) => {
        end();
        controller.error(reason);
      },
    };
  }
}
