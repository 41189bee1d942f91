/** Bodies as client-go's protobuf serializer writes them, and the same objects as its JSON serializer writes them, nulls left out. */
export const clientBodies: readonly {
  readonly what: string;
  readonly body: string;
  readonly object: { readonly [field: string]: unknown };
}[] = [
  {
    what: 'a Deployment with pointers to zero, quantities, percentages and inlined parts',
    body: 'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50Es0CCiMKBW9yYml0EgAaACIAKgAyADgAQgBaDAoDYXBwEgVvcmJpdBKXAggAEg4KDAoDYXBwEgVvcmJpdBrlAQoeCgASABoAIgAqADIAOABCAFoMCgNhcHASBW9yYml0EsIBCgwKBGR1c3QSBBICCgASkwEKBG1vb24SBm1vb246MSoAMgoKABAAGFAiACoAOh8KBVBIQVNFEgAaFBoSCgcKBXRpZGVzEgVwaGFzZRgAQiESDQoDY3B1EgYKBDI1MG0SEAoGbWVtb3J5EgYKBDY0TWlSIQoVEhMKAS8SCggBEAAaBGh0dHAaACIAEAAYACADKAAwAGoAcgCAAQCIAQCQAQCiAQAaACAAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAiFwoAEhMKBggAEAAaABIJCAEQABoDMzAlKAA4ABoMCAAQABgAIAAoADgAGgAiAA==',
    object: {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: { name: 'orbit', labels: { app: 'orbit' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'orbit' } },
        template: {
          metadata: { labels: { app: 'orbit' } },
          spec: {
            volumes: [{ name: 'dust', emptyDir: {} }],
            containers: [
              {
                name: 'moon',
                image: 'moon:1',
                ports: [{ containerPort: 80 }],
                env: [
                  { name: 'PHASE', valueFrom: { configMapKeyRef: { name: 'tides', key: 'phase', optional: false } } },
                ],
                resources: { requests: { cpu: '250m', memory: '64Mi' } },
                livenessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 3 },
              },
            ],
            terminationGracePeriodSeconds: 0,
          },
        },
        strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: '30%' } },
      },
      status: {},
    },
  },
  {
    what: 'a Secret with bytes',
    body: 'azhzAAoMCgJ2MRIGU2VjcmV0EjQKFwoHZWNsaXBzZRIAGgAiACoAMgA4AEIAEgkKBWVtcHR5EgASCgoDa2V5EgMA/xAaACgAGgAiAA==',
    object: {
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: { name: 'eclipse' },
      immutable: false,
      data: { empty: '', key: 'AP8Q' },
    },
  },
  {
    what: 'DeleteOptions, which every group version has',
    body: 'azhzAAoYCgdhcHBzL3YxEg1EZWxldGVPcHRpb25zEhUIABIFCgN1LTEiCkZvcmVncm91bmQaACIA',
    object: {
      kind: 'DeleteOptions',
      apiVersion: 'apps/v1',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u-1' },
      propagationPolicy: 'Foreground',
    },
  },
  {
    what: 'a TokenRequest, the body of a subresource',
    body: 'azhzAAooChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESDFRva2VuUmVxdWVzdBIiChAKABIAGgAiACoAMgA4AEIAEggKA3NreSDYBBoECgASABoAIgA=',
    object: {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: {},
      spec: { audiences: ['sky'], expirationSeconds: 600 },
      status: { token: '' },
    },
  },
  {
    what: 'an Eviction with empty options',
    body: 'azhzAAoVCglwb2xpY3kvdjESCEV2aWN0aW9uEh0KGQoGbW9vbi0xEgAaA3NreSIAKgAyADgAQgASABoAIgA=',
    object: {
      kind: 'Eviction',
      apiVersion: 'policy/v1',
      metadata: { name: 'moon-1', namespace: 'sky' },
      deleteOptions: {},
    },
  },
  {
    what: 'an access review',
    body: 'azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSOAoQCgASABoAIgAqADIAOABCABIaChgKA3NreRIDZ2V0GgAiACoEcG9kczIAOgAaCAgAEgAaACAAGgAiAA==',
    object: {
      kind: 'SelfSubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: {},
      spec: { resourceAttributes: { namespace: 'sky', verb: 'get', resource: 'pods' } },
      status: { allowed: false },
    },
  },
  {
    what: 'an Event with times of both precisions',
    body: 'azhzAAoLCgJ2MRIFRXZlbnQSWQocCgFlEgAaA3NreSIAKgAyADgAQggIgOLPqgYQABIOCgASABoAIgAqADIAOgAaBlJpc2luZyIAKgQKABIAMgA6AEACSgBSCwiA4s+qBhCAlO86YgByAHoAGgAiAA==',
    object: {
      kind: 'Event',
      apiVersion: 'v1',
      metadata: { name: 'e', namespace: 'sky', creationTimestamp: '2023-11-14T22:13:20Z' },
      involvedObject: {},
      reason: 'Rising',
      source: {},
      count: 2,
      eventTime: '2023-11-14T22:13:20.123456Z',
      reportingComponent: '',
      reportingInstance: '',
    },
  },
];
