import { expect, test } from 'vitest';
import { codeBlocks, relativeLinks, tableRows } from './markdown.ts';

test('codeBlocks gives language, file, text and line of each block', () => {
  expect(codeBlocks('a\n```ts file=x/y.ts\nlet a;\nlet b;\n```\n```\nplain\n```\n')).toEqual([
    { language: 'ts', file: 'x/y.ts', text: 'let a;\nlet b;', line: 3 },
    { language: '', file: undefined, text: 'plain', line: 7 },
  ]);
});

test('relativeLinks gives links within the repository, outside code', () => {
  const markdown = '[a](docs/a.md#part) [b](https://b.example) [c](#here)\n```\n[d](d.md)\n```\n[e](../e)';
  expect(relativeLinks(markdown)).toEqual(['docs/a.md', '../e']);
});

test('tableRows gives the cells of the table with that heading', () => {
  expect(tableRows('x\n\n| room | may |\n|---|---|\n| `a` | b, c |\n| d | |\n\nend', 'room')).toEqual([
    ['`a`', 'b, c'],
    ['d', ''],
  ]);
  expect(() => tableRows('x', 'room')).toThrow('no table headed room');
});
