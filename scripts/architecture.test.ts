import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from './manifests.ts';
import { tableRows } from './markdown.ts';
import { importsOf, isProduct, packageOf, typescriptFiles } from './sources.ts';

/**
 * Which room may import which, as the table of docs/architecture.md has it. `PACKAGE/WING` is a folder of a package that is a room of
 * its own, behind the door `@orrery/PACKAGE/WING`; among what a wing may import, it is a folder of the same package.
 */
const mayImport: { readonly [room: string]: readonly string[] } = Object.fromEntries(
  tableRows(readFileSync(join(root, 'docs/architecture.md'), 'utf8'), 'room').map(([room = '', , others = '']) => [
    room.replaceAll('`', ''),
    others === 'nothing' ? [] : others.split(', '),
  ]),
);

/**
 * Folders at the edge, where files, sockets and TLS live; everything else is platform-neutral. That it uses no global of Node
 * either is checked with the types, by tsconfig.neutral.json.
 */
const edges = [
  'packages/server/src/http',
  'packages/cluster/src/serve',
  'packages/cli',
  'packages/kubernetes',
  'packages/testing/src/node',
];

interface Source {
  readonly file: string;
  readonly package: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const packages = Object.keys(mayImport).filter((room) => !room.includes('/'));

const sources: readonly Source[] = packages.flatMap((name) =>
  typescriptFiles(join(root, 'packages', name, 'src')).map((path) => {
    const text = readFileSync(path, 'utf8');
    return { file: relative(root, path), package: name, room: roomOf(placeOf(path)), text, imports: importsOf(text) };
  }),
);
const products = sources.filter(({ file }) => isProduct(file));

/**
 * What a kind does in a way of its own in the API server is its strategy's (packages/server/src/strategies). These other
 * places compare the name of a kind or resource, so many times, and may.
 */
const namesOfKinds: { readonly [file: string]: readonly [times: number, why: string] } = {
  'admission/limit-ranger.ts': [1, 'an admission plugin about Pods and claims; it compares the group too'],
  'admission/namespace-lifecycle.ts': [1, 'an admission plugin about Namespaces; it compares the group too'],
  'admission/node-restriction.ts': [1, "a Pod's owner reference, of version v1"],
  'admission/pod-request.ts': [2, 'what admission plugins about Pods ask; it compares the group too'],
  'admission/priority.ts': [1, 'an admission plugin about PriorityClasses; it compares the group too'],
  'admission/resource-quota.ts': [
    4,
    'kinds whose usage changes with an update, and Events, of which there is no quota; it compares the group too',
  ],
  'admission/taint-nodes-by-condition.ts': [1, 'an admission plugin about Nodes; it compares the group too'],
  'authorizer.ts': [1, 'the namespace of a request for a Namespace; it compares the group too'],
  'flow-control/flow-configuration.ts': [1, 'objects of its own two kinds'],
  'rbac/escalation.ts': [1, 'the roleRef of a binding, which is of one group'],
  'rbac/node-authorizer.ts': [1, 'a rule about what nodes may do, where the group has been compared'],
  'rbac/rbac-authorizer.ts': [3, 'subjects and roleRefs of bindings, which are of one group'],
  'rest/query.ts': [2, 'types of options, not of objects'],
  'subresources/pod-subresources.ts': [1, 'the target of a Binding'],
  'subresources/proxy.ts': [1, 'the targetRef of an endpoint address, which has no group'],
  'tokens/node-token-requests.ts': [1, 'the object that a token is bound to, of version v1'],
};

describe('the house', () => {
  test('every package is a room of the table', () => {
    expect(readdirSync(join(root, 'packages')).sort()).toEqual([...packages].sort());
  });

  test('rooms import only the rooms below them', () => {
    const wrong = products.flatMap(({ file, room, imports }) =>
      imports
        .map((name) => /^@orrery\/(.+)/.exec(name)?.[1])
        .filter((place) => place !== undefined && roomOf(place) !== room && !mayImport[room]?.includes(roomOf(place)))
        .map((place) => `${file} imports ${place}`),
    );
    expect(wrong).toEqual([]);
  });

  test('between a wing and the rest of its package goes only what the table says', () => {
    const wrong = sources.flatMap(({ file, room, imports }) =>
      imports
        .filter((name) => name.startsWith('.'))
        .map((name) => placeOf(resolve(root, file, '..', name)))
        .filter((place) => roomOf(place) !== room && !mayImport[room]?.some((other) => place.startsWith(`${other}/`)))
        .map((place) => `${file} imports ${place}`),
    );
    expect(wrong).toEqual([]);
  });

  test('each wing has a door', () => {
    const wings = Object.keys(mayImport).filter((room) => room.includes('/'));
    for (const wing of wings) {
      const [name = '', folder = ''] = wing.split('/');
      const { exports } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
      expect(exports[`./${folder}`], wing).toBe(`./src/${folder}/index.ts`);
    }
    expect(wings).not.toEqual([]);
  });

  test('rooms go in and out by the door: no path leads into another package', () => {
    const wrong = sources.flatMap(({ file, package: own, imports }) =>
      imports
        .filter(
          (name) =>
            name.startsWith('.') && !resolve(root, file, '..', name).startsWith(join(root, 'packages', own, 'src')),
        )
        .map((name) => `${file} imports ${name}`),
    );
    // The command's package reads the workspace's own files; nothing else does.
    expect(wrong).toEqual([]);
  });

  test('each door names what it exports', () => {
    const doors = sources.filter(({ file }) => /\/index(\.fixture)?\.ts$/.test(file));
    const wrong = doors.filter(({ text }) => /^export (type )?\*/m.test(text)).map(({ file }) => file);
    expect(wrong).toEqual([]);
    expect(doors.length).toBeGreaterThan(packages.length);
  });

  test('what is published does not import what tests share', () => {
    const wrong = products.flatMap(({ file, imports }) =>
      imports.filter((name) => /fixture/.test(name)).map((name) => `${file} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('a room declares what it imports', () => {
    const wrong = products.flatMap(({ file, package: own, imports }) => {
      const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'packages', own, 'package.json'), 'utf8')) as {
        dependencies?: object;
      };
      return imports
        .map(packageOf)
        .filter((name) => name !== undefined && name !== `@orrery/${own}` && !(name in dependencies))
        .map((name) => `${file} imports ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  test('the middle of the house uses no module of Node', () => {
    const wrong = neutral().flatMap(({ file, imports }) =>
      imports.filter((name) => name.startsWith('node:')).map((name) => `${file} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('the API server asks for the name of a kind in strategies alone', () => {
    const room = 'packages/server/src/';
    const compared =
      /\b(kind|resource)\b\s*[!=]==\s*('[A-Za-z]|[A-Z]\w*\.(kind|resource))|\bswitch \((\w+\.)*kind\.kind\)|\bkind\.(ends|starts)With\(/g;
    const found = products
      .filter(({ file }) => file.startsWith(room) && !file.startsWith(`${room}strategies/`))
      .map(({ file, text }) => [file.slice(room.length), text.match(compared)?.length ?? 0] as const)
      .filter(([, times]) => times > 0);
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(Object.entries(namesOfKinds).map(([file, [times]]) => [file, times])),
    );
  });

  test('imports make no circle between files', () => {
    expect(circles(products)).toEqual([]);
  });
});

/** Where a source is, as the table writes places: `PACKAGE/FOLDER/…`. */
function placeOf(path: string): string {
  return relative(join(root, 'packages'), path).replace('/src/', '/');
}

/** The room of a place: the wing that it is in, or else its package. */
function roomOf(place: string): string {
  const [name = '', folder = ''] = place.split('/');
  return `${name}/${folder}` in mayImport ? `${name}/${folder}` : name;
}

function neutral(): readonly Source[] {
  return products.filter(({ file }) => !edges.some((edge) => file.startsWith(edge)));
}

/** Circles of imports that are there when the program runs: types are erased, and calls of import() come later. */
function circles(files: readonly Source[]): string[] {
  const graph = new Map<string, string[]>();
  for (const { file, text } of files) {
    const values = [...text.matchAll(/^\s*(import|export)\s(?!type\s)(?:([^'";]*?)\sfrom\s)?\s*'(\.[^']+)'/gm)]
      .filter((found) => !onlyTypes(found[2] ?? ''))
      .map((found) => relative(root, resolve(root, file, '..', found[3] ?? '')));
    graph.set(file, values);
  }
  const found: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      found.push([...path.slice(path.indexOf(file)), file].join(' → '));
      return;
    }
    state.set(file, 'open');
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

/** `{ type A, type B }` brings nothing at run time. */
function onlyTypes(clause: string): boolean {
  const names = /^\{([\s\S]*)\}$/.exec(clause.trim())?.[1];
  return names?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) ?? false;
}
