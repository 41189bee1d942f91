import type { Kind, PolicyRule } from '@orrery/api';

/** What a controller made by `defineController` says that it touches. */
export interface TouchedKinds {
  readonly for: Kind;
  readonly owns?: readonly Kind[];
  readonly rules?: readonly PolicyRule[];
}

/**
 * What such a controller may write, and no more: its own objects' metadata (for finalizers) and status, everything of the
 * kinds that it owns, and what its own `rules` add.
 */
export function controllerRules({ for: primary, owns = [], rules = [] }: TouchedKinds): readonly PolicyRule[] {
  const { group, resource } = primary;
  return [
    { apiGroups: [group], resources: [resource, `${resource}/status`], verbs: ['patch', 'update'] },
    { apiGroups: [group], resources: [`${resource}/finalizers`], verbs: ['update'] },
    ...owns.map((kind) => ({
      apiGroups: [kind.group],
      resources: [kind.resource],
      verbs: ['create', 'delete', 'patch', 'update'],
    })),
    ...rules,
  ];
}
