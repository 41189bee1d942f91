/** A path made absolute and free of `.`, `..` and doubled slashes, without looking at links. */
export function resolvePath(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${base}/${path}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** An absolute path for a walk that follows links before it applies `..`. */
export function absolutePath(base: string, path: string): string {
  return path.startsWith('/') ? path : base === '/' ? `/${path}` : `${base}/${path}`;
}

export function baseName(path: string): string {
  const trimmed = withoutTrailingSlashes(path);
  return trimmed === '' ? (path.startsWith('/') ? '/' : '') : trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

export function parentPath(path: string): string {
  const trimmed = withoutTrailingSlashes(path);
  const slash = trimmed.lastIndexOf('/');
  if (slash < 0) return '.';
  return withoutTrailingSlashes(trimmed.slice(0, slash)) || '/';
}

export function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}

/** The order in which directories list their names. */
export function byCodeUnit(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
