import type { Container, Pod, Probe } from '@orrery/api';
import type { ContainerStatus } from '@orrery/runtimes';
import type { PodContainer } from '../containers/pod-containers.ts';
import type { PodRecord } from '../pod/pod-records.ts';
import { probeCall } from './probe-handler.ts';
import { ProbeLoop, type ProberContext } from './probe-loop.ts';
import type { ProbeType } from './probe-state.ts';

/** A running instance and where it is reached. */
export interface ProbedInstance {
  readonly pod: Pod;
  readonly container: PodContainer;
  readonly instance: ContainerStatus;
  readonly podIp: string;
  /** What its status said of it: after a restart of the kubelet, what was ready stays so until a probe says otherwise. */
  readonly known: { readonly started?: boolean; readonly ready: boolean } | undefined;
}

/** The up to three probes of one instance. */
export class InstanceProbes {
  readonly liveness: ProbeLoop | undefined;
  readonly readiness: ProbeLoop | undefined;
  readonly startup: ProbeLoop | undefined;

  /** `changed` is called whenever a probe has come to another verdict. */
  constructor(
    context: ProberContext,
    record: PodRecord,
    { pod, container, instance, podIp, known }: ProbedInstance,
    changed: () => void,
  ) {
    const { spec } = container;
    const loop = (type: ProbeType, probe: Probe | undefined, flipped: () => void): ProbeLoop | undefined =>
      probe === undefined
        ? undefined
        : new ProbeLoop(
            context,
            { record, container, startedAt: instance.startedAt },
            type,
            probe,
            probeCall(context.runtime, pod, spec as Container, probe, instance.id, podIp),
            flipped,
          );
    this.liveness = loop('liveness', spec.livenessProbe, changed);
    this.readiness = loop('readiness', spec.readinessProbe, changed);
    this.startup = loop('startup', spec.startupProbe, () => {
      if (this.startup?.state.verdict === 'success') {
        this.startup.stop();
        this.liveness?.start();
        this.readiness?.start();
      }
      changed();
    });
    if (known?.started === true && this.startup !== undefined) this.startup.state.verdict = 'success';
    if (known?.ready === true && this.readiness !== undefined) this.readiness.state.verdict = 'success';
    if (this.startup !== undefined && known?.started !== true) this.startup.start();
    else {
      this.liveness?.start();
      this.readiness?.start();
    }
  }

  terminating(): void {
    this.liveness?.stop();
    this.startup?.stop();
    if (this.liveness !== undefined) this.liveness.state.verdict = 'success';
  }

  stop(): void {
    this.terminating();
    this.readiness?.stop();
  }
}
