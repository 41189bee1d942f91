import { type LimitRange, type Pod, totalLimits, totalRequests } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { podFaults, withDefaultResources } from './limit-ranger.ts';

const pod = (spec: Partial<Pod['spec']>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', annotations: { own: 'x' } },
  spec: { containers: [{ name: 'main' }], ...spec },
});
const range = (...limits: NonNullable<LimitRange['spec']['limits']>): LimitRange => ({
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: 'l' },
  spec: { limits },
});

describe('requests and limits of a namespace', () => {
  const defaults = range(
    { type: 'Container', default: { cpu: '1', memory: '1Gi' }, defaultRequest: { cpu: '500m' } },
    { type: 'Pod', default: { cpu: '9' } },
  );

  test('are given to containers that say nothing, and recorded', () => {
    const { metadata, spec } = withDefaultResources(
      pod({
        containers: [{ name: 'main' }, { name: 'own', resources: { limits: { cpu: '2' }, requests: { cpu: '2' } } }],
        initContainers: [{ name: 'init', resources: { requests: { cpu: '1m' } } }],
      }),
      defaults,
    );
    expect(spec.containers).toEqual([
      { name: 'main', resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } },
      { name: 'own', resources: { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '2' } } },
    ]);
    expect(spec.initContainers).toEqual([
      { name: 'init', resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1m' } } },
    ]);
    expect(metadata.annotations).toEqual({
      own: 'x',
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: cpu request for container main; cpu, memory limit for container main; memory limit for container own; cpu, memory limit for init container init',
    });
  });

  test('leave a Pod alone that says everything', () => {
    const amounts = { cpu: '2', memory: '1Gi' };
    const given = pod({ containers: [{ name: 'own', resources: { limits: amounts, requests: amounts } }] });
    expect(withDefaultResources(given, defaults)).toBe(given);
    const bare = pod({});
    expect(withDefaultResources(bare, range({ type: 'Pod', max: { cpu: '1' } }))).toBe(bare);
  });
});

describe('bounds of a namespace', () => {
  test.each([
    ['within bounds', { min: { cpu: '100m' }, max: { cpu: '1' } }, { cpu: '0.1' }, { cpu: '1000m' }, []],
    ['no request', { min: { cpu: '100m' } }, {}, {}, ['minimum cpu usage per Pod is 100m.  No request is specified']],
    [
      'too little requested',
      { min: { memory: '1Gi' } },
      { memory: '512Mi' },
      {},
      ['minimum memory usage per Pod is 1Gi, but request is 512Mi'],
    ],
    [
      'too low a limit',
      { min: { cpu: '1' } },
      { cpu: '1' },
      { cpu: '900m' },
      ['minimum cpu usage per Pod is 1, but limit is 900m'],
    ],
    ['no limit', { max: { cpu: '1' } }, { cpu: '1' }, {}, ['maximum cpu usage per Pod is 1.  No limit is specified']],
    [
      'too high a limit',
      { max: { cpu: '1' } },
      { cpu: '1' },
      { cpu: '2' },
      ['maximum cpu usage per Pod is 1, but limit is 2'],
    ],
    [
      'too much requested',
      { max: { cpu: '1' } },
      { cpu: '2' },
      { cpu: '1' },
      ['maximum cpu usage per Pod is 1, but request is 2'],
    ],
    ['near enough', { maxLimitRequestRatio: { cpu: '2' } }, { cpu: '500m' }, { cpu: '1' }, []],
    [
      'too far apart',
      { maxLimitRequestRatio: { cpu: '2' } },
      { cpu: '300m' },
      { cpu: '1' },
      ['cpu max limit to request ratio per Pod is 2, but provided ratio is 3.333333'],
    ],
    [
      'a ratio to nothing',
      { maxLimitRequestRatio: { cpu: '2' } },
      { cpu: '0' },
      { cpu: '1' },
      ['cpu max limit to request ratio per Pod is 2, but no request is specified or request is 0'],
    ],
    [
      'a ratio of nothing',
      { maxLimitRequestRatio: { cpu: '2' } },
      { cpu: '1' },
      {},
      ['cpu max limit to request ratio per Pod is 2, but no limit is specified or limit is 0'],
    ],
    [
      'several, in order of their names',
      { min: { memory: '1Gi', cpu: '1' } },
      {},
      {},
      [
        'minimum cpu usage per Pod is 1.  No request is specified',
        'minimum memory usage per Pod is 1Gi.  No request is specified',
      ],
    ],
  ])('%s', (_what, limit, requests, limits, faults) => {
    expect(podFaults({ type: 'Pod', ...limit }, requests, limits)).toEqual(faults);
  });
});

describe('a Pod as a whole', () => {
  const of = (cpu: string, more: object = {}) => ({
    name: 'c',
    resources: { requests: { cpu }, limits: { cpu } },
    ...more,
  });

  test.each([
    ['its containers', { containers: [of('100m'), of('200m')] }, '300m'],
    ['a large init container', { containers: [of('100m')], initContainers: [of('1'), of('2')] }, '2'],
    ['sidecars too', { containers: [of('1')], initContainers: [of('1', { restartPolicy: 'Always' })] }, '2'],
    [
      'an init container beside the sidecars before it',
      { containers: [of('1')], initContainers: [of('1', { restartPolicy: 'Always' }), of('5')] },
      '6',
    ],
    [
      'what it says itself',
      { containers: [of('1')], resources: { requests: { cpu: '4' }, limits: { cpu: '4' } } },
      '4',
    ],
  ] as const)('requests %s', (_what, spec, cpu) => {
    expect(totalRequests(pod(spec as Partial<Pod['spec']>))).toEqual({ cpu });
    expect(totalLimits(pod(spec as Partial<Pod['spec']>))).toEqual({ cpu });
  });
});
