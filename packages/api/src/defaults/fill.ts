/**
 * The object with each absent field filled in: the same object (`===`) if none is absent. An empty string counts as absent,
 * as it does in Kubernetes' enumerations.
 */
export function fill<T extends object>(object: T, defaults: { readonly [F in keyof T]?: T[F] }): T {
  let changed: T | undefined;
  for (const field in defaults) {
    const value = object[field];
    if (value !== undefined && (value !== '' || defaults[field] === '')) continue;
    changed ??= { ...object };
    changed[field] = defaults[field] as T[typeof field];
  }
  return changed ?? object;
}

/** Like {@link fill}, for numbers whose zero counts as absent. */
export function fillZero<T extends object>(object: T, defaults: { readonly [F in keyof T]?: T[F] & number }): T {
  let changed: T | undefined;
  for (const field in defaults) {
    if (object[field] !== undefined && object[field] !== 0) continue;
    changed ??= { ...object };
    changed[field] = defaults[field] as T[typeof field];
  }
  return changed ?? object;
}

/** The object with one field passed through a function, which is not called if the field is absent. */
export function through<T extends object, F extends keyof T>(
  object: T,
  field: F,
  change: (value: NonNullable<T[F]>) => NonNullable<T[F]>,
): T {
  const value = object[field];
  if (value === undefined || value === null) return object;
  const changed = change(value as NonNullable<T[F]>);
  return changed === value ? object : { ...object, [field]: changed };
}

/** The object with each element of a list in one of its fields passed through a function. */
export function throughEach<T extends object, F extends keyof T>(
  object: T,
  field: F,
  change: (item: ElementOf<T[F]>) => ElementOf<T[F]>,
): T {
  const list = object[field] as readonly ElementOf<T[F]>[] | undefined;
  if (list === undefined) return object;
  let changed: ElementOf<T[F]>[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const item = list[i] as ElementOf<T[F]>;
    const result = change(item);
    if (result !== item) {
      changed ??= [...list];
      changed[i] = result;
    }
  }
  return changed === undefined ? object : { ...object, [field]: changed };
}

type ElementOf<L> = NonNullable<L> extends readonly (infer E)[] ? E : never;
