import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readGoYaml, writeGoYaml } from './go-yaml.ts';
import recorded from './kubernetes-yaml.json' with { type: 'json' };
import { readYamlBody } from './yaml-body.ts';

/** Texts, and what Kubernetes 1.35's reader made of them (recorded from sigs.k8s.io/yaml 1.6.0, `YAMLToJSON` and `YAMLToJSONStrict`). */
const rows: readonly {
  readonly text: string;
  readonly json?: string;
  readonly error?: string;
  readonly strict?: string;
}[] = recorded;

/** Where the reader is laxer, or of another mind: nobody sends these. */
const known = new Set([
  '.inf: 1\n',
  '',
  '# only\n',
  '%YAML 1.2\n---\na: yes\n',
  'a: "\\ud83d\\ude00"\n',
  'a: "\\/"\n',
  // A merge key never overrides, wherever it stands.
  'x: &x {a: 1}\ny: {a: 2, <<: *x}\n',
]);

describe('YAML is read as Kubernetes reads it', () => {
  it.each(rows.filter(({ text, json }) => json !== undefined && !known.has(text)))('$text', ({ text, json = '' }) => {
    expect(readGoYaml(text, 100).value).toEqual(JSON.parse(json));
  });

  it.each(rows.filter(({ text, error }) => error !== undefined && !known.has(text)))('not $text', ({ text }) => {
    expect(() => readYamlBody(text)).toThrow();
  });

  it.each(rows.filter(({ strict, text }) => strict?.includes('already set') === true && !text.includes('<<')))(
    'and the key that stands twice is named: $text',
    ({ text, strict }) => {
      expect(readGoYaml(text, 100).duplicate).toBe(strict);
    },
  );
});

it('texts that YAML 1.1 takes for something else are quoted', () => {
  const texts = rows
    .map(({ text }) => text)
    .filter((text) => text.startsWith('a: '))
    .map((text) => text.slice(3, -1));
  const value = {
    texts: [...texts, '', ' a ', 'a\nb', '- a', 'a: b', '#', '\u0000', 'é', '\u2028'],
    nothing: null,
    is: true,
    n: [1, -1.5, 1e21],
  };
  const text = writeGoYaml(value);
  expect(readGoYaml(text, 100).value).toEqual(value);
  for (const version of ['1.1', '1.2'] as const) expect(parse(text, { version })).toEqual(value);
  expect(load(text)).toEqual(value);
});
