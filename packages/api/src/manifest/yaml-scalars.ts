import type { ScalarTag, Tags } from 'yaml';
import { type GoScalar, goScalar } from './go-scalar.ts';

const tagOf = (tag: string, is: (value: GoScalar | undefined) => boolean): ScalarTag => ({
  tag,
  default: true,
  test: { test: (text: string) => is(goScalar(text)) } as RegExp,
  resolve: (text) => goScalar(text),
});

/** The tags of Kubernetes' own YAML reader: see {@link goScalar}. */
export function kubernetesScalars(core: Tags): Tags {
  return [
    tagOf('tag:yaml.org,2002:null', (value) => value === null),
    tagOf('tag:yaml.org,2002:bool', (value) => typeof value === 'boolean'),
    tagOf('tag:yaml.org,2002:int', Number.isInteger),
    tagOf('tag:yaml.org,2002:float', (value) => typeof value === 'number'),
    { tag: 'tag:yaml.org,2002:timestamp', resolve: (text: string) => text },
    { tag: 'tag:yaml.org,2002:binary', resolve: textOfBase64 },
    ...core.filter((tag) => typeof tag === 'string' || !scalarTags.has(tag.tag)),
  ];
}

function textOfBase64(text: string, fail: (message: string) => void): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
  } catch {
    fail('!!binary value contains invalid base64 data');
    return text;
  }
}

const scalarTags = new Set(
  ['null', 'bool', 'int', 'float', 'timestamp', 'binary'].map((name) => `tag:yaml.org,2002:${name}`),
);
