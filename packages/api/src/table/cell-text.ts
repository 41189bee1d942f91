import type { LabelSelector } from '../parts.ts';

/** The text, or `<none>` where there is none. */
export function orNone(text: string | undefined): string {
  return text === undefined || text === '' ? '<none>' : text;
}

/** `a=1,b=2`, sorted by key; `<none>` without labels (`labels.FormatLabels`). */
export function labelsText(labels: { readonly [key: string]: string } | undefined): string {
  return orNone(
    Object.entries(labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(','),
  );
}

const operators: { readonly [operator: string]: (key: string, values: string) => string } = {
  In: (key, values) => `${key} in (${values})`,
  NotIn: (key, values) => `${key} notin (${values})`,
  Exists: (key) => key,
  DoesNotExist: (key) => `!${key}`,
};

/** A selector in the syntax of `kubectl -l`, its requirements sorted by key; `undefined` if it is none that can be read. */
export function selectorText(selector: LabelSelector | undefined): string | undefined {
  const requirements: [key: string, text: string][] = [];
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) requirements.push([key, `${key}=${value}`]);
  for (const { key, operator, values } of selector?.matchExpressions ?? []) {
    const write = operators[operator];
    if (write === undefined) return undefined;
    requirements.push([key, write(key, [...(values ?? [])].sort().join(','))]);
  }
  return requirements
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([, text]) => text)
    .join(',');
}

/** {@link selectorText} for a cell: `<none>` when it selects by nothing, `<error>` when it cannot be read. */
export function selectorCell(selector: LabelSelector | undefined): string {
  const text = selectorText(selector);
  return text === undefined ? '<error>' : orNone(text);
}

/** Names and images of containers, each list joined by commas. */
export function containerCells(
  containers: readonly { readonly name?: string; readonly image?: string }[] | undefined,
): [names: string, images: string] {
  const list = containers ?? [];
  return [list.map((each) => each.name ?? '').join(','), list.map((each) => each.image ?? '').join(',')];
}

/** The first items joined by commas, then ` + N more...`. */
export function shortList(items: readonly string[], limit: number, whenEmpty: string, separator = ','): string {
  const text = items.slice(0, limit).join(separator);
  if (items.length > limit) return `${text} + ${items.length - limit} more...`;
  return text === '' ? whenEmpty : text;
}

const shortAccessModes: readonly (readonly [mode: string, short: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

/** `RWO,ROX,RWX,RWOP`, in this order whatever the order given. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return shortAccessModes
    .filter(([mode]) => modes?.includes(mode) === true)
    .map(([, short]) => short)
    .join(',');
}
