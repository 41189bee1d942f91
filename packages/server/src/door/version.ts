/**
 * Version of Kubernetes that the API follows, and of what serves it: what `kubectl version` shows. It is the same wherever the
 * control plane runs: like its machines, it is a Linux one to its clients.
 */
export const version = {
  major: '1',
  minor: '35',
  gitVersion: 'v1.35.0+orrery',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'typescript',
  compiler: 'v8',
  platform: 'linux/amd64',
} as const;
