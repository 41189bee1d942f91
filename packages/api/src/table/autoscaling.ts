import type { IHorizontalPodAutoscaler as AutoscalerV1 } from 'kubernetes-models/autoscaling/v1/HorizontalPodAutoscaler';
import type { IHorizontalPodAutoscaler as AutoscalerV2 } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import type { IMetricSpec } from 'kubernetes-models/autoscaling/v2/MetricSpec';
import type { IMetricStatus } from 'kubernetes-models/autoscaling/v2/MetricStatus';
import { shortList } from './cell-text.ts';
import { ageColumn, ageOf, type Cell, column, nameColumn, nameOf, printer } from './printer.ts';

const columns = [
  nameColumn,
  column('Reference', 'string', 'Object that is scaled.'),
  column('Targets', 'string', 'Measured and wanted values.'),
  column('MinPods', 'string', 'Fewest replicas.'),
  column('MaxPods', 'string', 'Most replicas.'),
  column('Replicas', 'string', 'Replicas now.'),
  ageColumn,
];

function cells(autoscaler: AutoscalerV1 | AutoscalerV2, targets: string, now: number): Cell[] {
  const { scaleTargetRef, minReplicas, maxReplicas } = autoscaler.spec ?? {};
  return [
    nameOf(autoscaler),
    `${scaleTargetRef?.kind ?? ''}/${scaleTargetRef?.name ?? ''}`,
    targets,
    minReplicas === undefined ? '<unset>' : `${minReplicas}`,
    maxReplicas ?? 0,
    autoscaler.status?.currentReplicas ?? 0,
    ageOf(autoscaler, now),
  ];
}

export const autoscalerV1Printer = printer<AutoscalerV1>(columns, (autoscaler, now) => {
  const target = autoscaler.spec?.targetCPUUtilizationPercentage;
  const current = autoscaler.status?.currentCPUUtilizationPercentage;
  const targets =
    target === undefined ? '<none>' : `cpu: ${current === undefined ? '<unknown>' : `${current}%`}/${target}%`;
  return cells(autoscaler, targets, now);
});

export const autoscalerV2Printer = printer<AutoscalerV2>(columns, (autoscaler, now) => {
  const statuses = autoscaler.status?.currentMetrics ?? [];
  const targets = (autoscaler.spec?.metrics ?? []).map((metric, index) => metricText(metric, statuses[index]));
  return cells(autoscaler, shortList(targets, 2, '<none>', ', '), now);
});

interface Value {
  readonly averageUtilization?: number;
  readonly averageValue?: string | number;
  readonly value?: string | number;
}

function metricText(metric: IMetricSpec, status: IMetricStatus | undefined): string {
  switch (metric.type) {
    case 'External':
      return objectText(metric.external?.target, status?.external?.current);
    case 'Object':
      return objectText(metric.object?.target, status?.object?.current);
    case 'Pods':
      return `${status?.pods?.current?.averageValue ?? '<unknown>'}/${metric.pods?.target?.averageValue ?? 0}`;
    case 'Resource':
      return resourceText(metric.resource, status?.resource?.current);
    case 'ContainerResource':
      return resourceText(metric.containerResource, status?.containerResource?.current);
    default:
      return '<unknown type>';
  }
}

function objectText(target: Value | undefined, current: Value | undefined): string {
  return target?.averageValue === undefined
    ? `${current?.value ?? '<unknown>'}/${target?.value ?? 0}`
    : `${current?.averageValue ?? '<unknown>'}/${target.averageValue} (avg)`;
}

function resourceText(metric: { name: string; target: Value } | undefined, current: Value | undefined): string {
  const { averageValue, averageUtilization } = metric?.target ?? {};
  const name = metric?.name ?? '';
  if (averageValue !== undefined) return `${name}: ${current?.averageValue ?? '<unknown>'}/${averageValue}`;
  return `${name}: ${percent(current?.averageUtilization, '<unknown>')}/${percent(averageUtilization, '<auto>')}`;
}

function percent(value: number | undefined, otherwise: string): string {
  return value === undefined ? otherwise : `${value}%`;
}
