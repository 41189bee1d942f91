import { describe, expect, test } from 'vitest';
import { ConfigMap, Event, Node, Pod } from '../kinds.ts';
import { escapeFieldValue, fieldsOf, parseFieldSelector } from './index.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { containers: [], nodeName: 'node-1', restartPolicy: 'Always' },
  status: { phase: 'Running', podIP: '10.0.0.1' },
};

describe('a field selector matches', () => {
  test.each([
    ['', true],
    ['metadata.name=web', true],
    ['metadata.name==web,metadata.namespace=shop', true],
    ['metadata.name!=web', false],
    ['spec.nodeName=node-1', true],
    ['spec.host=node-1', true],
    ['spec.nodeName=', false],
    ['spec.hostNetwork=false', true],
    ['status.phase!=Running,metadata.name=web', false],
    ['status.nominatedNodeName=', true],
    [',,status.podIP=10.0.0.1,', true],
  ])('%s: %s', (text, matches) => {
    expect(parseFieldSelector(text, Pod).matches(pod)).toBe(matches);
  });

  test('values with escaped characters', () => {
    const name = 'a,b=c\\d';
    const text = `metadata.name=${escapeFieldValue(name)}`;
    expect(text).toBe('metadata.name=a\\,b\\=c\\\\d');
    expect(parseFieldSelector(text, ConfigMap).matches({ metadata: { name } })).toBe(true);
    expect(parseFieldSelector(text, ConfigMap).text).toBe(text);
  });

  test('the fields that indexes can answer', () => {
    const matcher = parseFieldSelector('spec.host=node-1,status.phase!=Failed', Pod);
    expect(matcher.requirements).toEqual([
      { field: 'spec.nodeName', operator: '=', value: 'node-1' },
      { field: 'status.phase', operator: '!=', value: 'Failed' },
    ]);
    expect(matcher.exactly('spec.nodeName')).toBe('node-1');
    expect(matcher.exactly('status.phase')).toBeUndefined();
  });
});

describe('a field selector is refused', () => {
  test.each([
    [Pod, 'spec.color=red', 'field label not supported: spec.color'],
    [Node, 'metadata.namespace=a', 'field label not supported: metadata.namespace'],
    [ConfigMap, 'data=x', '"data" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    [
      ConfigMap,
      'constructor=x',
      '"constructor" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    [Pod, 'metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    [Pod, 'metadata.name=a\\b', 'invalid field selector: invalid escape sequence: \\b'],
    [Pod, 'metadata.name=a\\', 'invalid field selector: invalid escape sequence: \\'],
    [Pod, 'metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
  ])('%o %s', (kind, text, message) => {
    expect(() => parseFieldSelector(text, kind)).toThrow(
      expect.objectContaining({ message, status: expect.objectContaining({ code: 400 }) }),
    );
  });
});

describe('fields of an object', () => {
  test('an absent field is the empty text', () => {
    expect(fieldsOf(Node, { metadata: { name: 'n' } })).toEqual({
      'metadata.name': 'n',
      'spec.unschedulable': 'false',
    });
  });

  test("an Event's source is its component, or the controller that reports it", () => {
    const about = { kind: 'Pod', name: 'web' };
    const base = { metadata: { name: 'e', namespace: 'shop' }, involvedObject: about, reason: 'Started' };
    expect(fieldsOf(Event, { ...base, source: { component: 'kubelet' } } as Event)).toMatchObject({
      'involvedObject.kind': 'Pod',
      'involvedObject.name': 'web',
      'involvedObject.uid': '',
      reason: 'Started',
      source: 'kubelet',
    });
    expect(fieldsOf(Event, { ...base, reportingComponent: 'scheduler' } as Event).source).toBe('scheduler');
  });
});
