import { StatusError } from '@orrery/api';
import { logOptions } from '../../rest/log-options.ts';
import type { KubeletBackend } from '../../subresources/proxy.ts';
import type { ApiResponse } from '../api-response.ts';
import type { Exchange } from '../exchange.ts';
import { jsonBytes } from '../json-bytes.ts';
import { logReply } from '../log-body.ts';
import { reply, replyText } from '../reply.ts';

/** Answers like a kubelet on its own port: `/healthz`, `/pods`, `/containerLogs/NAMESPACE/POD/CONTAINER`. */
export async function answerAsKubelet(
  exchange: Exchange,
  backend: KubeletBackend,
  target: string,
): Promise<ApiResponse> {
  const say = (status: number, text: string) => replyText(exchange, status, text);
  const path = target.split('?', 1)[0] ?? '';
  if (path === '/healthz') return say(200, 'ok');
  const [, area, namespace = '', name = '', container = '', ...more] = path.split('/').map(decodeURIComponent);
  if (area === 'pods' && namespace === '') {
    const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: backend.pods() };
    return reply(exchange, jsonBytes(list), { contentType: 'application/json' });
  }
  if (area !== 'containerLogs' || more.length > 0) return say(404, '404 page not found\n');
  if (namespace === '') return say(400, '{"message": "Missing podNamespace."}');
  if (name === '') return say(400, '{"message": "Missing podID."}');
  if (container === '') return say(400, '{"message": "Missing container name."}');
  const pod = backend.pods().find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  if (pod === undefined) return say(404, `pod "${name}" does not exist\n`);
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  if (![...containers, ...initContainers, ...ephemeralContainers].some((one) => one.name === container))
    return say(404, `container "${container}" not found in pod "${name}"\n`);
  try {
    const { uid } = pod.metadata;
    const log = await backend.node.logs({ namespace, pod: name, uid, container }, logOptions(exchange.query));
    return logReply(exchange, log);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return say(error.status.code ?? 500, `${error.message}\n`);
  }
}
