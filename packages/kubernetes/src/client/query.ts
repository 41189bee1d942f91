import type { GetOptions, ListOptions, WatchOptions, WriteOptions } from '@orrery/core';

type Parameters = readonly (readonly [name: string, value: string | number | boolean | undefined])[];

/** Encodes parameters as a query, `?limit=500&…`, or `''`. Undefined and empty ones are omitted. Pure. */
export function query(parameters: Parameters): string {
  const given = new URLSearchParams();
  for (const [name, value] of parameters) if (value !== undefined && value !== '') given.append(name, String(value));
  return given.size === 0 ? '' : `?${given}`;
}

export function getQuery({ resourceVersion }: GetOptions): Parameters {
  return [['resourceVersion', resourceVersion]];
}

export function listQuery(options: ListOptions): Parameters {
  return [
    ['labelSelector', options.labelSelector],
    ['fieldSelector', options.fieldSelector],
    ['limit', options.limit],
    ['continue', options.continue],
    ['resourceVersion', options.resourceVersion],
    ['resourceVersionMatch', options.resourceVersionMatch],
  ];
}

/** `timeoutSeconds`: the server ends the watch after this time. */
export function watchQuery(options: WatchOptions, timeoutSeconds: number): Parameters {
  return [
    ['watch', true],
    ['labelSelector', options.labelSelector],
    ['fieldSelector', options.fieldSelector],
    ['resourceVersion', options.resourceVersion],
    ['sendInitialEvents', options.sendInitialEvents],
    // The server requires it with sendInitialEvents, and this is its only valid value.
    ['resourceVersionMatch', options.sendInitialEvents === undefined ? undefined : 'NotOlderThan'],
    ['allowWatchBookmarks', options.allowWatchBookmarks],
    ['timeoutSeconds', timeoutSeconds],
  ];
}

export function writeQuery({ fieldManager, dryRun, fieldValidation }: WriteOptions): Parameters {
  return [
    ['fieldManager', fieldManager],
    ['dryRun', dryRun === true ? 'All' : undefined],
    ['fieldValidation', fieldValidation],
  ];
}
