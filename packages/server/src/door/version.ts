/**
 * The versions of Kubernetes and of the server that `kubectl version` shows. They are the same wherever the control plane runs:
 * like its nodes, it presents itself to clients as Linux.
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
