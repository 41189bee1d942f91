import { Observable } from 'rxjs';
import { interceptClient } from '../client/intercept-client.ts';
import { LoopCrash } from '../client/link.ts';
import type { Client } from '../client.ts';

/**
 * One life of a loop, from its start to its crash. Its clients let nothing through once it has crashed: what is under way
 * fails at once, whether or not it takes effect, and so does all that the loop still asks for.
 */
export class LoopLife {
  readonly #crashed: (crash: LoopCrash) => void;
  /** Fails what is under way. */
  readonly #underWay = new Set<(crash: LoopCrash) => void>();
  #crash: LoopCrash | undefined;

  /** `crashed` is called once, with what a client of this life was rejected with. */
  constructor(crashed: (crash: LoopCrash) => void) {
    this.#crashed = crashed;
  }

  get crashed(): boolean {
    return this.#crash !== undefined;
  }

  /** Ends this life without reporting a crash. */
  cut(crash: LoopCrash): void {
    if (this.#crash !== undefined) return;
    this.#crash = crash;
    for (const fail of this.#underWay) fail(crash);
    this.#underWay.clear();
  }

  /** The client of a loop that lives this life. */
  client(client: Client): Client {
    return interceptClient(client, {
      request: (_, send) =>
        new Promise((resolve, reject) => {
          if (this.#crash !== undefined) {
            reject(this.#crash);
            return;
          }
          this.#underWay.add(reject);
          send().then(
            (answer) => {
              this.#underWay.delete(reject);
              resolve(answer);
            },
            (error: unknown) => {
              this.#underWay.delete(reject);
              this.#failed(error);
              reject(error);
            },
          );
        }),
      watch: (_, open) =>
        new Observable((subscriber) => {
          if (this.#crash !== undefined) {
            subscriber.error(this.#crash);
            return undefined;
          }
          const fail = (crash: LoopCrash) => subscriber.error(crash);
          this.#underWay.add(fail);
          subscriber.add(() => this.#underWay.delete(fail));
          return open().subscribe(subscriber);
        }),
    });
  }

  #failed(error: unknown): void {
    if (!(error instanceof LoopCrash) || this.#crash !== undefined) return;
    this.cut(error);
    this.#crashed(error);
  }
}
