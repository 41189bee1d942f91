import { describe, expect, it } from 'vitest';
import { applyDefaults } from '../../defaults/index.ts';
import { fieldErrorText } from '../../field-error.ts';
import { Pod } from '../../kinds.ts';
import { deepFreeze } from '../../object.ts';
import { decodeObject } from '../decode.ts';
import { validateStatusUpdate, validateSubresourceUpdate, validateUpdate } from '../validate.ts';

function pod(spec: object, metadata: object = {}, status?: object): Pod {
  const body = { metadata: { name: 'p', namespace: 'n', uid: 'u', generation: 1, ...metadata }, spec, status };
  return applyDefaults(Pod, decodeObject(Pod, deepFreeze(body), 'Strict').object) as Pod;
}

const container = { name: 'c', image: 'busybox:1' };
const base = { containers: [container] };
const texts = (errors: ReturnType<typeof validateUpdate>) => errors.map(fieldErrorText);
const update = (next: object, old: object = base) => texts(validateUpdate(Pod, pod(next), pod(old)));
const through = (subresource: string, next: object, old: object = base) =>
  texts(validateSubresourceUpdate(Pod, subresource, pod(next), pod(old)));

const sentence =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n';

describe('mutable fields of a Pod', () => {
  it.each<[rule: string, next: object, old: object]>([
    ['nothing', base, base],
    ['an image', { containers: [{ ...container, image: 'busybox:2' }] }, base],
    [
      'an image of an init container',
      { ...base, initContainers: [{ name: 'i', image: 'a:2' }] },
      { ...base, initContainers: [{ name: 'i', image: 'a:1' }] },
    ],
    ['a deadline that is set', { ...base, activeDeadlineSeconds: 5 }, base],
    ['a deadline that comes nearer', { ...base, activeDeadlineSeconds: 5 }, { ...base, activeDeadlineSeconds: 6 }],
    ['a toleration that is added', { ...base, tolerations: [{ key: 'a', operator: 'Exists' }] }, base],
    [
      'how long a toleration lasts',
      { ...base, tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }] },
      { ...base, tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 9 }] },
    ],
    [
      'a negative grace that becomes one',
      { ...base, terminationGracePeriodSeconds: 1 },
      { ...base, terminationGracePeriodSeconds: -1 },
    ],
    [
      'a gate that is removed',
      { ...base, schedulingGates: [{ name: 'a' }] },
      { ...base, schedulingGates: [{ name: 'a' }, { name: 'b' }] },
    ],
    [
      'where a gated Pod may go, when it is narrowed',
      { ...base, nodeSelector: { a: 'b', c: 'd' }, schedulingGates: [{ name: 'a' }] },
      { ...base, nodeSelector: { a: 'b' }, schedulingGates: [{ name: 'a' }] },
    ],
  ])('%s', (_rule, next, old) => {
    expect(update(next, old)).toEqual([]);
  });
});

describe('immutable fields of a Pod', () => {
  it('any other field, which is shown', () => {
    expect(update({ ...base, nodeName: 'a', hostname: 'x' }, { ...base, nodeName: 'b' })).toEqual([
      `${sentence}- nodeName: "b"\n+ nodeName: "a"\n+ hostname: "x"`,
    ]);
  });
  it('a field of a container', () => {
    const next = { containers: [{ ...container, image: 'busybox:2', command: ['true'] }] };
    expect(update(next)).toEqual([`${sentence}+ containers[0].command: ["true"]`]);
  });
  it.each<[rule: string, next: object, old: object, error: string]>([
    [
      'the number of containers',
      { containers: [container, { ...container, name: 'd' }] },
      base,
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ],
    [
      'the number of init containers',
      { ...base, initContainers: [{ ...container, name: 'd' }] },
      base,
      'spec.initContainers: Forbidden: pod updates may not add or remove containers',
    ],
    [
      'a deadline that moves away',
      { ...base, activeDeadlineSeconds: 6 },
      { ...base, activeDeadlineSeconds: 5 },
      'spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value',
    ],
    [
      'a deadline that is lifted',
      base,
      { ...base, activeDeadlineSeconds: 5 },
      'spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value',
    ],
    [
      'changing an existing toleration',
      base,
      { ...base, tolerations: [{ key: 'a', operator: 'Exists' }] },
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ],
    [
      'gates, when one is added',
      { ...base, schedulingGates: [{ name: 'a' }] },
      base,
      "spec.schedulingGates[0]: Forbidden: only deletion is allowed, but found new scheduling gate 'a'",
    ],
    [
      'where a gated Pod may go, when it is widened',
      { ...base, schedulingGates: [{ name: 'a' }] },
      { ...base, schedulingGates: [{ name: 'a' }], nodeSelector: { a: 'b' } },
      'spec.nodeSelector: Invalid value: null: only additions to existing nodeSelector are allowed',
    ],
  ])('%s', (_rule, next, old, error) => {
    expect(update(next, old)).toEqual([error]);
  });
  it('an image to nothing', () => {
    expect(update({ containers: [{ ...container, image: '' }] })).toContain('spec.containers[0].image: Required value');
  });
});

