import { maxDepth } from './depth.ts';
import { type GoYaml, readGoYaml } from './go-yaml.ts';

/** What a body in YAML says. */
export type YamlBody = GoYaml;

/** Reads a body in YAML, here or in another thread. Rejects with an Error that says what is wrong with it. */
export type ReadYaml = (text: string) => Promise<YamlBody>;

/** Reads a body in YAML. @throws Error if it is none, if its aliases multiply it, or if it has no form in JSON */
export function readYamlBody(text: string): YamlBody {
  const body = readGoYaml(text, maxDepth);
  checkAliases(body.value);
  return body;
}

/** Nodes that aliases may add to a document: a few lines of YAML can stand for more than any memory. */
const maxAliased = 100_000;

/** @throws Error if the aliases of a YAML document multiply it */
function checkAliases(root: unknown): void {
  const sizes = new Map<object, number>();
  let own = 0;
  const sizeOf = (value: unknown): number => {
    own++;
    if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${value} is not a number of JSON`);
    if (typeof value !== 'object' || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    let size = 1;
    for (const child of Object.values(value)) size += sizeOf(child);
    sizes.set(value, size);
    return size;
  };
  if (sizeOf(root) > own + maxAliased) throw new Error('document contains excessive aliasing');
}
