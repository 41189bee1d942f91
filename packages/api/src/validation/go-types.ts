/** `Container` of `core.v1.Container`. */
export function shortTypeName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** A type as Go's errors name it: `[]v1.ContainerPort`, `map[string]string`, `int32`. */
export function goTypeText(text: string): string {
  if (text === 'map<api.resource.Quantity>') return 'v1.ResourceList';
  if (text.endsWith('[]')) return `[]${goTypeText(text.slice(0, -2))}`;
  if (text.startsWith('map<')) return `map[string]${goTypeText(text.slice(4, -1))}`;
  switch (text) {
    case 'boolean':
      return 'bool';
    case 'number':
      return 'float64';
    case 'bytes':
      return '[]uint8';
    default:
      return text.includes('.') ? text.slice(text.lastIndexOf('.', text.lastIndexOf('.') - 1) + 1) : text;
  }
}

/** String types that have a name of their own in Go, by struct and field: what people mistype most. */
const namedStrings: ReadonlyMap<string, string> = new Map([
  ['PodSpec.restartPolicy', 'v1.RestartPolicy'],
  ['PodSpec.dnsPolicy', 'v1.DNSPolicy'],
  ['Container.restartPolicy', 'v1.ContainerRestartPolicy'],
  ['Container.imagePullPolicy', 'v1.PullPolicy'],
  ['Container.terminationMessagePolicy', 'v1.TerminationMessagePolicy'],
  ['ContainerPort.protocol', 'v1.Protocol'],
  ['ServicePort.protocol', 'v1.Protocol'],
  ['ServiceSpec.type', 'v1.ServiceType'],
  ['ServiceSpec.sessionAffinity', 'v1.ServiceAffinity'],
  ['Secret.type', 'v1.SecretType'],
  ['Toleration.operator', 'v1.TolerationOperator'],
  ['Toleration.effect', 'v1.TaintEffect'],
  ['Taint.effect', 'v1.TaintEffect'],
  ['HTTPGetAction.scheme', 'v1.URIScheme'],
  ['DeploymentStrategy.type', 'v1.DeploymentStrategyType'],
  ['JobSpec.completionMode', 'v1.CompletionMode'],
  ['CronJobSpec.concurrencyPolicy', 'v1.ConcurrencyPolicy'],
  ['ObjectMeta.uid', 'types.UID'],
  ['OwnerReference.uid', 'types.UID'],
  ['LabelSelectorRequirement.operator', 'v1.LabelSelectorOperator'],
]);

/** Go's type of a field that is a string in JSON. */
export function goStringType(struct: string, field: string): string {
  return namedStrings.get(`${struct}.${field}`) ?? 'string';
}
