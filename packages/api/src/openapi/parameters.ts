/** A request parameter, by name and location. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
}

function query(name: string, type: Parameter['type'], description: string): Parameter {
  return { name, in: 'query', type, description };
}

function inPath(name: string, description: string): Parameter {
  return { name, in: 'path', type: 'string', description };
}

const dryRun = query('dryRun', 'string', 'When it is All, the request goes through all stages but nothing is stored.');
const fieldManager = query('fieldManager', 'string', 'Name of the client that owns the fields which the request sets.');
const fieldValidation = query(
  'fieldValidation',
  'string',
  'What becomes of unknown and doubled fields: Ignore drops them, Warn (the default) drops them with a warning, Strict refuses the request.',
);

/** Parameters that stand in paths or go with every operation. */
export const common = {
  namespace: inPath('namespace', 'Namespace of the objects.'),
  pretty: query('pretty', 'string', 'If true, the answer is indented.'),
  path: inPath('path', 'Path that the request is passed on to.'),
  name: (kind: string) => inPath('name', `Name of the ${kind}.`),
} as const;

/** Parameters of what creates or replaces an object. */
export const writeParameters: readonly Parameter[] = [dryRun, fieldManager, fieldValidation];

/** Parameters of PATCH. kubectl looks for `fieldValidation` here to learn whether the server checks fields. */
export const patchParameters: readonly Parameter[] = [
  ...writeParameters,
  query('force', 'boolean', 'Take over fields that others own. Only for apply patches.'),
];

export const deleteParameters: readonly Parameter[] = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'Seconds that the object gets to end; 0 deletes at once.'),
  query(
    'ignoreStoreReadErrorWithClusterBreakingPotential',
    'boolean',
    'Delete an object that cannot be read from the store.',
  ),
  query('orphanDependents', 'boolean', 'Deprecated; use propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground.'),
];

const continueToken = query('continue', 'string', 'Token of the list before, to go on from there.');
const selection: readonly Parameter[] = [
  query('fieldSelector', 'string', 'Only objects whose fields have these values.'),
  query('labelSelector', 'string', 'Only objects whose labels match.'),
  query('limit', 'integer', 'At most that many objects; the answer says how to get the others.'),
  query('resourceVersion', 'string', 'Revision to read at, or to watch from.'),
  query('resourceVersionMatch', 'string', 'How the revision is meant: NotOlderThan or Exact.'),
  query('sendInitialEvents', 'boolean', 'Begin a watch with the objects that exist, followed by a bookmark.'),
  query('timeoutSeconds', 'integer', 'Seconds after which the call ends.'),
];

/** Parameters of lists and watches. */
export const listParameters: readonly Parameter[] = [
  query('allowWatchBookmarks', 'boolean', 'Let the server send bookmarks with the current revision.'),
  continueToken,
  ...selection,
  query('watch', 'boolean', 'Stream changes instead of returning a list.'),
];

/** Parameters of the deletion of a collection. */
export const deleteCollectionParameters: readonly Parameter[] = [continueToken, ...deleteParameters, ...selection];

const container = query('container', 'string', 'Container; may be left out for a Pod that has only one.');
const terminal: readonly Parameter[] = [
  query('stderr', 'boolean', 'Redirect standard error.'),
  query('stdin', 'boolean', 'Redirect standard input.'),
  query('stdout', 'boolean', 'Redirect standard output.'),
  query('tty', 'boolean', 'Give the process a terminal.'),
];

/** Parameters of subresources that are neither objects nor parts of objects. */
export const subresourceParameters: { readonly [subresource: string]: readonly Parameter[] } = {
  attach: [container, ...terminal],
  exec: [query('command', 'string', 'Command and arguments, one parameter each.'), container, ...terminal],
  log: [
    container,
    query('follow', 'boolean', 'Go on with the log as it grows.'),
    query('insecureSkipTLSVerifyBackend', 'boolean', "Do not check the node's certificate."),
    query('limitBytes', 'integer', 'At most that many bytes.'),
    query('previous', 'boolean', 'Log of the run before.'),
    query('sinceSeconds', 'integer', 'Only lines of the last seconds.'),
    query('stream', 'string', 'All, Stdout or Stderr.'),
    query('tailLines', 'integer', 'Only that many lines from the end.'),
    query('timestamps', 'boolean', 'Put the time before each line.'),
  ],
  portforward: [query('ports', 'integer', 'Port to forward.')],
  proxy: [query('path', 'string', 'Path that the request is passed on to.')],
};
