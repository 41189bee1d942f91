import { deepFreeze, type Node, type Pod, type PodDisruptionBudget, type Stored } from '@orrery/api';
import type { Random } from '@orrery/core';

/** Random objects that the scheduler looks at, from few values, so that they meet: the same labels, ports, zones, images. */
export class RandomObjects {
  readonly #random: Random;
  /** Whether nodes have much room, so that other rules than room decide. */
  readonly #isRoomy: boolean;
  /** Whether nothing but resources, ports and labels of nodes matters. */
  readonly isPlain: boolean;
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#isRoomy = this.chance(50);
    this.isPlain = this.chance(20);
  }

  integer(bound: number): number {
    return this.#random.integer(bound);
  }

  /** True with this probability, in percent. */
  chance(percent: number): boolean {
    return this.integer(100) < percent;
  }

  one<T>(values: readonly T[]): T {
    return values[this.integer(values.length)] as T;
  }

  some<T>(values: readonly T[], percent: number): readonly T[] {
    return values.filter(() => this.chance(percent));
  }

  /** `most` or fewer. */
  several<T>(most: number, make: () => T): readonly T[] {
    return Array.from({ length: this.integer(most + 1) }, make);
  }

  node(name: string): Stored<Node> {
    const labels = {
      ...(this.chance(95) ? { 'kubernetes.io/hostname': name } : {}),
      ...(this.chance(85) ? { 'topology.kubernetes.io/zone': this.one(zones) } : {}),
      ...(this.chance(60) ? { rack: this.one(['1', '2', '30']) } : {}),
      ...(this.chance(50) ? { disk: this.one(['ssd', 'hdd']) } : {}),
    };
    return deepFreeze({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { ...this.#metadata(name), labels },
      spec: {
        ...(this.chance(this.#isRoomy ? 4 : 10) ? { unschedulable: true } : {}),
        ...(!this.isPlain && this.chance(this.#isRoomy ? 15 : 30)
          ? { taints: this.several(2, () => this.#taint()) }
          : {}),
      },
      status: {
        allocatable: {
          ...(this.chance(95) ? { cpu: this.one(this.#isRoomy ? ['16', '32'] : ['1', '2', '4', '3500m']) } : {}),
          ...(this.chance(95) ? { memory: this.one(this.#isRoomy ? ['64Gi', '96Gi'] : ['1Gi', '2Gi', '4G']) } : {}),
          ...(this.chance(95) ? { pods: this.one(this.#isRoomy ? ['110'] : ['2', '4', '110']) } : {}),
          ...(this.chance(20) ? { 'example.com/gpu': this.one(['1', '2']) } : {}),
        },
        images: this.some(images, this.isPlain ? 0 : 40).map((image) => ({
          names: [image],
          sizeBytes: this.one([10, 200, 900]) * 1024 * 1024,
        })),
      },
    } as Stored<Node>);
  }

  pod(): Stored<Pod> {
    const name = `pod-${++this.#count}`;
    return deepFreeze({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...this.#metadata(name), namespace: this.one(namespaces), ...this.#labels(), ...this.#ending() },
      spec: {
        containers: this.#containers(),
        ...(this.chance(20) ? { initContainers: this.#containers() } : {}),
        ...(this.chance(60) ? { priority: this.one([0, 5, 10, 10, 20]) } : {}),
        ...(this.chance(5) ? { preemptionPolicy: 'Never' as const } : {}),
        ...(this.chance(10) ? { overhead: { cpu: '100m', memory: '16Mi' } } : {}),
        ...(this.chance(8) ? { nodeSelector: { disk: this.one(['ssd', 'hdd', 'tape']) } } : {}),
        ...(this.chance(30) ? { tolerations: this.several(2, () => this.#toleration()) } : {}),
        ...(!this.isPlain && this.chance(50) ? { affinity: this.#affinity() } : {}),
        ...(!this.isPlain && this.chance(30)
          ? { topologySpreadConstraints: this.several(2, () => this.#spread()) }
          : {}),
        ...(this.chance(15) ? { volumes: [{ name: 'data', emptyDir: {} }] } : {}),
      },
      status: { phase: 'Pending', ...(this.chance(50) ? { startTime: this.#time() } : {}) },
    } as Stored<Pod>);
  }

  budget(): Stored<PodDisruptionBudget> {
    return deepFreeze({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { ...this.#metadata(`budget-${++this.#count}`), namespace: this.one(namespaces) },
      spec: { selector: { matchLabels: { app: this.one(apps) } } },
      status: { disruptionsAllowed: this.integer(2) },
    } as unknown as Stored<PodDisruptionBudget>);
  }

  #metadata(name: string) {
    return { name, uid: `uid-${name}`, resourceVersion: String(++this.#count), creationTimestamp: this.#time() };
  }

  #time(): string {
    return `2026-01-01T00:00:0${this.integer(4)}Z`;
  }

  #labels() {
    if (this.chance(10)) return {};
    return {
      labels: {
        app: this.one(apps),
        ...(!this.isPlain && this.chance(40) ? { tier: this.one(['front', 'back']) } : {}),
      },
    };
  }

  #ending() {
    return this.chance(8) ? { deletionTimestamp: '2026-01-01T00:01:00Z' } : {};
  }

  #containers() {
    return Array.from({ length: 1 + this.integer(2) }, (_, index) => ({
      name: `c${index}`,
      image: this.one(['web', 'store:2', 'registry/web:1']),
      resources: {
        requests: {
          ...(this.chance(70) ? { cpu: this.one(['0', '100m', '500m', '500m', '1', '1', '5']) } : {}),
          ...(this.chance(70) ? { memory: this.one(['64Mi', '256Mi', '1Gi']) } : {}),
          ...(this.chance(8) ? { 'example.com/gpu': this.one(['0', '1']) } : {}),
        },
      },
      ...(this.chance(15) ? { ports: [this.#port()] } : {}),
    }));
  }

  #port() {
    return {
      containerPort: 80,
      hostPort: this.one([80, 443]),
      ...(this.chance(40) ? { hostIP: this.one(['10.0.0.1', '10.0.0.2']) } : {}),
      ...(this.chance(20) ? { protocol: 'UDP' as const } : {}),
    };
  }

  #taint() {
    return {
      key: this.one(taintKeys),
      ...(this.chance(60) ? { value: this.one(['yes', '5']) } : {}),
      effect: this.one(['NoSchedule', 'PreferNoSchedule', 'PreferNoSchedule', 'NoExecute'] as const),
    };
  }

  #toleration() {
    return {
      ...(this.chance(80) ? { key: this.one([...taintKeys, 'node.kubernetes.io/unschedulable']) } : {}),
      operator: this.one(['Exists', 'Exists', 'Equal', 'Lt', 'Gt']),
      ...(this.chance(50) ? { value: this.one(['yes', '4']) } : {}),
      ...(this.chance(50) ? { effect: this.one(['NoSchedule', 'PreferNoSchedule']) } : {}),
    };
  }

  #affinity() {
    return {
      ...(this.chance(40) ? { nodeAffinity: this.#nodeAffinity() } : {}),
      ...(this.chance(40) ? { podAffinity: this.#podAffinity(25) } : {}),
      ...(this.chance(50) ? { podAntiAffinity: this.#podAffinity(50) } : {}),
    };
  }

  #nodeAffinity() {
    const nodeSelectorTerms = Array.from({ length: 1 + this.integer(2) }, () => this.#nodeTerm());
    return {
      ...(this.chance(50) ? { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } : {}),
      preferredDuringSchedulingIgnoredDuringExecution: this.several(2, () => ({
        weight: this.one([1, 50, 100]),
        preference: this.#nodeTerm(),
      })),
    };
  }

  #nodeTerm() {
    return {
      ...(this.chance(85) ? { matchExpressions: this.several(2, () => this.#nodeRequirement()) } : {}),
      ...(this.chance(10)
        ? { matchFields: [{ key: 'metadata.name', operator: this.one(['In', 'NotIn']), values: ['node-1'] }] }
        : {}),
    };
  }

  #nodeRequirement() {
    const key = this.one(['rack', 'disk', zoneKey, 'none']);
    const operator = this.one(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']);
    if (operator === 'Exists' || operator === 'DoesNotExist') return { key, operator };
    if (operator === 'Gt' || operator === 'Lt') return { key: 'rack', operator, values: ['2'] };
    return { key, operator, values: this.some(['1', '2', 'ssd', 'a', 'b'], 50) };
  }

  #podAffinity(required: number) {
    return {
      ...(this.chance(required)
        ? { requiredDuringSchedulingIgnoredDuringExecution: this.several(2, () => this.#podTerm()) }
        : {}),
      ...(this.chance(60)
        ? {
            preferredDuringSchedulingIgnoredDuringExecution: this.several(2, () => ({
              weight: this.one([1, 10, 100]),
              podAffinityTerm: this.#podTerm(),
            })),
          }
        : {}),
    };
  }

  #podTerm() {
    return {
      topologyKey: this.one(topologies),
      ...(this.chance(90) ? { labelSelector: this.#selector() } : {}),
      ...(this.chance(20) ? { namespaces: this.some(namespaces, 60) } : {}),
      ...(this.chance(20) ? { namespaceSelector: this.chance(40) ? {} : { matchLabels: { team: 'red' } } } : {}),
    };
  }

  #selector() {
    if (this.chance(10)) return {};
    if (this.chance(60)) return { matchLabels: { app: this.one(apps) } };
    const operator = this.one(['In', 'NotIn', 'Exists', 'DoesNotExist'] as const);
    const values = operator === 'In' || operator === 'NotIn' ? { values: ['front'] } : {};
    return { matchExpressions: [{ key: 'tier', operator, ...values }] };
  }

  #spread() {
    return {
      maxSkew: 1 + this.integer(3),
      topologyKey: this.one(topologies),
      whenUnsatisfiable: this.one(['DoNotSchedule', 'ScheduleAnyway'] as const),
      ...(this.chance(90) ? { labelSelector: this.#selector() } : {}),
      ...(this.chance(20) ? { minDomains: 1 + this.integer(4) } : {}),
      ...(this.chance(30) ? { nodeAffinityPolicy: this.one(['Honor', 'Ignore'] as const) } : {}),
      ...(this.chance(30) ? { nodeTaintsPolicy: this.one(['Honor', 'Ignore'] as const) } : {}),
      ...(this.chance(20) ? { matchLabelKeys: ['tier'] } : {}),
    };
  }
}

const zoneKey = 'topology.kubernetes.io/zone';
const zones = ['a', 'b', 'c'];
const topologies = ['kubernetes.io/hostname', zoneKey, 'rack'];
const namespaces = ['one', 'two', 'three'];
const apps = ['web', 'store', 'log'];
const taintKeys = ['gpu', 'spot'];
const images = ['web:latest', 'store:2', 'registry/web:1'];
