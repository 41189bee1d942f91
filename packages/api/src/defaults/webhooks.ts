import type { IMutatingWebhookConfiguration } from 'kubernetes-models/admissionregistration.k8s.io/v1/MutatingWebhookConfiguration';
import type { IValidatingWebhookConfiguration } from 'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration';
import type { IAPIService } from 'kubernetes-models/apiregistration.k8s.io/v1/APIService';
import { fill, through, throughEach } from './fill.ts';

export function defaultMutatingWebhooks(given: IMutatingWebhookConfiguration): IMutatingWebhookConfiguration {
  return throughEach(given, 'webhooks', (webhook) => {
    const filled = fill(webhook, {
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
      reinvocationPolicy: 'Never',
    });
    const withRules = throughEach(filled, 'rules', (rule) => fill(rule, { scope: '*' }));
    return through(withRules, 'clientConfig', (client) =>
      through(client, 'service', (service) => fill(service, { port: 443 })),
    );
  });
}

export function defaultValidatingWebhooks(given: IValidatingWebhookConfiguration): IValidatingWebhookConfiguration {
  return throughEach(given, 'webhooks', (webhook) => {
    const filled = fill(webhook, {
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
    });
    const withRules = throughEach(filled, 'rules', (rule) => fill(rule, { scope: '*' }));
    return through(withRules, 'clientConfig', (client) =>
      through(client, 'service', (service) => fill(service, { port: 443 })),
    );
  });
}

export function defaultApiService(apiService: IAPIService): IAPIService {
  return through(apiService, 'spec', (spec) => through(spec, 'service', (service) => fill(service, { port: 443 })));
}
