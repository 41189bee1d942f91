import { type ControllerRevision, canonicalJson, type PodTemplateSpec, type Stored, templateHash } from '@orrery/api';

/** Label of Pods and ControllerRevisions that says which revision they are of. */
export const revisionHashLabel = 'controller-revision-hash';

/** What a revision holds of a workload: a strategic merge patch that brings its template back. */
export interface TemplatePatch {
  readonly spec: { readonly template: PodTemplateSpec & { readonly $patch: 'replace' } };
}

const patches = new WeakMap<object, TemplatePatch>();

/**
 * The data of a template's ControllerRevision, with fields in the order of their names and with the empty `resources` that
 * Kubernetes writes for containers without: `kubectl rollout undo` compares its bytes.
 */
export function templatePatch(template: PodTemplateSpec): TemplatePatch {
  let patch = patches.get(template);
  if (patch === undefined) {
    const { metadata = {}, spec } = template;
    const full = { metadata, ...(spec === undefined ? {} : { spec: withResources(spec) }), $patch: 'replace' };
    patch = JSON.parse(canonicalJson({ spec: { template: full } })) as TemplatePatch;
    patches.set(template, patch);
  }
  return patch;
}

function withResources(spec: NonNullable<PodTemplateSpec['spec']>) {
  const { containers, initContainers } = spec;
  const filled = (list: typeof containers) => list.map((container) => ({ resources: {}, ...container }));
  return {
    ...spec,
    containers: filled(containers),
    ...(initContainers === undefined ? {} : { initContainers: filled(initContainers) }),
  };
}

/** The template that a revision holds; undefined if it holds none. */
export function templateOf({ data }: ControllerRevision): PodTemplateSpec | undefined {
  const template = (data as Partial<TemplatePatch> | undefined)?.spec?.template;
  if (template === undefined) return undefined;
  const { $patch: _, ...rest } = template;
  return rest;
}

/** Whether a revision holds this template. */
export function holdsTemplate(revision: ControllerRevision, template: PodTemplateSpec): boolean {
  return canonicalJson(revision.data ?? null) === canonicalJson(templatePatch(template));
}

/** The hash that names a template's revision; `collisionCount` gives another where the name is taken. */
export function revisionHash(template: PodTemplateSpec, collisionCount: number | undefined): string {
  return templateHash(templatePatch(template), collisionCount);
}

/** By revision, lowest first; then by age and name. */
export function byRevision(a: Stored<ControllerRevision>, b: Stored<ControllerRevision>): number {
  if (a.revision !== b.revision) return a.revision - b.revision;
  const [left, right] = [a.metadata, b.metadata];
  if (left.creationTimestamp !== right.creationTimestamp) {
    return left.creationTimestamp < right.creationTimestamp ? -1 : 1;
  }
  return left.name < right.name ? -1 : 1;
}

/** One above the highest of these revisions. */
export function nextRevision(revisions: readonly ControllerRevision[]): number {
  return revisions.reduce((highest, { revision }) => Math.max(highest, revision), 0) + 1;
}

/**
 * The revisions that no Pod is of and that exceed the limit (`revisionHistoryLimit`), oldest first. A negative limit keeps all.
 */
export function revisionsToDelete(
  unused: readonly Stored<ControllerRevision>[],
  excess: number,
): readonly Stored<ControllerRevision>[] {
  return excess <= 0 ? [] : [...unused].sort(byRevision).slice(0, excess);
}
