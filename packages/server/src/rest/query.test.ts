import { StatusError } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { deleteOptions, listOptions, managerOf, watchQuery, writeOptions } from './query.ts';

const query = (text: string) => new URLSearchParams(text);

function failure(run: () => unknown): { code: number; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('did not fail');
}

describe('list options', () => {
  it('include selectors, page and revision', () => {
    expect(
      listOptions(
        query(
          'labelSelector=a%3Db&fieldSelector=metadata.name%3Dx&limit=500&continue=c&resourceVersion=5&resourceVersionMatch=Exact',
        ),
      ),
    ).toEqual({
      labelSelector: 'a=b',
      fieldSelector: 'metadata.name=x',
      limit: 500,
      continue: 'c',
      resourceVersion: '5',
      resourceVersionMatch: 'Exact',
    });
  });

  it('ignore empty parameters', () => {
    expect(listOptions(query('labelSelector=&limit=0&resourceVersion='))).toEqual({});
  });

  it.each([
    ['a limit must be an integer', 'limit=x', 400, 'limit'],
    [
      'a match must be known',
      'resourceVersionMatch=Maybe',
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Maybe"',
    ],
  ])('%s', (_rule, text, code, message) => {
    expect(failure(() => listOptions(query(text)))).toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

describe('watch options', () => {
  it('include streaming lists and timeouts', () => {
    expect(
      watchQuery(
        query(
          'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=7',
        ),
      ),
    ).toEqual({
      options: { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true },
      timeoutSeconds: 7,
    });
  });
});

describe('write options', () => {
  it('fall back to the client program as manager', () => {
    expect(writeOptions(query(''), 'kubectl/v1.35 (linux)', 'CreateOptions')).toEqual({
      fieldManager: 'kubectl',
      dryRun: false,
      fieldValidation: 'Warn',
      force: false,
    });
  });

  it('prefer the manager in the query', () => {
    expect(
      writeOptions(query('fieldManager=me&dryRun=All&fieldValidation=Strict&force=true'), 'x/1', 'PatchOptions', true),
    ).toEqual({ fieldManager: 'me', dryRun: true, fieldValidation: 'Strict', force: true });
  });

  it.each([
    [
      'dryRun is All or nothing',
      'dryRun=Server',
      false,
      'dryRun: Unsupported value: "Server": supported values: "All"',
    ],
    ['an apply must name its manager', '', true, 'fieldManager: Required value: is required for apply patch'],
    ['only an apply may force', 'force=true', false, 'force: Forbidden: may not be specified for non-apply patch'],
    [
      'field validation has three values',
      'fieldValidation=Loose',
      false,
      'fieldValidation: Unsupported value: "Loose"',
    ],
    ['a manager has at most 128 bytes', `fieldManager=${'x'.repeat(129)}`, false, 'fieldManager: Too long'],
    ['a manager is printable', 'fieldManager=a%0Ab', false, 'should only contain printable characters'],
  ])('%s', (_rule, text, apply, message) => {
    expect(failure(() => writeOptions(query(text), undefined, 'PatchOptions', apply))).toMatchObject({
      code: 422,
      message: expect.stringContaining(message),
    });
  });

  it('strip unprintable characters from a program name and truncate it', () => {
    expect(managerOf(`a\u0007b${'c'.repeat(200)}/1`)).toBe(`ab${'c'.repeat(126)}`);
    expect(managerOf(undefined)).toBe('');
  });
});

describe('delete options', () => {
  it('come from the body rather than the query', () => {
    expect(
      deleteOptions(query('gracePeriodSeconds=5'), {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        propagationPolicy: 'Foreground',
        preconditions: { uid: 'u' },
        dryRun: ['All'],
      }),
    ).toEqual({ propagationPolicy: 'Foreground', preconditions: { uid: 'u' }, dryRun: true });
  });

  it('come from the query without a body', () => {
    expect(deleteOptions(query('gracePeriodSeconds=0&orphanDependents=false'), undefined)).toEqual({
      gracePeriodSeconds: 0,
      orphanDependents: false,
      dryRun: false,
    });
  });

  it.each([
    ['propagation has three values', { propagationPolicy: 'Up' }, 422, 'propagationPolicy: Unsupported value: "Up"'],
    [
      'the old and the new option exclude each other',
      { propagationPolicy: 'Orphan', orphanDependents: true },
      422,
      'cannot be both set',
    ],
    ['values have types', { gracePeriodSeconds: '5' }, 400, 'gracePeriodSeconds has a value of the wrong type'],
    ['another kind is refused', { kind: 'Pod' }, 400, 'must be DeleteOptions, not Pod'],
    ['a list is refused', [], 400, 'must be DeleteOptions'],
  ])('%s', (_rule, body, code, message) => {
    expect(failure(() => deleteOptions(query(''), body))).toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});
