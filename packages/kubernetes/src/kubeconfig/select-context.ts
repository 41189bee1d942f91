import {
  type ExecConfig,
  type Kubeconfig,
  type KubeconfigCluster,
  KubeconfigError,
  type KubeconfigUser,
} from './kubeconfig.ts';

/** A resolved context of a kubeconfig: a server, a user, a namespace. */
export interface SelectedContext {
  readonly name: string;
  readonly cluster: KubeconfigCluster & { readonly server: string };
  readonly user: KubeconfigUser;
  /** `default` if the context names none. */
  readonly namespace: string;
}

/**
 * Looks up a context and checks that it can be used. Pure.
 * @param name the context; default: the kubeconfig's current one
 * @throws KubeconfigError that names the missing or contradictory part
 */
export function selectContext(config: Kubeconfig, name = config['current-context'] ?? ''): SelectedContext {
  const contexts = config.contexts ?? [];
  if (name === '') throw new KubeconfigError('the kubeconfig names no current context: choose one');
  const context = contexts.find((entry) => entry.name === name)?.context;
  if (context === undefined) throw new KubeconfigError(`the kubeconfig has no context ${name}; ${there(contexts)}`);
  const { cluster: clusterName = '', user: userName = '', namespace = '' } = context;
  const cluster = config.clusters?.find((entry) => entry.name === clusterName)?.cluster;
  if (cluster === undefined) throw new KubeconfigError(`context ${name}: there is no cluster ${clusterName}`);
  const user = config.users?.find((entry) => entry.name === userName)?.user;
  if (user === undefined && userName !== '') throw new KubeconfigError(`context ${name}: there is no user ${userName}`);
  return {
    name,
    cluster: checkCluster(cluster, clusterName),
    user: checkUser(user ?? {}, userName),
    namespace: namespace === '' ? 'default' : namespace,
  };
}

function there(contexts: readonly { readonly name: string }[]): string {
  return contexts.length === 0 ? 'it has none at all' : `it has ${contexts.map(({ name }) => name).join(', ')}`;
}

function checkCluster(cluster: KubeconfigCluster, name: string): SelectedContext['cluster'] {
  const fail = (why: string) => new KubeconfigError(`cluster ${name}: ${why}`);
  const { server = '' } = cluster;
  if (server === '') throw fail('it has no server');
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
    throw fail(`its server is neither an https:// nor an http:// URL: ${server}`);
  }
  const hasAuthority = isSet(cluster['certificate-authority']) || isSet(cluster['certificate-authority-data']);
  if (cluster['insecure-skip-tls-verify'] === true && hasAuthority) {
    throw fail('it has a certificate authority, and insecure-skip-tls-verify, which ignores it');
  }
  const proxy = cluster['proxy-url'] ?? '';
  if (proxy !== '' && (!URL.canParse(proxy) || !/^(https?|socks5):$/.test(new URL(proxy).protocol))) {
    throw fail(`its proxy-url is not http://, https:// or socks5://: ${proxy}`);
  }
  return { ...cluster, server };
}

function checkUser(user: KubeconfigUser, name: string): KubeconfigUser {
  const fail = (why: string) => new KubeconfigError(`user ${name}: ${why}`);
  const basic = isSet(user.username) || isSet(user.password);
  if (isSet(user.token) && basic) throw fail('it has a token and a password, and only one of them can be sent');
  const certificate = isSet(user['client-certificate']) || isSet(user['client-certificate-data']);
  const key = isSet(user['client-key']) || isSet(user['client-key-data']);
  if (certificate && !key) throw fail('it has a client certificate without its key');
  if (key && !certificate) throw fail('it has a client key without its certificate');
  if (user['auth-provider'] !== undefined && user['auth-provider'] !== null) {
    throw fail('auth-provider is not supported: use an exec plugin');
  }
  const impersonates = isSet(user['as-uid']) || (user['as-groups'] ?? []).length > 0 || isSet(user['as-user-extra']);
  if (impersonates && !isSet(user.as)) throw fail('it impersonates groups, a uid or extra without a user (as)');
  if (user.exec !== undefined && user.exec !== null) checkExec(user.exec, fail);
  return user;
}

function checkExec({ apiVersion, command, interactiveMode }: ExecConfig, fail: (why: string) => Error): void {
  if (!isSet(command)) throw fail('its exec plugin has no command');
  if (apiVersion !== execVersion && apiVersion !== execBetaVersion) {
    throw fail(`the apiVersion of its exec plugin is neither ${execVersion} nor ${execBetaVersion}: ${apiVersion}`);
  }
  const modes = ['Never', 'IfAvailable', 'Always'];
  if (interactiveMode === undefined ? apiVersion === execVersion : !modes.includes(interactiveMode)) {
    throw fail(`the interactiveMode of its exec plugin must be one of ${modes.join(', ')}`);
  }
}

const execVersion = 'client.authentication.k8s.io/v1';
const execBetaVersion = 'client.authentication.k8s.io/v1beta1';

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