describe('metadata of an update', () => {
  const change = (next: object, old: object = {}) => texts(validateUpdate(Pod, pod(base, next), pod(base, old)));
  it.each<[rule: string, next: object, old: object, error: string]>([
    ['the name stays', { name: 'q' }, {}, 'metadata.name: Invalid value: "q": field is immutable'],
    ['the namespace stays', { namespace: 'q' }, {}, 'metadata.namespace: Invalid value: "q": field is immutable'],
    ['the uid stays', { uid: 'q' }, {}, 'metadata.uid: Invalid value: "q": field is immutable'],
    [
      'the generation never falls',
      { generation: 1 },
      { generation: 2 },
      'metadata.generation: Invalid value: 1: must not be decremented',
    ],
    [
      'an object on its way out gets no new finalizers',
      { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a.b/c', 'a.b/d'] },
      { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a.b/c'] },
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.b/d"}',
    ],
  ])('%s', (_rule, next, old, error) => {
    expect(change(next, old)).toEqual([error]);
  });
  it('labels, annotations and finalizers may change', () => {
    expect(change({ labels: { a: 'b' }, annotations: { a: 'b' }, finalizers: ['a.b/c'] })).toEqual([]);
  });
});

describe('the subresource ephemeralcontainers', () => {
  const debug = { name: 'd', image: 'busybox', targetContainerName: 'c' };
  it('adds containers', () => {
    expect(through('ephemeralcontainers', { ...base, ephemeralContainers: [debug] })).toEqual([]);
  });
  it('never removes or changes them', () => {
    const old = { ...base, ephemeralContainers: [debug] };
    expect(through('ephemeralcontainers', base, old)[0]).toContain(
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "d" may not be removed',
    );
    const changed = { ...base, ephemeralContainers: [{ ...debug, command: ['sh'] }] };
    expect(through('ephemeralcontainers', changed, old)[0]).toContain(
      'existing ephemeral containers "d" may not be changed',
    );
  });
  it("refuses what only the Pod's own containers have", () => {
    const spec = {
      ...base,
      volumes: [{ name: 'v' }],
      ephemeralContainers: [
        {
          ...debug,
          targetContainerName: 'x',
          ports: [{ containerPort: 1 }],
          livenessProbe: { exec: { command: ['true'] } },
          resources: { limits: { cpu: 1 } },
          volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a' }],
        },
      ],
    };
    const at = 'spec.ephemeralContainers[0]';
    expect(through('ephemeralcontainers', spec, { ...base, volumes: [{ name: 'v' }] })).toEqual([
      `${at}.volumeMounts[0].subPath: Forbidden: cannot be set for an Ephemeral Container`,
      `${at}.targetContainerName: Not found: "x"`,
      `${at}.ports: Forbidden: cannot be set for an Ephemeral Container`,
      `${at}.livenessProbe: Forbidden: cannot be set for an Ephemeral Container`,
      `${at}.resources: Forbidden: cannot be set for an Ephemeral Container`,
    ]);
  });
});

describe('the subresource resize', () => {
  const sized = (resources: object, more: object = {}) => ({ containers: [{ ...container, resources, ...more }] });
  const old = sized({ requests: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi' }, limits: { memory: '2Gi' } });
  const requests = { cpu: '2', memory: '1Gi', 'ephemeral-storage': '1Gi' };
  const limits = { memory: '2Gi' };

  it('changes CPU, memory and the policy of resizing', () => {
    expect(through('resize', sized({ requests, limits: { memory: '3Gi', cpu: '4' } }), old)).toEqual([]);
    const resizePolicy = [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }];
    expect(through('resize', sized({ requests, limits }, { resizePolicy }), old)).toEqual([]);
  });

  const only = 'spec: Forbidden: only cpu and memory resources are mutable\n';
  it.each<[rule: string, next: object, old: object, error: string]>([
    ['no other field', { ...sized({ requests, limits }), hostname: 'x' }, old, `${only}+ hostname: "x"`],
    [
      'no other resource',
      sized({ requests: { ...requests, 'ephemeral-storage': '2Gi' }, limits }),
      old,
      `${only}- containers[0].resources.requests.ephemeral-storage: "1Gi"\n+ containers[0].resources.requests.ephemeral-storage: "2Gi"`,
    ],
    [
      'the quality of service of a Pod that has none',
      sized({ requests: { cpu: '1' } }),
      base,
      'spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing',
    ],
    [
      'a request to its limit in all',
      sized({ requests: { cpu: '1', memory: '2Gi' }, limits: { cpu: '1', memory: '2Gi' } }),
      sized({ requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '2Gi' } }),
      'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
    ],
    [
      'removing a request',
      sized({ requests: { memory: '1Gi', 'ephemeral-storage': '1Gi' }, limits }),
      old,
      'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
    ],
    [
      'removing a limit',
      sized({ requests }),
      old,
      'spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed',
    ],
  ])('refuses to change: %s', (_rule, next, before, error) => {
    expect(through('resize', next, before)).toEqual([error]);
  });
});

describe('the status', () => {
  const state = (exitCode: number | undefined, restartCount = 0) => ({
    containerStatuses: [
      {
        name: 'c',
        image: '',
        imageID: '',
        ready: false,
        restartCount,
        state: exitCode === undefined ? { running: {} } : { terminated: { exitCode } },
      },
    ],
  });
  const status = (policy: string, old: object, next: object) =>
    texts(
      validateStatusUpdate(
        Pod,
        pod({ ...base, restartPolicy: policy }, {}, next),
        pod({ ...base, restartPolicy: policy }, {}, old),
      ),
    );
  const refused = ['status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state'];
  it.each([
    ['Always', 1, []],
    ['OnFailure', 1, []],
    ['OnFailure', 0, refused],
    ['Never', 1, refused],
    ['Never', 0, refused],
  ])('with restart policy %s an exit with %i may come back: %j', (policy, code, errors) => {
    expect(status(policy, state(code), state(undefined))).toEqual(errors);
  });
  it.each([
    ['its own policy Always', { restartPolicy: 'Always' }, 0, []],
    ['its own policy OnFailure', { restartPolicy: 'OnFailure' }, 1, []],
    ['its own policy OnFailure', { restartPolicy: 'OnFailure' }, 0, refused],
    [
      'a rule for its exit code',
      {
        restartPolicy: 'Never',
        restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
      },
      42,
      [],
    ],
    [
      'a rule for another exit code',
      {
        restartPolicy: 'Never',
        restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
      },
      1,
      refused,
    ],
  ])('in a Pod that never restarts a container comes back by %s: %j, exit %i', (_rule, container, code, errors) => {
    const spec = { ...base, restartPolicy: 'Never', containers: [{ name: 'c', image: 'i', ...container }] };
    expect(texts(validateStatusUpdate(Pod, pod(spec, {}, state(undefined)), pod(spec, {}, state(code))))).toEqual(
      errors,
    );
  });
  it('has addresses that are addresses', () => {
    expect(status('Always', {}, { podIPs: [{ ip: '10.0.0.256' }] })[0]).toContain('status.podIPs[0]');
  });
  it('keeps its quality of service', () => {
    expect(status('Always', { qosClass: 'Burstable' }, { qosClass: 'BestEffort' })).toEqual([
      'status.qosClass: Invalid value: "BestEffort": field is immutable',
    ]);
  });
});

it('a spec that is shared with the stored Pod is not looked at again', () => {
  const old = pod(base);
  const spec = new Proxy(old.spec, {
    get: () => {
      throw new Error('the spec was read');
    },
  });
  const before: Pod = { ...old, spec };
  const next: Pod = { ...before, metadata: { ...old.metadata, labels: { a: 'b' } } };
  expect(validateUpdate(Pod, next, before)).toEqual([]);
});
