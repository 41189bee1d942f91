import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import type { IIngressClass } from 'kubernetes-models/networking.k8s.io/v1/IngressClass';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { EndpointSlice, Endpoints, Service } from '../kinds.ts';
import { fill, through, throughEach } from './fill.ts';

/** Three hours, in seconds. */
const sessionSeconds = 10_800;

export function defaultService(service: Service): Service {
  return through(service, 'spec', (given) => {
    let spec = fill(given, { sessionAffinity: 'None', type: 'ClusterIP' });
    if (spec.sessionAffinity === 'ClientIP') {
      spec = through(fill(spec, { sessionAffinityConfig: {} }), 'sessionAffinityConfig', (config) =>
        through(fill(config, { clientIP: {} }), 'clientIP', (client) =>
          fill(client, { timeoutSeconds: sessionSeconds }),
        ),
      );
    } else if (spec.sessionAffinityConfig !== undefined) {
      const { sessionAffinityConfig: _, ...rest } = spec;
      spec = rest;
    }
    spec = throughEach(spec, 'ports', (port) => {
      const filled = fill(port, { protocol: 'TCP', targetPort: port.port });
      return filled.targetPort === 0 ? { ...filled, targetPort: port.port } : filled;
    });
    if (spec.type === 'ExternalName') return spec;
    spec = fill(spec, { internalTrafficPolicy: 'Cluster' });
    const reachedFromOutside = spec.type !== 'ClusterIP' || (spec.externalIPs?.length ?? 0) > 0;
    if (reachedFromOutside) spec = fill(spec, { externalTrafficPolicy: 'Cluster' });
    return spec.type === 'LoadBalancer' ? fill(spec, { allocateLoadBalancerNodePorts: true }) : spec;
  });
}

export function defaultEndpoints(endpoints: Endpoints): Endpoints {
  return throughEach(endpoints, 'subsets', (subset) =>
    throughEach(subset, 'ports', (port) => fill(port, { protocol: 'TCP' })),
  );
}

export function defaultEndpointSlice(slice: EndpointSlice): EndpointSlice {
  return throughEach(slice, 'ports', (port) => fill(port, { name: '', protocol: 'TCP' }));
}

export function defaultNetworkPolicy(policy: INetworkPolicy): INetworkPolicy {
  return through(policy, 'spec', (given) => {
    let spec = throughEach(given, 'ingress', (rule) =>
      throughEach(rule, 'ports', (port) => fill(port, { protocol: 'TCP' })),
    );
    spec = throughEach(spec, 'egress', (rule) => throughEach(rule, 'ports', (port) => fill(port, { protocol: 'TCP' })));
    return fill(spec, { policyTypes: spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress'] });
  });
}

export function defaultIngressClass(ingressClass: IIngressClass): IIngressClass {
  return through(ingressClass, 'spec', (spec) =>
    through(spec, 'parameters', (parameters) => fill(parameters, { scope: 'Cluster' })),
  );
}

/** Defaults of `autoscaling/v2`. Rules for scaling are completed only if there is a `behavior` at all. */
export function defaultHorizontalPodAutoscaler(autoscaler: IHorizontalPodAutoscaler): IHorizontalPodAutoscaler {
  return through(autoscaler, 'spec', (given) => {
    const spec = fill(given, {
      minReplicas: 1,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ],
    });
    return through(spec, 'behavior', (stated) => {
      const behavior = through(fill(stated, { scaleUp: {}, scaleDown: {} }), 'scaleUp', (rules) =>
        fill(rules, {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [
            { type: 'Pods', value: 4, periodSeconds: 15 },
            { type: 'Percent', value: 100, periodSeconds: 15 },
          ],
        }),
      );
      return through(behavior, 'scaleDown', (rules) =>
        fill(rules, { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] }),
      );
    });
  });
}
