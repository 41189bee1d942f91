import { describe, expect, test } from 'vitest';
import { ManifestError, parseManifest } from './index.ts';

const read = (text: string) => parseManifest(text, 'examples/x.yaml').objects;
const pod = (name: string) => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n`;

describe('returns the objects of a manifest with their lines', () => {
  test('several documents, with empty ones between', () => {
    const objects = read(`# a comment\n${pod('a')}---\n# nothing here\n---\n\n${pod('b')}---\nnull\n---\n`);
    expect(objects.map(({ object, line }) => [object.metadata?.name, line])).toEqual([
      ['a', 2],
      ['b', 10],
    ]);
    expect(objects[0]?.source).toBe('examples/x.yaml');
  });

  test('no document at all', () => {
    expect(read('')).toEqual([]);
    expect(read('---\n# only a comment\n')).toEqual([]);
  });

  test('JSON', () => {
    expect(read('\n{"apiVersion": "v1",\t"kind": "Pod", "metadata": {"name": "a"}}')).toMatchObject([
      { object: { kind: 'Pod', metadata: { name: 'a' } }, line: 2 },
    ]);
  });

  test('lists are opened, also inside lists', () => {
    const text = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: a}
- apiVersion: v1
  kind: PodList
  items:
  - metadata: {name: b}
  - metadata: {name: c}
`;
    expect(read(text).map(({ object, line }) => [object.apiVersion, object.kind, object.metadata?.name, line])).toEqual(
      [
        ['v1', 'ConfigMap', 'a', 4],
        ['v1', 'Pod', 'b', 10],
        ['v1', 'Pod', 'c', 11],
      ],
    );
  });

  test('an empty List is nothing', () => {
    expect(read('apiVersion: v1\nkind: List\n')).toEqual([]);
  });

  test('a custom kind whose name ends in List is not split', () => {
    expect(read('apiVersion: x/v1\nkind: AllowList\nspec: {}\n')).toHaveLength(1);
  });
});

describe("scalars are read as Kubernetes' own reader reads them", () => {
  test.each([
    ['0644', 420],
    ['0o644', 420],
    ['-010', -8],
    ['0x1F', 31],
    ['0b11', 3],
    ['1_000', 1000],
    ['0888', 888],
    ['1.5', 1.5],
    ['yes', true],
    ['On', true],
    ['off', false],
    ['n', false],
    ['TRUE', true],
    ['~', null],
    ['1:30', '1:30'],
    ['2024-01-01', '2024-01-01'],
    ['1Gi', '1Gi'],
    ['"yes"', 'yes'],
    ["'0644'", '0644'],
    ['-0o7', -7],
    ['+0b11', 3],
    ['0xffffffffffffffffff', '0xffffffffffffffffff'],
    ['1e3', 1000],
    ['1e400', '1e400'],
    ['+_1', 1],
    ['_1', '_1'],
    ['!!binary aGVsbG8=', 'hello'],
    ['!!int "0777"', 511],
    ['!!timestamp 2001-01-01', '2001-01-01'],
    ['!!str yes', 'yes'],
  ])('%s', (text, value) => {
    expect(read(`apiVersion: v1\nkind: X\nvalue: ${text}\n`)).toMatchObject([{ object: { value } }]);
  });

  test('merge keys and aliases', () => {
    const [x] = read('apiVersion: v1\nkind: X\na: &a {b: 1}\nc: {<<: *a, d: 2}\n');
    expect(x?.object).toMatchObject({ c: { b: 1, d: 2 } });
  });

  test.each([
    ['value: .inf', '.inf is not a number of JSON'],
    ['value: [1, .nan]', '.nan is not a number of JSON'],
    ['value: !!binary "!"', '!!binary value contains invalid base64 data'],
    ['~: 1', 'a key is null, not a text'],
    ['? [a]\n: 1', 'a key is a collection, not a text'],
  ])('not %s, which has no form in JSON', (line, reason) => {
    expect(() => read(`apiVersion: v1\nkind: X\n${line}\n`)).toThrow(reason);
  });

  test('keys that look like numbers are texts', () => {
    const [x] = read('apiVersion: v1\nkind: ConfigMap\ndata: {1: a}\n');
    expect(x?.object).toMatchObject({ data: { '1': 'a' } });
  });
});

describe('reports a fault in one line with file, line and column', () => {
  test.each([
    ['a duplicate field', `${pod('a')}---\nkind: Pod\napiVersion: v1\nkind: Pod\n`, 8, 1, 'Map keys must be unique'],
    ['bad indentation', 'kind: Pod\n apiVersion: v1\n', 1, 7, /./],
    ['an open bracket', 'kind: Pod\nspec: {\n', 3, 1, /Flow map/],
    ['a tab', 'spec:\n\ta: 1\n', 2, 1, /[Tt]ab/],
    ['no kind', `${pod('a')}---\n# here\napiVersion: v1\n`, 7, 1, 'kind is missing'],
    ['no apiVersion', 'kind: Pod\n', 1, 1, 'apiVersion is missing'],
    ['an apiVersion that is a number', 'apiVersion: 1\nkind: Pod\n', 1, 1, 'apiVersion is the number 1, not a text'],
    ['a list', '- a\n', 1, 1, 'expected an object with apiVersion and kind, found a list'],
    ['a text', 'just words\n', 1, 1, 'expected an object with apiVersion and kind, found a text'],
    ['an item without kind', 'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n', 4, 3, 'kind is missing'],
    ['an unknown alias', 'apiVersion: v1\nkind: X\na: *b\n', 3, 4, /[Aa]lias/],
  ])('%s', (_, text, line, column, reason) => {
    let fault: unknown;
    try {
      read(text);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(ManifestError);
    const error = fault as ManifestError;
    expect(error).toMatchObject({ line, column });
    expect(error.reason).toMatch(reason);
    expect(error.message).toBe(`examples/x.yaml:${line}:${column}: ${error.reason}`);
    expect(error.message).not.toContain('\n');
  });

  test('aliases that multiply', () => {
    const levels = Array.from({ length: 10 }, (_, i) =>
      i === 0
        ? 'a0: &a0 [x,x,x,x,x,x,x,x]'
        : `a${i}: &a${i} [${Array(8)
            .fill(`*a${i - 1}`)
            .join(',')}]`,
    );
    expect(() => read(`apiVersion: v1\nkind: X\n${levels.join('\n')}\n`)).toThrow(
      /^examples\/x\.yaml:1:1: Excessive alias count/,
    );
  });

  test('endless nesting', () => {
    expect(() => read(`apiVersion: v1\nkind: X\na: ${'['.repeat(100_000)}`)).toThrow(ManifestError);
  });
});
