import type { GetOptions, ListOptions, WatchOptions, WriteOptions } from '@orrery/core';

type Parameters = readonly (readonly [name: string, value: string | number | boolean | undefined])[];

/** Parameters as they follow a path: `?limit=500&…`, or nothing. What is undefined or empty is left out. Pure. */
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

/** `timeoutSeconds` is when the server is to end the watch. */
export function watchQuery(options: WatchOptions, timeoutSeconds: number): Parameters {
  return [
    ['watch', true],
    ['labelSelector', options.labelSelector],
    ['fieldSelector', options.fieldSelector],
    ['resourceVersion', options.resourceVersion],
    ['sendInitialEvents', options.sendInitialEvents],
    // The server wants it said, and there is nothing else to say.
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
