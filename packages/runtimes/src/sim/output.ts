import { Observable, type Subscriber } from 'rxjs';

/** Bytes for one reader from outside; what comes before it subscribes is kept for it. */
export class Output {
  readonly #waiting: Uint8Array[] = [];
  #subscriber: Subscriber<Uint8Array> | undefined;
  #ended = false;

  readonly stream: Observable<Uint8Array> = new Observable((subscriber) => {
    this.#subscriber = subscriber;
    for (const bytes of this.#waiting.splice(0)) subscriber.next(bytes);
    if (this.#ended) subscriber.complete();
    return () => {
      if (this.#subscriber === subscriber) this.#subscriber = undefined;
    };
  });

  write(bytes: Uint8Array): void {
    if (this.#ended) return;
    if (this.#subscriber === undefined) this.#waiting.push(bytes);
    else this.#subscriber.next(bytes);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#subscriber?.complete();
  }
}
