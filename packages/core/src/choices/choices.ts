import type { Random } from '../random/random.ts';
import { createSeededRandom } from '../random/seeded-random.ts';
import { type Choice, ChoiceLog } from './choice-log.ts';
import { Path } from './path.ts';

/**
 * Whatever a run decides about order and faults: whose turn it is, whether a request is lost. It is asked here, and nowhere
 * else, so that the run can be written down as a path of choices and repeated, shortened or changed at one place. Values that
 * nothing waits for (names, uids, addresses, jitter, which of equal nodes) are not choices; they come from `Random`.
 */
export interface Choices {
  /** How many choices have been made. Where there is only one to choose, none is made. */
  readonly made: number;
  /**
   * One of `count`, each as likely as the other: from 0 to `count - 1`. `what` names the sort of choice: there are few. `about`
   * says more, for errors: what there is to choose from, or whose request it is.
   * @throws RangeError for a count that is no positive integer
   */
  choose(count: number, what: string, about?: () => string): number;
  /**
   * One of as many as there are weights, as likely as its weight.
   * @throws RangeError if a weight is negative or no number, or if all are 0
   */
  weigh(weights: readonly number[], what: string, about?: () => string): number;
  /** The run so far. Of more than 16 million choices the first ones: the seed decides the rest as it has done here. */
  path(): Path;
}

/** What decides {@link createChoices}. */
export interface ChoiceOptions {
  /** Decides what no path does. Default: the path's seed, or 1. */
  readonly seed?: number | string;
  /** Is repeated first. Default: nothing. @throws Error for a text that is no path */
  readonly path?: Path | string;
}

/** Choices that can be repeated, and that say when the run is another one than that of their path. */
export interface ReplayedChoices extends Choices {
  /** The seed of everything that is no choice: the path's, if there is one. */
  readonly seed: string;
  /** Set as soon as the run has asked for another choice than its path has at that place; from there on the seed decides. */
  readonly misfit: PathError | undefined;
}

/** Makes choices by a path, while there is one, and then by the seed. */
export function createChoices({ seed, path: given }: ChoiceOptions = {}): ReplayedChoices {
  const path = typeof given === 'string' ? Path.parse(given) : given;
  const random = createSeededRandom(seed ?? path?.seed ?? 1).fork('turns');
  return new SeededChoices(random, path?.seed ?? String(seed ?? 1), path);
}

/** A run that asks for other choices than its path has: it is not the run, or not the code, that the path was made of. */
export class PathError extends Error {
  override readonly name = 'PathError';
  /** At which choice, from 0. */
  readonly step: number;

  constructor(step: number, recorded: Choice, asked: string) {
    const { what, count, chosen } = recorded;
    super(
      `the run does not fit its path: step ${step} of the path is ${what} ${chosen} of ${count}, the run asks for ${asked}`,
    );
    this.step = step;
  }
}

/** Bytes of a recording, after which no more is recorded: a choice takes mostly one. */
const longestRecording = 1 << 24;

class SeededChoices implements ReplayedChoices {
  made = 0;
  misfit: PathError | undefined;
  readonly seed: string;
  readonly #random: Random;
  readonly #log = new ChoiceLog();
  #replay: Iterator<Choice> | undefined;

  constructor(random: Random, seed: string, path: Path | undefined) {
    this.#random = random;
    this.seed = seed;
    this.#replay = path?.[Symbol.iterator]();
  }

  choose(count: number, what: string, about?: () => string): number {
    if (count === 1) return 0;
    // Drawn even if a path decides, so that the seed continues after a path as it would have without one.
    return this.#made(what, count, this.#random.integer(count), about);
  }

  weigh(weights: readonly number[], what: string, about?: () => string): number {
    const wrong = weights.find((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
    if (wrong !== undefined) throw new RangeError(`no weight: ${wrong}`);
    const possible = weights.filter((weight) => weight > 0);
    if (possible.length === 0) throw new RangeError(`all weights of ${what} are 0`);
    if (possible.length === 1) return weights.findIndex((weight) => weight > 0);
    const total = possible.reduce((sum, weight) => sum + weight, 0);
    return this.#made(what, weights.length, weighed(weights, this.#random.next() * total), about);
  }

  path(): Path {
    return Path.logged(this.seed, this.#log);
  }

  #made(what: string, count: number, drawn: number, about?: () => string): number {
    const chosen = this.#replayed(what, count, about) ?? drawn;
    this.made++;
    if (this.#log.size < longestRecording) this.#log.add(what, count, chosen);
    return chosen;
  }

  #replayed(what: string, count: number, about: (() => string) | undefined): number | undefined {
    if (this.#replay === undefined) return undefined;
    const next = this.#replay.next();
    if (next.done === true) {
      this.#replay = undefined;
      return undefined;
    }
    if (next.value.what === what && next.value.count === count) return next.value.chosen;
    const details = about === undefined ? '' : ` (${about()})`;
    this.misfit = new PathError(this.made, next.value, `${what} among ${count}${details}`);
    this.#replay = undefined;
    return undefined;
  }
}

/** In which of the weights, laid end to end, the point is. */
function weighed(weights: readonly number[], point: number): number {
  let left = point;
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return i;
  }
  // What rounding has left over goes to the last.
  return weights.findLastIndex((weight) => weight > 0);
}
